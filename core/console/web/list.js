// A list that shows only the rows in sight, however many there are: search, kinds, order, ticks, keyboard.
import { el, t, number, badge, root } from "./dom.js";

const rowHeight = () => parseFloat(getComputedStyle(root).getPropertyValue("--row"));

// bigList returns an element with search, filter and list.
//   rows      objects with {kind, title, under, address, where, why, find}
//   kinds     [[kind, name, tone]…] in their order
//   ticks     a Set of the indices that are ticked, or nothing where rows cannot be ticked; canTick says which can
//   detail    is called with a row that somebody opens
export function bigList({ label, rows, kinds, ticks, canTick, onTick, detail }) {
  const names = new Map(kinds.map(([kind, name, tone]) => [kind, { name, tone }]));
  const counts = new Map();
  for (const r of rows) counts.set(r.kind, (counts.get(r.kind) || 0) + 1);
  const chosen = new Set(), collator = new Intl.Collator(["zh-CN", "en"], { numeric: true });
  let shown = [], active = 0, frame = 0;

  const query = el("input", { type: "search", autocomplete: "off", spellcheck: "false", enterkeyhint: "search" });
  const order = el("select", {}, [["importance", "by_importance"], ["title", "by_name"], ["address", "by_address"], ["where", "by_place"]].map(([v, k]) => el("option", { value: v }, t(k))));
  const chips = el("div", { class: "chips", role: "group", "aria-label": t("kinds") });
  const found = el("p", { class: "found", role: "status", "aria-live": "polite" });
  const inner = el("div", { class: "rows", role: "rowgroup" });
  const box = el("div", { class: "scroller", role: "grid", tabindex: "0", "aria-label": label, "aria-multiselectable": ticks ? "true" : undefined }, inner);
  const id = "row-" + Math.random().toString(36).slice(2, 8) + "-";

  function filter() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = [];
    for (let n = 0; n < rows.length; n++) {
      if (chosen.size && !chosen.has(rows[n].kind)) continue;
      if (words.length) {
        rows[n].hay = rows[n].hay || [rows[n].title, rows[n].under, rows[n].address, rows[n].where, rows[n].why, rows[n].find || ""].join("\n").toLowerCase();
        if (!words.every((w) => rows[n].hay.includes(w))) continue;
      }
      shown.push(n);
    }
    const by = order.value;
    if (by !== "importance") shown.sort((x, y) => collator.compare(rows[x][by] || "", rows[y][by] || "") || x - y);
    active = 0;
    box.scrollTop = 0;
    found.textContent = !rows.length ? t("nothing") : shown.length ? t("found", number(shown.length), number(rows.length)) : t("nothing_found");
    box.hidden = !shown.length;
    for (const b of chips.children) b.setAttribute("aria-pressed", String(b.dataset.kind ? chosen.has(b.dataset.kind) : !chosen.size));
    draw();
  }
  function draw() {
    frame = 0;
    const height = rowHeight();
    inner.style.height = shown.length * height + "px";
    box.style.height = Math.min(shown.length * height + 2, innerHeight * 0.66) + "px";
    box.setAttribute("aria-rowcount", String(shown.length));
    const first = Math.max(0, Math.floor(box.scrollTop / height) - 6), last = Math.min(shown.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + 6);
    const drawn = [];
    for (let at = first; at < last; at++) drawn.push(row(at, height));
    inner.replaceChildren(...drawn);
    if (shown.length) box.setAttribute("aria-activedescendant", id + active);
    else box.removeAttribute("aria-activedescendant");
  }
  function row(at, height) {
    const n = shown[at], r = rows[n], kind = names.get(r.kind) || { name: r.kind };
    const cell = (name, ...inside) => el("div", { role: "gridcell", class: name }, ...inside);
    const can = ticks && canTick(r);
    const e = el("div", { role: "row", id: id + at, "aria-rowindex": at + 1, "aria-selected": ticks ? String(ticks.has(n)) : undefined, class: "row" + (at === active ? " active" : "") + (ticks ? " ticking" : ""), onclick: () => { move(at); detail(r); } },
      ticks ? el("div", { role: "gridcell", class: "tick", onclick: (event) => { event.stopPropagation(); move(at); toggle(at); } }, el("span", { class: "box" + (ticks.has(n) ? " on" : "") + (can ? "" : " off"), "aria-hidden": "true" }, ticks.has(n) ? "✓" : "")) : null,
      cell("what", badge(kind.tone, kind.name)),
      cell("who", el("div", { class: "one" }, r.title || "–"), el("div", { class: "two" }, r.under)),
      cell("address", el("div", { class: "one" }, r.address || "–")),
      cell("where", el("div", { class: "one" }, r.where)),
      cell("reason", el("div", { class: "why" }, r.why)));
    e.style.top = at * height + "px";
    return e;
  }
  function toggle(at) {
    const n = shown[at];
    if (!ticks || !canTick(rows[n])) return;
    if (!ticks.delete(n)) ticks.add(n);
    draw();
    onTick();
  }
  function move(to) {
    if (!shown.length) return;
    active = Math.max(0, Math.min(shown.length - 1, to));
    const height = rowHeight(), top = active * height;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
    draw();
  }
  const chip = (kind, text, n) => el("button", { type: "button", "data-kind": kind, "aria-pressed": "false", onclick: () => {
    if (!kind) chosen.clear();
    else if (!chosen.delete(kind)) chosen.add(kind);
    filter();
  } }, text + " " + number(n));
  if (counts.size > 1) chips.append(chip("", t("all"), rows.length), ...kinds.filter(([kind]) => counts.get(kind)).map(([kind, name]) => chip(kind, name, counts.get(kind))));
  box.addEventListener("scroll", () => { frame = frame || requestAnimationFrame(draw); });
  box.addEventListener("keydown", (e) => {
    const page = Math.max(1, Math.floor(box.clientHeight / rowHeight()) - 1);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      move(to);
    } else if (e.key === " " && ticks) {
      e.preventDefault();
      toggle(active);
    } else if ((e.key === "Enter" || e.key === " ") && shown.length) {
      e.preventDefault();
      detail(rows[shown[active]]);
    }
  });
  query.addEventListener("input", filter);
  order.addEventListener("change", filter);
  const all = ticks ? el("div", { class: "chips" },
    el("button", { type: "button", class: "tick-shown", onclick: () => { for (const n of shown) if (canTick(rows[n])) ticks.add(n); draw(); onTick(); } }, t("tick_shown")),
    el("button", { type: "button", onclick: () => { ticks.clear(); draw(); onTick(); } }, t("tick_none"))) : null;
  const whole = el("div", { class: "big" },
    el("form", { role: "search", onsubmit: (e) => e.preventDefault() }, el("label", { class: "search" }, t("search"), query), el("label", {}, t("sort"), order)),
    chips, all, found, box, el("p", { class: "hint" }, t(ticks ? "keys_tick" : "keys")));
  // The list measures itself, and so draws once it stands in the page.
  const observer = new ResizeObserver(() => { if (whole.isConnected) draw(); });
  observer.observe(whole);
  filter();
  return { element: whole, redraw: draw };
}
