// One instance or asset: what the cloud says, each rule, the asset field by field, what a run would do, who can reach it.
import { el, t, known, number, when, badge, section, table, alertBox, list, pairs, values, unreadScopes, english, ACTIONS } from "./dom.js";
import { get } from "./api.js";

export async function explain(at, me, use) {
  const asked = at.query.get("q") || "";
  const query = el("input", { type: "search", value: asked, autocomplete: "off", spellcheck: "false", maxlength: "200", required: true });
  const form = section("ask", t("explain_title"), el("form", { role: "search", onsubmit: (e) => { e.preventDefault(); use.go("explain?q=" + encodeURIComponent(query.value.trim())); } },
    el("label", { class: "search" }, t("explain_ask"), query), el("button", { type: "submit", class: "primary" }, t("explain_now"))), el("p", { class: "soft" }, t("explain_hint")));
  if (!asked) return form;
  const body = el("div", {}, el("p", { role: "status" }, t("explaining")));
  get("explain?q=" + encodeURIComponent(asked) + "&lang=" + (english() ? "en" : "zh"), use.signal).then((data) => {
    const none = section("none", t("not_found"), el("p", {}, t(data.unread.length ? "not_found_unread" : "not_found_explained")));
    const many = section("many", t("too_many", number(data.total)), el("ul", { class: "plain" }, data.among.map((name) => el("li", {}, el("a", { href: "#/explain?q=" + encodeURIComponent(name) }, name)))));
    body.replaceChildren(...unreadScopes(data.unread), ...(data.among.length ? [many] : data.matches.length ? data.matches.flatMap(one) : [none]));
  }).catch((error) => { if (!use.signal.aborted) body.replaceChildren(alertBox("bad", use.errorText(error))); });
  return [form, body];
}

function one(e, n) {
  const i = e.instance, title = (i && i.name) || (e.asset && e.asset.name) || e.instance_id || e.asset_id;
  return [
    section("verdict-" + n, title, e.verdicts.map((v) => [el("p", { class: "outcome " + (ACTIONS[v.action] || "") }, v.action ? [badge("", t("action_" + v.action)), " "] : null, v.reason), values((v.values || []).map((c) => [c.field, c.before, c.after]))]),
      pairs([["cloud", e.cloud], ["account", e.account], ["region", e.region], ["instance", e.instance_id], ["asset", e.asset_id]])),
    section("fields-" + n, t("fields"), table(["field", "now", "wanted", "decided_by", "written_when", "after"], e.fields.map((f) => [
      known("field_" + f.field) ? t("field_" + f.field) : f.field, f.not_read ? t("not_read") : f.now, f.differs ? el("span", { class: "next" }, f.wanted) : f.wanted,
      f.source ? t("source_" + f.source) + (f.rule ? " " + f.rule : "") : "–", f.policy ? t("policy_" + f.policy) : "–", f.changes ? [badge("calm", t("changes_now")), " ", f.after] : "–"]))),
    e.rules.length ? section("rules-" + n, t("rules"), el("ol", { class: "plain" }, e.rules.map((r) => el("li", {}, badge(r.matched ? "good" : r.unread ? "warn" : "", t(r.matched ? "rule_matched" : r.skipped ? "rule_skipped" : r.unread ? "rule_unread" : "rule_unmatched")), " ",
      el("strong", {}, r.rule ? r.rule + ". " + (r.name || "") : t("rule_tags")), " ", r.unmet ? t("unmet", r.unmet.key, r.unmet.have || t("none"), list(r.unmet.wanted || [])) : "", (r.set || []).length ? " · " + t("rule_set", list(r.set)) : "", (r.lost || []).length ? " · " + t("rule_lost", list(r.lost)) : "")))) : null,
    i ? section("instance-" + n, t("cloud_says"), pairs([["name", i.name], ["hostname", i.hostname], ["status", i.status], ["os", [i.os, i.os_name].filter(Boolean).join(" · ")], ["type", i.type], ["zone", i.zone], ["vpc", i.vpc], ["subnet", i.subnet], ["groups", i.groups], ["resource_group", i.resource_group], ["image", i.image], ["charge", i.charge],
      ["created_at", i.created_at ? when(i.created_at) : ""], ["expires_at", i.expires_at ? when(i.expires_at) : ""], ["private_ips", i.private_ips], ["public_ips", i.public_ips], ["ipv6s", i.ipv6s], ["tags", i.tags_unread ? t("not_read") : (i.tags || []).map((x) => x.key + "=" + x.value)]]))
      : e.not_listed ? section("instance-" + n, t("cloud_says"), el("p", {}, e.not_listed)) : null,
    e.asset ? section("asset-" + n, t("jumpserver_has"), pairs([["name", e.asset.name], ["active", t(e.asset.active ? "yes" : "no")], ["whose", t("whose_" + e.asset.whose)], ["labels", e.asset.own_labels]])) : null,
    e.access || e.access_error ? section("reach-" + n, t("who_can_reach"), e.access_error ? alertBox("warn", e.access_error) : null, e.access ? reach(e.access) : null) : null,
  ].filter(Boolean);
}

function reach(a) {
  if (a.lacks) return alertBox("warn", t("lacks", a.lacks));
  const names = (people) => list(people.slice(0, 12).map((p) => p.name)) + (people.length > 12 ? " …" : "");
  return [
    a.unknown_rules ? alertBox("warn", t("unknown_rules", number(a.unknown_rules))) : null,
    el("p", {}, a.users ? t("users", number(a.users)) : t("nobody_reaches")),
    a.ways.length ? table(["access_rule", "user_groups", "people"], a.ways.map((w) => [[w.rule, w.login_denied ? [" ", badge("warn", t("login_denied"))] : ""], names(w.groups || []), names(w.users || [])])) : null,
  ];
}
