// A dry run now: its progress, what it would change and why, who gains and loses access; and to apply just what is ticked.
import { el, t, number, seconds, when, badge, button, section, table, alertBox, list, openDialog, both, place, pairs, values, unreadScopes, errorLines, OUTCOMES, ACTIONS } from "./dom.js";
import { get, stream } from "./api.js";
import { bigList } from "./list.js";

// The last plan is kept while the console is open, so that looking at another page does not lose it.
const kept = { plan: null };

// collect returns a plan, and what adds the events of a run to it.
function collect(show) {
  const p = { texts: [], places: [], rows: [], result: null };
  const take = (event, data) => {
    if (event === "stage") show.stage(both(data.text));
    else if (event === "progress") show.progress(data.done, data.total);
    else if (event === "rows") {
      p.texts.push(...data.texts);
      p.places.push(...data.places);
      for (const r of data.rows) p.rows.push(r);
    } else if (event === "result") p.result = data;
    else if (event === "error") throw new Error(both(data) + (data.detail ? " (" + data.detail + ")" : ""));
  };
  return [p, take];
}

export async function plan(at, me, use) {
  const scopes = (await get("overview", use.signal)).scopes;
  const accounts = [...new Set(scopes.map((s) => s.account))];
  const account = el("select", {}, el("option", { value: "" }, t("all_accounts")), accounts.map((a) => el("option", { value: a }, a))), region = el("select", {});
  const regions = () => region.replaceChildren(el("option", { value: "" }, t("all_regions")), ...scopes.filter((s) => s.account === account.value && s.region).map((s) => el("option", { value: s.region }, s.region)));
  account.addEventListener("change", regions);
  regions();
  const only = el("input", { type: "search", autocomplete: "off", spellcheck: "false", maxlength: "200" }), access = el("input", { type: "checkbox" });
  const progress = el("div", { class: "progress" }), status = el("p", { role: "status", "aria-live": "polite" }), result = el("div", {});
  const begin = el("button", { type: "submit", class: "primary" }, t("plan_now"));
  const show = { stage: (text) => { status.textContent = text; }, progress: (done, total) => progress.replaceChildren(el("progress", { max: total || 1, value: done, "aria-label": t("progress") }), " " + number(done) + " / " + number(total)) };
  const run = async (e) => {
    e.preventDefault();
    begin.disabled = true;
    kept.plan = null;
    result.replaceChildren();
    const [p, take] = collect(show);
    try {
      await stream("plan", { accounts: account.value ? [account.value] : [], regions: region.value ? [region.value] : [], only: only.value.split(/[\s,]+/).filter(Boolean), access: access.checked }, take, use.signal);
      status.textContent = "";
      if (!p.result) throw new Error(t("plan_broken"));
      kept.plan = p;
      result.replaceChildren(...view(p, me, use));
    } catch (error) {
      if (use.signal.aborted) return;
      status.textContent = "";
      result.replaceChildren(alertBox("bad", use.errorText(error)));
    } finally {
      progress.replaceChildren();
      begin.disabled = false;
    }
  };
  if (kept.plan) result.replaceChildren(...view(kept.plan, me, use));
  return [section("begin", t("plan_title"), el("p", { class: "soft" }, t("plan_explained")),
    el("form", { onsubmit: run }, el("label", {}, t("account"), account), el("label", {}, t("region"), region), el("label", { class: "search" }, t("only"), only), el("label", { class: "check" }, access, t("ask_access")), begin), status, progress), result];
}

function view(p, me, use) {
  const r = p.result, names = (a) => both(r.actions[a]) || a;
  const rows = p.rows.map((row) => {
    const where = p.places[row.place];
    return { kind: row.action, title: row.name, under: row.instance, address: row.address, where: place(where), why: both(p.texts[row.why]), find: [row.asset, row.platform, where.cloud, ...(row.values || []).flat()].join(" "), of: row, cloud: where.cloud };
  });
  const may = me.role === "approver" && r.id, ticks = new Set(), status = el("span", { role: "status" });
  const applyButton = button("", () => confirmApply(p, rows, ticks, use), "danger");
  const tell = () => {
    const held = [...ticks].filter((n) => rows[n].of.held).length, removals = [...ticks].filter((n) => ["delete", "deactivate"].includes(rows[n].kind)).length;
    applyButton.textContent = t("apply_count", number(ticks.size));
    applyButton.disabled = !ticks.size;
    status.textContent = list([removals ? t("among_removals", number(removals)) : "", held ? t("among_held", number(held)) : ""].filter(Boolean));
  };
  const detail = (row) => openDialog(row.title || row.of.asset, el("p", {}, badge(ACTIONS[row.kind], names(row.kind)), " ", row.why),
    pairs([["address", row.address], ["platform", row.of.platform], ["cloud", row.cloud], ["where", row.where], ["instance", row.under], ["asset", row.of.asset]]), values(row.of.values));
  const kinds = [...new Set([...Object.keys(ACTIONS), ...rows.map((x) => x.kind)])].filter((a) => rows.some((x) => x.kind === a)).map((a) => [a, names(a), ACTIONS[a]]);
  const all = bigList({ label: t("changes"), rows, kinds, ticks: may ? ticks : null, canTick: (row) => row.of.apply !== null, onTick: tell, detail });
  tell();
  const counts = Object.entries(r.run.counts).filter(([, n]) => n).map(([k, n]) => el("li", {}, t("count_" + k) + " " + number(n)));
  return [
    section("outcome", t("plan_result"), el("p", { class: "outcome " + (OUTCOMES[r.run.outcome] || "") }, both(r.run.outcome_text)),
      el("ul", { class: "facts" }, el("li", {}, t("took", seconds(r.run.duration_seconds))), counts), r.pause ? alertBox("warn", both(r.pause)) : null, errorLines(r.errors), unreadScopes(r.scopes)),
    section("changes", t("changes"), all.element,
      may ? [el("p", { class: "buttons sticky" }, applyButton, status), el("p", { class: "soft" }, t("plan_until", when(r.until)))] : el("p", { class: "soft" }, me.role === "approver" ? (r.not_kept ? both(r.not_kept) : t("nothing_to_apply")) : t("viewers_cannot"))),
    accessSection(r.access),
  ].filter(Boolean);
}

