// Pause and resume, and the configuration as it is used: without secrets, with what its check says.
import { el, t, number, badge, button, section, alertBox, both } from "./dom.js";
import { get } from "./api.js";

export async function settings(at, me, use) {
  const [{ pause }, config] = await Promise.all([get("pause", use.signal), get("config", use.signal)]);
  return [pauseSection(pause, me, use), configSection(config)];
}

function pauseSection(p, me, use) {
  const may = me.role === "approver" && me.store, paused = p && p.active;
  const kind = el("select", {}, el("option", { value: "removals" }, t("pause_removals")), el("option", { value: "all" }, t("pause_all")));
  const hours = el("select", {}, [1, 4, 12, 24, 72, 168].map((h) => el("option", { value: h }, t("for_hours", number(h)))));
  const reason = el("input", { type: "text", maxlength: "200", required: true, autocomplete: "off" });
  const form = el("form", { onsubmit: (e) => {
    e.preventDefault();
    const until = new Date(Date.now() + Number(hours.value) * 3600000).toISOString();
    use.act("pause", { removals: kind.value === "removals", until, reason: reason.value.trim() }, t("done"));
  } }, el("label", {}, t("pause_what"), kind), el("label", {}, t("pause_long"), hours), el("label", { class: "search" }, t("reason"), reason), el("button", { type: "submit", class: "primary" }, t("pause_now")));
  const order = paused ? el("p", { class: "buttons" }, button(t("resume_now"), () => use.act("resume", {}, t("done")), "primary")) : form;
  return section("pause", t("pause"), p ? alertBox(paused ? "warn" : "", both(p.text)) : el("p", {}, t("not_paused")),
    may ? order : el("p", { class: "soft" }, t(me.store ? "viewers_cannot" : "no_store")));
}

function configSection(c) {
  const finding = (tone, key) => (f) => el("li", {}, badge(tone, t(key)), " ", el("code", {}, f.path + (f.line ? ":" + f.line : "")), " ", both(f.text));
  const set = c.settings.filter((s) => !s.default), rest = c.settings.filter((s) => s.default);
  const rows = (settings) => el("dl", { class: "settings" }, settings.map((s) => [el("dt", {}, el("code", {}, s.path)), el("dd", {}, s.secret ? badge("", s.value ? t("secret_set") : t("secret_unset")) : el("span", {}, s.value === "" ? t("none") : s.value), el("div", { class: "two" }, both(s.doc)))]));
  return section("config", t("configuration"), el("p", { class: "soft" }, t("config_explained")),
    c.valid && !c.warnings.length ? el("p", {}, badge("good", t("no_mistakes"))) : el("ul", { class: "plain" }, c.mistakes.map(finding("bad", "mistake")), c.warnings.map(finding("warn", "warning"))),
    rows(set), rest.length ? el("details", {}, el("summary", {}, t("defaults", number(rest.length))), rows(rest)) : null);
}
