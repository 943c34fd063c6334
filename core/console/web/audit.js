// Who did what by the console, when and from where.
import { el, t, known, when, badge, section, table, alertBox, both } from "./dom.js";
import { get } from "./api.js";

const TONES = { done: "good", intent: "warn", failed: "bad", refused: "bad" };

export async function audit(at, me, use) {
  const data = await get("audit?days=30", use.signal);
  const name = (key) => (known("audit_" + key) ? t("audit_" + key) : key);
  return [data.problems.map((p) => alertBox("warn", both(p))), section("audit", t("page_audit"), el("p", { class: "soft" }, t("audit_explained")),
    data.entries.length ? table(["at", "by", "action", "about", "reason", "outcome", "from"], data.entries.map((e) => [when(e.at), [e.name || e.who, el("div", { class: "two" }, e.role ? t("role_" + e.role) : "")], name(e.action), e.target, e.detail,
      [badge(TONES[e.outcome], name(e.outcome)), e.error ? " " + e.error : ""], [e.from, el("div", { class: "two" }, e.agent)]])) : el("p", {}, t("no_audit")),
    data.more ? el("p", { class: "soft" }, t("older_audit")) : null)];
}
