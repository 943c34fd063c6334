// What every page is made of: elements, texts in two languages, numbers and times.
import { TEXTS } from "./texts.js";

export const root = document.documentElement;
export const $ = (id) => document.getElementById(id);

export function remembered(key, otherwise) {
  try { return localStorage.getItem(key) || otherwise; } catch { return otherwise; }
}
export function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* without storage the console works, it only forgets */ }
}

export const look = { lang: remembered("jms-sync-lang", navigator.language.startsWith("zh") ? "zh" : "en"), theme: remembered("jms-sync-theme", "auto"), zone: "" };
export const english = () => look.lang === "en";

// t returns a text in the language that is shown. A number in braces is an argument.
export function t(key, ...args) {
  const pair = TEXTS[key];
  return pair ? pair[english() ? 1 : 0].replace(/\{(\d)\}/g, (_, n) => args[n]) : key;
}
export const known = (key) => key in TEXTS;

// both returns the text in the language that is shown of what the server words in both.
export const both = (text) => (typeof text === "string" ? text : (text && (english() ? text.en : text.zh)) || "");

export const number = (n) => Number(n).toLocaleString(english() ? "en" : "zh-CN");
export const seconds = (n) => t("seconds", Number(n).toLocaleString(english() ? "en" : "zh-CN", { maximumFractionDigits: n < 10 ? 2 : 0 }));
export const list = (names) => names.join(english() ? ", " : "、");

export function when(text) {
  if (!text) return "–";
  const show = (zone) => new Date(text).toLocaleString(english() ? "en-GB" : "zh-CN", { dateStyle: "medium", timeStyle: "short", timeZone: zone });
  try { return show(look.zone || undefined); } catch { return show(undefined); }
}

// ago returns how long ago a time was, or how long it takes until then.
export function ago(text) {
  const away = Date.now() - new Date(text).getTime(), minutes = Math.round(Math.abs(away) / 60000);
  const [n, unit] = minutes < 120 ? [minutes, "minutes"] : minutes < 2880 ? [Math.round(minutes / 60), "hours"] : [Math.round(minutes / 1440), "days"];
  return t((away < 0 ? "in_" : "ago_") + unit, number(n));
}

// el makes an element. Texts are only ever set as text, so that no name of a host can add markup.
export function el(tag, props, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === false || value === null) continue;
    if (key === "class") e.className = value;
    else if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? "" : value);
  }
  e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== "" && c !== false).map((c) => (typeof c === "number" ? String(c) : c)));
  return e;
}

export const badge = (tone, text) => el("span", { class: "badge " + (tone || "") }, text);
export const button = (text, act, kind) => el("button", { type: "button", class: kind, onclick: act }, text);
export const alertBox = (tone, ...inside) => el("p", { class: "alert " + tone }, ...inside);

export function section(id, title, ...body) {
  return el("section", { id, "aria-labelledby": id + "-head" }, el("h2", { id: id + "-head" }, title), ...body);
}

// table returns a table. A column is a key of a text, with "#" before it for numbers; a cell is a text or an element.
export function table(columns, rows) {
  const numeric = columns.map((c) => c.startsWith("#"));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": list(columns.map((c) => t(c.replace("#", "")))) }, el("table", {},
    el("thead", {}, el("tr", {}, columns.map((c, n) => el("th", { scope: "col", class: numeric[n] ? "number" : "" }, t(c.replace("#", "")))))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, n) => el("td", { class: numeric[n] ? "number" : "" }, cell === "" || cell === undefined || cell === null ? "–" : cell)))))));
}

export const place = (o) => o.account + " / " + (o.region || t("all_regions"));

export function commandLine(text) {
  const code = el("code", {}, text);
  const copy = button(t("copy"), async () => {
    try { await navigator.clipboard.writeText(text); } catch { getSelection().selectAllChildren(code); return; }
    copy.textContent = t("copied");
    setTimeout(() => { copy.textContent = t("copy"); }, 1500);
  });
  return el("div", { class: "command" }, code, copy);
}

// openDialog shows a dialog with a heading. close in it closes it.
export function openDialog(title, ...body) {
  const box = $("dialog");
  box.replaceChildren(el("div", { class: "top" }, el("h2", { id: "dialog-head" }, title), button(t("close"), () => box.close())), ...body.filter(Boolean));
  box.showModal();
  return box;
}

// OUTCOMES and ACTIONS are the tones of how runs end and of what they do.
export const OUTCOMES = { ok: "good", held: "warn", partial: "bad", failed: "bad", stale: "warn" };
export const ACTIONS = { fail: "bad", unknown: "bad", hold: "warn", delete: "bad", deactivate: "warn", create: "good", update: "calm", orphan: "warn", drift: "", skip: "" };

// pairs is a list of keys of texts with values; what is empty is left out.
export function pairs(of) {
  return el("dl", {}, of.filter(([, v]) => v !== "" && v !== undefined && v !== null && !(Array.isArray(v) && !v.length)).map(([k, v]) => [el("dt", {}, t(k)), el("dd", {}, Array.isArray(v) ? list(v) : v)]));
}

// values is a table of fields, what they were and what they become.
export function values(of) {
  if (!of || !of.length) return null;
  const field = (name) => (known("field_" + name) ? t("field_" + name) : name);
  return table(["field", "before", "after"], of.map(([name, before, after]) => [field(name), before ? el("span", { class: "before" }, before) : t("none"), after ? el("span", { class: "next" }, after) : t("none")]));
}

// lines of scopes that could not be read, and of errors, as alerts.
export const unreadScopes = (scopes) => scopes.filter((s) => !s.complete).map((s) => alertBox("bad", place(s) + ": " + list([both(s.kind), both(s.message)].filter(Boolean))));
export const errorLines = (errors) => errors.map((e) => alertBox(e.warning ? "warn" : "bad", el("strong", {}, both(e.kind) + " "), e.instance ? e.instance + " " : "", both(e.message)));
