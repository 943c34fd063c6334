// The console: one page whose address behind # says what is shown. Nothing acts by being opened.
import { $, el, t, look, remember, root, english, both, alertBox, button } from "./dom.js";
import { get, post, setToken, Refused } from "./api.js";
import { overview } from "./overview.js";
import { runs } from "./runs.js";
import { plan } from "./plan.js";
import { held } from "./held.js";
import { explain } from "./explain.js";
import { doctor } from "./doctor.js";
import { settings } from "./settings.js";
import { audit } from "./audit.js";
import { login, approveByLink, returnTo } from "./login.js";

const PAGES = { overview, runs, plan, held, explain, doctor, settings, audit };
let me = null, leave = null;
// What stands behind # at /approve is the link of a card: it opens the page of one set. It does not stay in the address.
let link = location.pathname.endsWith("/approve") ? location.hash.slice(1) : "";
if (location.pathname.endsWith("/approve")) history.replaceState(null, "", location.pathname.replace(/approve$/, ""));

// route returns what the address names: #held/0123abcd, #explain?q=web-1.
function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...rest] = path.split("/");
  return { page: page || "overview", rest: rest.map(decodeURIComponent), query: new URLSearchParams(query) };
}

export function errorText(error) {
  if (error instanceof Refused) {
    if (error.texts) return both(error.texts) + (error.detail ? " (" + error.detail + ")" : "");
    return t("refused", error.status);
  }
  return error instanceof TypeError ? t("out_of_reach") : String(error.message || error);
}

function applyLook() {
  const dark = look.theme === "dark" || (look.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  root.style.colorScheme = dark ? "dark" : "light";
  root.lang = english() ? "en" : "zh-CN";
  $("theme").textContent = t("theme_" + look.theme);
  $("language").textContent = english() ? "中文" : "English";
  $("language").lang = english() ? "zh-CN" : "en";
  $("skip").textContent = t("skip");
  $("logout").textContent = t("logout");
  $("footer").textContent = me ? t("footer", me.version) : "";
}

function drawFrame(page) {
  applyLook();
  $("environment").textContent = me && me.environment ? me.environment : "";
  $("user").textContent = me && me.signed_in ? (me.name || me.id) + " · " + t("role_" + me.role) : "";
  $("logout").hidden = !(me && me.signed_in);
  $("pages").setAttribute("aria-label", t("pages"));
  $("pages").hidden = !(me && me.signed_in);
  $("pages").replaceChildren(...Object.keys(PAGES).map((name) => el("a", { href: "#/" + name, "aria-current": name === page ? "page" : undefined }, t("page_" + name))));
  const current = $("pages").querySelector("[aria-current]");
  if (current) $("pages").scrollLeft = current.offsetLeft - $("pages").offsetLeft - 40; // on a phone not all fit
}

// show draws the page that the address names. What belongs to the page before is told to stop.
async function show(focus) {
  const at = route();
  if (leave) leave.abort();
  leave = new AbortController();
  const mine = leave;
  const main = $("main");
  if ($("dialog").open) $("dialog").close();
  $("notice").hidden = true;
  if (link) {
    drawFrame("held");
    document.title = t("page_held") + " · jms-sync";
    main.replaceChildren(await approveByLink(link, context(mine)));
    return;
  }
  if (!me || !me.signed_in) {
    drawFrame("");
    document.title = t("login") + " · jms-sync";
    main.replaceChildren(login(me, at, { failed: (error) => notice("bad", errorText(error)), done: start }));
    return;
  }
  const page = at.page in PAGES ? at.page : "overview";
  drawFrame(page);
  document.title = t("page_" + page) + " · jms-sync";
  main.setAttribute("aria-busy", "true");
  main.replaceChildren(el("p", { class: "soft", role: "status" }, t("loading")));
  try {
    const body = await PAGES[page](at, me, context(mine));
    if (mine.signal.aborted) return;
    main.replaceChildren(el("h1", { id: "head" }, t("page_" + page)), ...[body].flat(Infinity).filter(Boolean));
  } catch (error) {
    if (mine.signal.aborted) return;
    if (error instanceof Refused && error.status === 401) {
      me = await get("me");
      await show();
      return;
    }
    main.replaceChildren(el("h1", { id: "head" }, t("page_" + page)), alertBox("bad", errorText(error)), button(t("again"), () => show()));
  } finally {
    if (!mine.signal.aborted) main.removeAttribute("aria-busy");
  }
  if (focus) main.focus({ preventScroll: true });
}

function notice(tone, text) {
  const box = $("notice");
  box.className = "alert " + tone;
  box.textContent = text;
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

// context is what a page may use of this one.
function context(mine) {
  return {
    signal: mine.signal,
    notice,
    errorText,
    reload: () => show(),
    go: (hash) => { location.hash = "/" + hash; },
    done: start,
    // act posts what a person ordered, says what came of it, and draws the page anew.
    act: async (path, body, said) => {
      try {
        const answer = await post(path, body);
        await show();
        notice("good", typeof said === "function" ? said(answer) : said);
        return answer;
      } catch (error) {
        notice("bad", errorText(error));
        return null;
      }
    },
  };
}

async function start() {
  try {
    me = await get("me");
    setToken(me.csrf);
    look.zone = me.zone || "UTC";
    if (me.signed_in) returnTo();
  } catch (error) {
    me = null;
    applyLook();
    $("main").replaceChildren(alertBox("bad", errorText(error)), button(t("again"), start));
    return;
  }
  await show();
}

$("language").addEventListener("click", () => {
  look.lang = english() ? "zh" : "en";
  remember("jms-sync-lang", look.lang);
  show();
});
$("theme").addEventListener("click", () => {
  look.theme = { auto: "light", light: "dark", dark: "auto" }[look.theme] || "auto";
  remember("jms-sync-theme", look.theme);
  applyLook();
});
$("logout").addEventListener("click", async () => {
  try { await post("/logout"); } catch { /* the cookie may be gone already */ }
  location.hash = "";
  await start();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyLook);
$("skip").addEventListener("click", (e) => {
  e.preventDefault(); // what stands behind # says which page is shown
  $("main").focus();
});
addEventListener("hashchange", () => {
  link = "";
  show(true);
});
$("dialog").addEventListener("click", (e) => { if (e.target === $("dialog")) $("dialog").close(); });
await start();
