// The estate: each account and region, what is paused, held, drifting, and what stays open.
import { el, t, number, when, ago, badge, section, table, alertBox, list, place, both, OUTCOMES } from "./dom.js";
import { get } from "./api.js";

export async function overview(at, me, use) {
  const data = await get("overview", use.signal);
  return [summary(data, me), warnings(data), scopes(data), open(data), lasting(data), expected(data)];
}

function summary(d, me) {
  const c = d.counts, failing = d.scopes.filter((s) => s.stale || (s.listed && !s.complete)).length;
  const tile = (key, value, tone, href) => {
    const inside = [el("strong", {}, number(value)), el("span", {}, t(key))], shade = value > 0 ? tone : "";
    return el("li", {}, href ? el("a", { class: shade, href }, inside) : el("div", { class: shade }, inside));
  };
  const [tone, text] = d.stalled ? ["bad", t("state_stalled")] : failing ? ["bad", t("state_failing", number(failing))] : d.pause && d.pause.active ? ["warn", t("state_paused")]
    : c.held_sets ? ["warn", t("state_held", number(c.held_assets))] : d.scopes.length ? ["good", t("state_good")] : ["", t("no_run")];
  const last = d.last_run;
  return section("summary", t("estate"),
    el("p", { class: "outcome " + tone }, text),
    el("ul", { class: "facts" }, el("li", {}, me.server + (me.organisation ? " · " + me.organisation : "")),
      last ? el("li", {}, el("a", { href: "#/runs/" + encodeURIComponent(last.id) }, t("last_run", when(last.started_at), ago(last.started_at))), " ", badge(OUTCOMES[last.outcome], both(last.outcome_text))) : null),
    el("ul", { class: "tiles" }, tile("instances", c.instances), tile("assets", c.assets), tile("failing_scopes", failing, "bad"), tile("on_hold", c.held_assets, "warn", "#/held"),
      tile("stays_open", c.open, "warn"), tile("drifted", c.drifted), tile("orphans", c.orphans, "warn"), tile("quarantined", d.quarantines.length, "bad")));
}

function warnings(d) {
  return [
    d.pause ? alertBox(d.pause.active ? "warn" : "", both(d.pause.text)) : null,
    d.problems.map((p) => alertBox("warn", both(p))),
    d.quarantines.map((q) => alertBox("bad", t("quarantine", q.account, when(q.until), q.message))),
    d.other_servers.length ? alertBox("warn", t("other_servers", list(d.other_servers))) : null,
  ];
}

function scopes(d) {
  if (!d.scopes.length) return section("scopes", t("scopes"), el("p", {}, t("no_run")));
  const state = (s) => (s.listed && !s.complete ? [badge("bad", t("failed")), " ", s.message || s.kind] : s.stale ? badge("bad", t("stale")) : s.listed || s.last_complete ? badge("good", t("complete")) : badge("", t("never")));
  return section("scopes", t("scopes"), table(["cloud", "account", "region", "state", "last_complete", "#instances", "#drifted", "#on_hold", "#stays_open"], d.scopes.map((s) => [
    s.cloud, s.account, s.region || t("all_regions"), state(s), s.last_complete ? [when(s.last_complete), el("div", { class: "two" }, ago(s.last_complete))] : "",
    s.listed ? number(s.instances) : "", number(s.drifted), number(s.held), number(s.open)])));
}

function open(d) {
  if (!d.open.length) return null;
  return section("open", t("stays_open"), d.open.map((g) => el("details", {},
    el("summary", {}, el("strong", {}, t("assets_count", number(g.assets.length))), " ", g.reason, " ", el("span", { class: "soft" }, when(g.at))),
    table(["name", "address", "where", "instance"], g.assets.slice(0, 200).map((a) => [a.name, a.address, place(a), a.instance])),
    g.assets.length > 200 ? el("p", { class: "soft" }, t("and_more", number(g.assets.length - 200))) : null)));
}

function lasting(d) {
  if (!d.lasting.length) return null;
  return section("lasting", t("lasting"), el("ul", { class: "plain" }, d.lasting.map((c) => el("li", {}, badge("warn", both(c.kind)), " ", c.text, el("div", { class: "soft" }, t("since", when(c.since)), c.notified_at ? "" : " · " + t("not_notified"))))));
}

function expected(d) {
  if (!d.expected.length) return null;
  return section("expected", t("expected"), table(["where", "until", "#left", "by", "reason"], d.expected.map((e) => [place(e), when(e.until), t("left_of", number(e.left), number(e.up_to)), e.by, e.reason])));
}
