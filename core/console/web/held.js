// What is on hold until a person decides: each set, what is in it and why; approve or reject, by its hash.
import { el, t, number, when, ago, badge, button, section, table, alertBox, both, list, openDialog, commandLine, place, pairs, ACTIONS } from "./dom.js";
import { get } from "./api.js";
import { bigList } from "./list.js";

export async function held(at, me, use) {
  if (at.rest[0]) {
    const set = await get("held/" + encodeURIComponent(at.rest[0]), use.signal);
    return [el("p", {}, el("a", { href: "#/held" }, t("all_sets"))), detail(set, me, use)];
  }
  const data = await get("held", use.signal);
  const problems = data.problems.map((p) => alertBox("warn", both(p)));
  if (!data.sets.length) return [problems, problems.length ? null : section("none", t("on_hold"), el("p", {}, t("nothing_held")))];
  return [problems, ...data.sets.map((s) => section("set-" + s.hash.slice(0, 12), t(s.moves ? "set_moves" : "set_removals", number(s.assets)),
    state(s),
    el("ul", { class: "plain" }, s.groups.map((g) => el("li", {}, el("strong", {}, place(g) + " · " + number(g.assets)), " ", g.reason, el("div", { class: "soft" }, list(g.names) + (g.assets > g.names.length ? " …" : ""))))),
    el("p", { class: "buttons" }, el("a", { class: "primary", href: "#/held/" + s.hash }, t("look_and_decide")))))];
}

function state(s) {
  return el("ul", { class: "facts" },
    el("li", {}, s.approved_until ? badge("good", t("approved_until", when(s.approved_until))) : s.expired ? badge("bad", t("set_expired")) : badge("warn", t("not_approved"))),
    el("li", {}, t("held_since", when(s.first_held), ago(s.first_held))), el("li", {}, t("held_last", when(s.last_held))), el("li", {}, s.hash.slice(0, 12)));
}

// setList shows each asset of a set.
export function setList(set) {
  const texts = new Map(set.removals.map((r) => [r.action, both(r.action_text)]));
  const rows = set.removals.map((r) => ({ kind: r.action, title: r.name, under: r.instance, address: r.address, where: place(r), why: r.reason, find: r.asset + " " + r.node, of: r }));
  const detail = (row) => openDialog(row.title, el("p", {}, row.why), pairs([["address", row.address], ["node", row.of.node], ["instance", row.under], ["asset", row.of.asset], ["cloud", row.of.cloud], ["where", row.where]]));
  return bigList({ label: t("on_hold"), rows, kinds: [...texts].map(([a, text]) => [a, text, ACTIONS[a]]), detail }).element;
}

function detail(set, me, use) {
  const may = me.role === "approver";
  const reason = el("input", { type: "text", maxlength: "200", autocomplete: "off", id: "reason" });
  const ask = () => {
    const yes = button(t("approve_count", number(set.removals.length)), async () => {
      yes.disabled = true;
      box.close();
      await use.act("held/" + encodeURIComponent(set.hash) + "/approve", { assets: set.removals.length, reason: reason.value.trim() }, (r) => t("approved_now", number(r.assets), when(r.approved_until)));
    }, "danger");
    const box = openDialog(t("approve_title"), el("p", {}, t(set.moves ? "approve_moves_explained" : "approve_explained")), summary(set), el("p", { class: "buttons" }, yes));
  };
  const reject = async () => {
    if (!reason.value.trim()) {
      reason.setAttribute("aria-invalid", "true");
      reason.focus();
      use.notice("warn", t("reason_needed"));
      return;
    }
    const done = await use.act("held/" + encodeURIComponent(set.hash) + "/reject", { assets: set.removals.length, reason: reason.value.trim() }, t("rejected_now"));
    if (done) use.go("held");
  };
  return [
    section("set", t(set.moves ? "set_moves" : "set_removals", number(set.removals.length)), state(set), setList(set),
      el("h3", {}, t("decide")),
      may && !set.expired ? [el("label", { class: "field" }, t("reason_for_log"), reason),
        el("p", { class: "buttons" }, set.approved_until ? null : button(t("approve"), ask, "danger"), button(t(set.approved_until ? "take_back" : "reject"), reject))]
        : el("p", { class: "soft" }, t(set.expired ? "set_expired_explained" : "viewers_cannot")),
      el("details", {}, el("summary", {}, t("by_command")), commandLine("jms-sync held " + set.hash.slice(0, 12)), commandLine("jms-sync approve " + set.hash.slice(0, 12)), commandLine("jms-sync reject " + set.hash.slice(0, 12)))),
  ];
}

// summary says once more what would be approved: how many in each place.
function summary(set) {
  const by = new Map();
  for (const r of set.removals) {
    const key = place(r) + " · " + both(r.action_text);
    by.set(key, (by.get(key) || 0) + 1);
  }
  return table(["where", "#assets"], [...by].map(([where, n]) => [where, number(n)]));
}