// rangesOf returns numbers as ranges from the first to the last, as an order has a bounded size.
function rangesOf(numbers) {
  const ranges = [];
  for (const n of numbers.sort((x, y) => x - y)) {
    if (ranges.length && ranges[ranges.length - 1][1] === n - 1) ranges[ranges.length - 1][1] = n;
    else ranges.push([n, n]);
  }
  return ranges;
}

// confirmApply asks once more, says what is ticked, and applies it.
function confirmApply(p, rows, ticks, use) {
  const picked = [...ticks].map((n) => rows[n]), by = new Map(), held = picked.filter((row) => row.of.held).length;
  for (const row of picked) by.set(row.kind, (by.get(row.kind) || 0) + 1);
  const said = el("div", { role: "status" });
  const typed = el("input", { type: "text", inputmode: "numeric", autocomplete: "off" });
  const yes = button(t("apply_count", number(ticks.size)), async () => {
    if (held && typed.value.trim() !== String(held)) {
      said.replaceChildren(alertBox("warn", t("held_number_wrong")));
      typed.focus();
      return;
    }
    yes.disabled = true;
    const [done, take] = collect({ stage: (text) => said.replaceChildren(alertBox("", text)), progress: () => {} });
    try {
      await stream("plan/" + encodeURIComponent(p.result.id) + "/apply", { ranges: rangesOf(picked.map((row) => row.of.apply)), held }, take);
      if (!done.result) throw new Error(t("apply_broken"));
      kept.plan = null;
      box.close();
      await use.reload();
      applied(done);
    } catch (error) {
      said.replaceChildren(alertBox("bad", use.errorText(error)));
    }
  }, "danger");
  const box = openDialog(t("apply_title"), el("p", {}, t("apply_explained")), table(["action", "#number"], [...by].map(([a, n]) => [both(p.result.actions[a]) || a, number(n)])),
    held ? el("label", { class: "field" }, t("held_number", number(held)), typed) : null, el("p", { class: "buttons" }, yes), said);
}

// applied says what was done, and what was not.
function applied(p) {
  const r = p.result, rows = p.rows.map((row) => ({ kind: row.action, title: row.name, under: row.instance, address: row.address, where: place(p.places[row.place]), why: both(p.texts[row.why]), find: row.asset, of: row }));
  const kinds = [...new Set(rows.map((x) => x.kind))].map((a) => [a, both(r.actions[a]) || a, ACTIONS[a]]);
  const c = r.run.counts, made = c.created + c.updated + c.deactivated + c.deleted;
  openDialog(t("applied"), el("p", { class: "outcome " + (made === r.asked ? "good" : "warn") }, t("made_of", number(made), number(r.asked))),
    el("ul", { class: "facts" }, ["created", "updated", "deactivated", "deleted", "failed", "unknown"].filter((k) => c[k]).map((k) => el("li", {}, t("count_" + k) + " " + number(c[k])))),
    ...errorLines(r.errors), ...unreadScopes(r.scopes), rows.length ? bigList({ label: t("changes"), rows, kinds, detail: () => {} }).element : null);
}

function holders(all, users, hosts) {
  if (!all || !all.length) return "–";
  const groups = all.filter((h) => !h.by_group).slice(0, 8), shown = groups.length ? groups : all.slice(0, 8);
  return list(shown.map((h) => (h.kind === "group" ? t("group", h.name) : h.name) + (h.hosts === hosts ? "" : " (" + number(h.hosts) + ")"))) + (shown.length < all.length ? " …" : "") + " · " + t("users", number(users));
}

export function accessSection(d) {
  if (!d) return null;
  const notes = [d.lacks ? t("lacks", d.lacks) : "", d.failure || "", d.unknown_hosts ? t("unknown_hosts", number(d.unknown_hosts)) : ""].filter(Boolean);
  if (!notes.length && !(d.nodes || []).length) return null;
  return section("access", t("access"), notes.map((n) => alertBox("warn", n)),
    (d.nodes || []).length ? table(["node", "#enter", "#leave", "gain", "lose"], d.nodes.map((n) => [
      [n.path, n.new ? [" ", badge("good", t("new_node"))] : "", n.nobody ? el("div", {}, badge("warn", t("nobody", number(n.nobody)))) : ""],
      n.enter ? "+" + number(n.enter) : "–", n.leave ? "−" + number(n.leave) : "–", holders(n.gain, n.gain_users, n.enter), holders(n.lose, n.lose_users, n.leave)])) : null,
    d.held ? [el("h3", {}, t("access_held")), accessSection(d.held)] : null);
}
