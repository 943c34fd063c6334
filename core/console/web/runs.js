// The history: charts of changes and durations by day, the runs, and what each of them did.
import { el, t, number, seconds, when, badge, section, table, alertBox, both, place, pairs, openDialog, OUTCOMES, ACTIONS } from "./dom.js";
import { get } from "./api.js";
import { bigList } from "./list.js";

const SPANS = [7, 30, 180];

export async function runs(at, me, use) {
  if (at.rest[0]) return one(at.rest[0], use);
  const days = SPANS.includes(Number(at.query.get("days"))) ? Number(at.query.get("days")) : 30, day = at.query.get("day");
  const data = await get("runs?days=" + days, use.signal);
  const dayOf = (r) => new Intl.DateTimeFormat("en-CA", { timeZone: me.zone || "UTC", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(r.started_at));
  const shown = day ? data.runs.filter((r) => dayOf(r) === day) : data.runs;
  return [
    el("p", { class: "chips spans" }, SPANS.map((n) => el("a", { class: "chip", href: "#/runs?days=" + n, "aria-current": n === days && !day ? "page" : undefined }, t("days_count", n)))),
    data.problems.map((p) => alertBox("warn", both(p))),
    chart("changes", data.days, days, [["created", "good"], ["updated", "calm"], ["deactivated", "warn"], ["deleted", "bad"]], (d) => d.created + d.updated + d.deactivated + d.deleted, number),
    chart("durations", data.days, days, [["longest_seconds", "calm"]], (d) => d.longest_seconds, seconds),
    section("runs", day ? t("runs_of", day) : t("page_runs"),
      shown.length ? table(["started", "outcome", "#duration", "#instances", "#created", "#updated", "#deactivated", "#deleted", "#on_hold", "#failed_changes", "#failing_scopes"], shown.map((r) => [
        el("a", { href: "#/runs/" + encodeURIComponent(r.id) }, when(r.started_at)), badge(OUTCOMES[r.outcome], both(r.outcome_text)), seconds(r.duration_seconds),
        ...["total", "created", "updated", "deactivated", "deleted", "held", "failed"].map((k) => number(r.counts[k])), number(r.incomplete)])) : el("p", {}, t("no_run")),
      data.more ? el("p", { class: "soft" }, t("older_runs")) : null),
  ];
}

const SVG = "http://www.w3.org/2000/svg";
function svg(tag, props, ...children) {
  const e = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(props)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

// chart draws a bar a day. Its parts stand above each other; a click shows the runs of the day, which the list has, too.
function chart(name, days, span, parts, whole, show) {
  const top = Math.max(...days.map(whole), 0), width = 900, height = 140, step = width / Math.max(1, days.length);
  if (!top) return null;
  const busiest = days.reduce((best, d) => (whole(d) > whole(best) ? d : best), days[0]);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": t("chart_" + name, number(days.length), busiest.date, show(whole(busiest))), preserveAspectRatio: "none" });
  days.forEach((d, n) => {
    if (!d.runs) return;
    const bar = svg("g", { class: "bar" }, svg("title", {}, d.date + " · " + show(whole(d)) + " · " + t("runs_count", number(d.runs))));
    bar.addEventListener("click", () => { location.hash = "/runs?days=" + span + "&day=" + d.date; });
    bar.append(svg("rect", { x: n * step, y: 0, width: step, height, class: "day" }));
    let y = height;
    for (const [key, tone] of parts) {
      const size = d[key] ? Math.max(1.5, (d[key] / top) * (height - 4)) : 0;
      y -= size;
      if (size) bar.append(svg("rect", { x: n * step + 0.5, y: Math.max(0, y), width: Math.max(1, step - 1), height: size, class: "fill-" + tone }));
    }
    picture.append(bar);
  });
  return section("chart-" + name, t("chart_title_" + name), picture,
    el("p", { class: "axis" }, el("span", {}, days[0].date), el("span", {}, t("highest", show(top), busiest.date)), el("span", {}, days[days.length - 1].date)),
    parts.length > 1 ? el("ul", { class: "legend" }, parts.map(([key, tone]) => el("li", {}, el("i", { class: "key-" + tone, "aria-hidden": "true" }), t(key)))) : null);
}

async function one(id, use) {
  const r = await get("runs/" + encodeURIComponent(id), use.signal), doc = r.document || {}, changes = doc.changes || [];
  const name = (action) => both(r.actions[action]) || action;
  const rows = changes.map((c) => ({ kind: c.action, title: c.name, under: c.instance_id, address: c.address, where: place(c), why: c.reason, find: c.asset_id, of: c }));
  const kinds = Object.keys(ACTIONS).filter((a) => changes.some((c) => c.action === a)).map((a) => [a, name(a), ACTIONS[a]]);
  const detail = (row) => openDialog(row.title || row.of.asset_id, el("p", {}, badge(ACTIONS[row.kind], name(row.kind)), " ", row.why), pairs([["address", row.address], ["where", row.where], ["instance", row.under], ["asset", row.of.asset_id]]));
  return [
    el("p", {}, el("a", { href: "#/runs" }, t("all_runs"))),
    section("run", t("run_of", when(r.started_at)),
      el("p", { class: "outcome " + (OUTCOMES[r.outcome] || "") }, both(r.outcome_text)),
      pairs([["run", r.id], ["duration", seconds(r.duration_seconds)], ["scopes", number(r.scopes)], ["failing_scopes", r.incomplete ? number(r.incomplete) : ""], ["instances", number(r.counts.total)],
        ...["created", "updated", "deactivated", "deleted", "held", "failed", "unknown", "skipped", "orphans", "drifted", "unchanged"].map((k) => ["count_" + k, r.counts[k] ? number(r.counts[k]) : ""])]),
      r.shortened.length ? el("p", { class: "soft" }, t("shortened", r.shortened.join(", "))) : null),
    (doc.errors || []).length ? section("errors", t("errors"), el("ul", { class: "plain" }, doc.errors.map((e) => el("li", {}, badge(e.warning ? "warn" : "bad", e.kind), " ", e.message)))) : null,
    rows.length ? section("changes", t("changes"), bigList({ label: t("changes"), rows, kinds, detail }).element) : section("changes", t("changes"), el("p", {}, t("nothing"))),
  ];
}
