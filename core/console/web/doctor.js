// The checks of doctor: keys, rights, clock, names, TLS, organisation, and how each finding is mended.
import { el, t, number, badge, button, section, alertBox, both } from "./dom.js";
import { post } from "./api.js";

const TONES = { ok: "good", warning: "warn", failure: "bad" };

export async function doctor(at, me, use) {
  const result = el("div", { role: "status" });
  const begin = button(t("examine"), async () => {
    begin.disabled = true;
    result.replaceChildren(el("p", {}, t("examining")));
    try {
      const d = await post("doctor");
      result.replaceChildren(
        alertBox(d.failures ? "bad" : d.warnings ? "warn" : "good", t("doctor_sum", number(d.ok), number(d.warnings), number(d.failures))),
        ...d.sections.map((s, n) => section("check-" + n, both(s.title), el("ul", { class: "plain" }, s.findings.map((f) => el("li", {}, badge(TONES[f.verdict], t("verdict_" + f.verdict)), " ", el("strong", {}, both(f.subject)), " ", both(f.found), both(f.fix) ? el("div", { class: "soft" }, t("fix", both(f.fix))) : null))))));
    } catch (error) {
      result.replaceChildren(alertBox("bad", use.errorText(error)));
    }
    begin.disabled = false;
  }, "primary");
  return [section("begin", t("page_doctor"), el("p", { class: "soft" }, t("doctor_explained")), el("p", { class: "buttons" }, begin)), result];
}
