// How people come in: a provider's login, the one-time token that serve printed, or a link of a card for one set.
import { el, t, number, when, button, section, alertBox } from "./dom.js";
import { post } from "./api.js";
import { setList } from "./held.js";

const BACK = "jms-sync-back";

// returnTo shows what a person wanted to see before the provider's login took the browser away.
export function returnTo() {
  try {
    const back = sessionStorage.getItem(BACK);
    sessionStorage.removeItem(BACK);
    if (back && !location.hash) history.replaceState(null, "", back);
  } catch { /* the overview is shown */ }
}

export function login(me, at, { failed, done }) {
  const enter = async (value) => {
    try {
      await post("/login/token", { token: value });
      await done();
    } catch (error) { failed(error); }
  };
  const refused = at.page === "login" && at.rest[0] === "failed" ? at.query.get("code") : "";
  if (at.page === "login") history.replaceState(null, "", location.pathname); // no token stays in the address or the history
  if (at.page === "login" && at.rest[0] && !refused) enter(at.rest[0]); // the link that serve prints
  const begin = async () => {
    try {
      sessionStorage.setItem(BACK, refused ? "#" : location.hash);
    } catch { /* the overview is shown afterwards */ }
    try {
      location.assign((await post("/login/start")).redirect);
    } catch (error) { failed(error); }
  };
  const field = el("input", { type: "password", autocomplete: "off", required: true });
  const way = (me && me.login) || "token";
  return section("login", t("login"),
    refused ? alertBox("bad", t("login_refused_" + (["state", "role"].includes(refused) ? refused : "provider"))) : null,
    way === "token"
      ? el("form", { onsubmit: (e) => { e.preventDefault(); enter(field.value.trim()); } }, el("label", { class: "search" }, t("token_here"), field), el("button", { type: "submit", class: "primary" }, t("login")))
      : el("p", {}, button(t("login_" + way), begin, "primary")),
    el("p", { class: "soft" }, t(way === "token" ? "token_explained" : "login_explained")));
}

// approveByLink is the page of a signed link: it shows the set, asks once more, and approves. Opening it does nothing.
export async function approveByLink(link, use) {
  let set;
  try {
    set = await post("link", { link });
  } catch (error) { return alertBox("bad", use.errorText(error)); }
  const result = el("div", { role: "status" });
  const confirm = button(t("approve_count", number(set.removals.length)), async () => {
    confirm.disabled = true;
    try {
      const answer = await post("link/approve", { link, assets: set.removals.length });
      result.replaceChildren(alertBox("good", t("approved_now", number(answer.assets), when(answer.approved_until))));
      confirm.remove();
    } catch (error) {
      confirm.disabled = false;
      result.replaceChildren(alertBox("bad", use.errorText(error)));
    }
  }, "danger");
  return section("approve", t("approve_title"), el("p", {}, t(set.moves ? "approve_moves_explained" : "approve_explained")), setList(set), el("p", { class: "buttons" }, confirm), result);
}
