"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // Each text in Chinese and English. A number in braces is an argument.
  const TEXTS = {
    title: ["运行报告", "Run report"],
    dryTitle: ["计划", "Plan"],
    planned: ["计划好了，什么都没有写入", "Planned; nothing was written"],
    dry: ["演练：没有写入任何东西", "Dry run: nothing was written"],
    skip: ["跳到变更", "Skip to the changes"],
    contents: ["目录", "Contents"],
    changes: ["变更", "Changes"],
    search: ["搜索：名称、IP、实例、资产、原因、值", "Search: name, address, instance, asset, reason, value"],
    place: ["账号与区域", "Account and region"],
    allPlaces: ["全部", "All"],
    allRegions: ["全部区域", "all regions"],
    sort: ["排序", "Order"],
    byImportance: ["先看要处理的", "What needs people first"],
    byName: ["名称", "Name"],
    byAddress: ["IP", "Address"],
    actions: ["只看这些操作", "Only these actions"],
    all: ["全部", "All"],
    found: ["显示 {0} 项，共 {1} 项", "{0} of {1} shown"],
    nothingFound: ["没有符合的；清空搜索或选“全部”", "Nothing matches; clear the search, or choose All"],
    nothing: ["没有变更。", "No changes."],
    keys: ["方向键移动，回车看详情，Esc 关闭", "Arrow keys move, Enter shows the details, Esc closes them"],
    leftOut: ["变更太多，这里只有最要紧的 {0} 项，另有 {1} 项没有放进来；全部见 jms-sync -o report.html 写出的报告", "There are too many changes: these are the {0} most important ones, {1} more are left out; a report written by jms-sync -o report.html has all"],
    copy: ["复制", "Copy"],
    copied: ["已复制", "Copied"],
    close: ["关闭", "Close"],
    why: ["原因", "Why"],
    name: ["名称", "Name"],
    address: ["IP", "Address"],
    instance: ["实例", "Instance"],
    asset: ["资产", "Asset"],
    platform: ["平台", "Platform"],
    field: ["字段", "Field"],
    before: ["改前", "Before"],
    after: ["改后", "After"],
    none: ["（无）", "(none)"],
    onlyFields: ["字段：{0}", "Fields: {0}"],
    fields: ["改 {0} 项", "{0} fields"],
    field1: ["改 1 项", "1 field"],
    errors: ["出错与提醒", "Errors and warnings"],
    moreScopes: ["另有 {0} 个区域失败", "{0} scopes more failed"],
    held: ["暂缓，等人确认", "On hold until a person decides"],
    heldShow: ["看这 {0} 项", "Show the {0}"],
    open: ["仍开放的资产", "What stays open"],
    openCount: ["{0} 个资产", "{0} assets"],
    openCount1: ["1 个资产", "1 asset"],
    drift: ["与云不同，由人决定", "Drift: differs from the cloud, people decide"],
    orphans: ["无人管理", "Orphans"],
    showAll: ["在变更里看全部 {0} 项", "See all {0} among the changes"],
    access: ["谁获得、谁失去访问", "Who gains and who loses access"],
    accessHeld: ["批准暂缓的之后", "Once what is held is approved"],
    node: ["节点", "Node"],
    newNode: ["新", "new"],
    enter: ["增加主机", "More hosts"],
    leave: ["减少主机", "Fewer hosts"],
    gain: ["获得", "Gain"],
    lose: ["失去", "Lose"],
    group: ["组 {0}", "group {0}"],
    hosts: ["{0}（{1} 台）", "{0} ({1} hosts)"],
    users: ["共 {0} 人", "{0} users in all"],
    nobody: ["{0} 台还没有人能访问", "{0} that nobody can reach yet"],
    lacks: ["JumpServer 密钥的用户没有权限 {0}，不知道谁获得、谁失去访问", "The user of JumpServer's key lacks {0}: who gains and who loses access is not known"],
    unknownHosts: ["另有 {0} 台没有查", "{0} hosts more were not looked at"],
    moreNodes: ["另有 {0} 个节点", "{0} nodes more"],
    nodes: ["新资产的节点", "Nodes for new assets"],
    scopes: ["区域", "Scopes"],
    scopesCount: ["{0} 个完整，{1} 个失败", "{0} complete, {1} failed"],
    cloud: ["云", "Cloud"],
    account: ["账号", "Account"],
    region: ["区域", "Region"],
    complete: ["完整", "complete"],
    state: ["状态", "State"],
    instances: ["实例", "Instances"],
    completeScopes: ["完整的 {0} 个区域", "The {0} complete scopes"],
    lasting: ["持续的事", "What lasts"],
    expected: ["已预告的移除", "Announced removals"],
    undo: ["停错了？重新启用", "Closed by mistake? Switch them on again"],
    timeline: ["时间线", "Time line"],
    peers: ["对各方的请求", "Calls to each peer"],
    peer: ["对方", "Peer"],
    calls: ["请求", "Calls"],
    throttled: ["被限流", "Throttled"],
    lost: ["没有应答或 5xx", "No answer or 5xx"],
    time: ["用时（相加）", "Time (added up)"],
    started: ["开始于 {0}", "Began {0}"],
    took: ["用时 {0}", "Took {0}"],
    run: ["运行 {0}", "Run {0}"],
    seconds: ["{0} 秒", "{0} s"],
    since: ["从 {0} 起", "Since {0}"],
    total: ["云上实例", "Instances"],
    created: ["新增", "Created"],
    updated: ["更新", "Updated"],
    deactivated: ["停用", "Deactivated"],
    deleted: ["删除", "Deleted"],
    unchanged: ["没有变化", "Unchanged"],
    heldTile: ["暂缓", "On hold"],
    failures: ["失败", "Failed"],
    unknown: ["结果未知", "Unknown"],
    skipped: ["跳过", "Skipped"],
    drifted: ["与云不同", "Drift"],
    theme_auto: ["外观：自动", "Look: auto"],
    theme_light: ["外观：浅色", "Look: light"],
    theme_dark: ["外观：深色", "Look: dark"],
    footer: ["由 jms-sync 写出，不联网也能打开；里面有主机名与地址，请按内部资料保管。", "Written by jms-sync; it works offline. It holds host names and addresses: keep it as internal."],
    stage_jumpserver: ["读 JumpServer", "Read JumpServer"],
    stage_clouds: ["列出各云", "List the clouds"],
    stage_plan: ["计划", "Plan"],
    stage_apply: ["写入", "Apply"],
    stage_access: ["查授权", "Look at access rules"],
    field_name: ["名称", "name"],
    field_address: ["IP", "address"],
    field_platform: ["平台", "platform"],
    field_node: ["节点", "node"],
    field_zone: ["网域", "zone"],
    field_port: ["端口", "port"],
    field_accounts: ["账号模板", "account templates"],
    field_labels: ["标签", "labels"],
    field_is_active: ["启用", "active"],
    field_comment: ["备注", "comment"],
  };
  const ACTION = 0, TEXT = 1, PLACE = 2, INSTANCE = 3, ASSET = 4, NAME = 5, ADDRESS = 6, PLATFORM = 7, VALUES = 8;
  const TONES = { fail: "bad", unknown: "bad", hold: "warn", delete: "bad", deactivate: "warn", create: "good", update: "", orphan: "warn", drift: "", skip: "" };
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);
  let lang = stored("jms-sync-lang", data.lang) === "en" ? "en" : "zh";
  let theme = stored("jms-sync-theme", "auto");
  let face, texts;

  function stored(key, otherwise) {
    try { return localStorage.getItem(key) || otherwise; } catch { return otherwise; }
  }
  function store(key, value) {
    try { localStorage.setItem(key, value); } catch { /* a page without storage works, it only forgets */ }
  }
  function t(key, ...args) {
    const pair = TEXTS[key];
    if (!pair) return key;
    return pair[lang === "en" ? 1 : 0].replace(/\{(\d)\}/g, (_, n) => args[n]);
  }
  const number = (n) => n.toLocaleString(lang === "en" ? "en" : "zh-CN");
  const seconds = (n) => t("seconds", n.toLocaleString(lang === "en" ? "en" : "zh-CN", { maximumFractionDigits: n < 1 ? 3 : n < 10 ? 2 : 1 }));

  // el makes an element. Texts are only ever set as text, so that no name can add markup.
  function el(tag, props, ...children) {
    const e = document.createElement(tag);
    for (const [key, value] of Object.entries(props || {})) {
      if (value === undefined || value === false) continue;
      if (key === "class") e.className = value;
      else if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
      else e.setAttribute(key, value === true ? "" : value);
    }
    e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== ""));
    return e;
  }
  function when(text) {
    const options = { dateStyle: "medium", timeStyle: "medium" };
    const at = new Date(text), locale = lang === "en" ? "en-GB" : "zh-CN";
    try {
      return at.toLocaleString(locale, { ...options, timeZone: data.zone || "UTC" }) + (data.zone ? " " + data.zone : " UTC");
    } catch {
      return at.toLocaleString(locale, { ...options, timeZone: "UTC" }) + " UTC";
    }
  }
  // tableOf makes a table. A column whose name ends in # has numbers; on a phone, a table that is a stack shows each row as lines.
  function tableOf(columns, rows, kind = "stack") {
    const heads = columns.map((c) => ({ text: t(c.replace("#", "")), class: c.endsWith("#") ? "number" : undefined }));
    return el("div", { class: "wide" }, el("table", { class: kind, role: "table" },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads.map((h) => el("th", { scope: "col", role: "columnheader", class: h.class }, h.text)))),
      el("tbody", { role: "rowgroup" }, rows.map((cells) => el("tr", { role: "row" }, cells.map((c, n) => el("td", { role: "cell", class: heads[n].class, "data-head": heads[n].text }, el("div", {}, c))))))));
  }
  // reach lets the keyboard scroll tables that are wider than the window.
  function reach() {
    for (const e of document.querySelectorAll(".wide")) {
      if (e.scrollWidth > e.clientWidth) e.tabIndex = 0;
      else e.removeAttribute("tabindex");
    }
  }
  function section(id, title, ...body) {
    return el("section", { id, "aria-labelledby": id + "-head" }, el("h2", { id: id + "-head" }, title), ...body);
  }
  function command(text) {
    const button = el("button", { type: "button", onclick: async () => {
      try { await navigator.clipboard.writeText(text); } catch { getSelection().selectAllChildren(code); return; }
      button.textContent = t("copied");
      setTimeout(() => { button.textContent = t("copy"); }, 1500);
    } }, t("copy"));
    const code = el("code", {}, text);
    return el("div", { class: "command" }, code, button);
  }
  const badge = (action) => el("span", { class: "badge " + (TONES[action] || "") }, face.actions[action] || action);
  const placeText = (p) => p[1] + " / " + (p[2] || t("allRegions"));

  const outcome = () => (data.run.dry_run && data.run.outcome === "ok" ? t("planned") : face.outcome);
  function summary() {
    const r = data.run, tone = { ok: "good", held: "warn", partial: "bad", failed: "bad", stale: "warn" }[r.outcome] || "";
    const tile = (key, value, action, tone) => {
      const inside = [el("strong", {}, number(value)), el("span", {}, t(key))];
      const can = action && value > 0 && counts.get(action);
      return el("li", {}, can ? el("button", { type: "button", class: tone, onclick: () => only(action) }, ...inside) : el("div", { class: value > 0 ? tone : "" }, ...inside));
    };
    const some = (key, value, action, tone) => (value > 0 ? tile(key, value, action, tone) : null);
    const c = data.counts;
    return [
      el("p", { class: "outcome " + tone, id: "outcome" }, outcome()),
      face.pause ? el("p", { class: "alert warn" }, face.pause) : null,
      el("ul", { class: "facts" },
        r.dry_run && r.outcome !== "ok" ? el("li", {}, t("dry")) : null,
        el("li", {}, t("started", when(r.started_at))),
        el("li", {}, t("took", seconds(r.duration_seconds))),
        el("li", {}, t("run", r.id))),
      el("ul", { class: "tiles" },
        tile("total", c.total), some("failures", c.failed, "fail", "bad"), some("unknown", c.unknown, "unknown", "bad"), some("heldTile", c.held, "hold", "warn"),
        tile("created", c.created, "create"), tile("updated", c.updated, "update"), tile("deactivated", c.deactivated, "deactivate"), tile("deleted", c.deleted, "delete"),
        some("orphans", c.orphans, "orphan"), some("drifted", c.drifted, "drift"), some("skipped", c.skipped, "skip"), tile("unchanged", c.unchanged)),
    ];
  }
  function errorSection() {
    const scopes = face.scopes.filter((s) => !s.complete);
    if (!face.errors.length && !scopes.length) return null;
    return section("errors", t("errors"), el("ul", { class: "plain" }, scopes.slice(0, 5).map((s) =>
      el("li", {}, el("span", { class: "badge bad" }, s.kind), " ", el("strong", {}, placeText([s.cloud, s.account, s.region]) + " "), s.message)),
    scopes.length > 5 ? el("li", {}, el("a", { href: "#scopes" }, t("moreScopes", number(scopes.length - 5)))) : null,
    face.errors.map((e) =>
      el("li", {}, el("span", { class: "badge " + (e.warning ? "warn" : "bad") }, e.kind), " ", e.instance ? el("strong", {}, e.instance + " ") : null, e.message))));
  }
  function heldSection() {
    const number = counts.get("hold") || 0;
    if (!number && !face.held.length) return null;
    const see = number ? el("p", {}, el("button", { type: "button", onclick: () => only("hold") }, t("heldShow", number.toLocaleString()))) : null;
    return section("held", t("held"), el("ul", { class: "plain" }, face.held.map((h) =>
      el("li", {}, h.text, h.command ? command(h.command) : null, h.show ? command(h.show) : null))), see);
  }
  function openSection() {
    if (!face.open.length) return null;
    return section("open", t("open"), el("ul", { class: "plain" }, face.open.map((g) =>
      el("li", {}, badge(g.action), " ", el("strong", {}, g.assets === 1 ? t("openCount1") : t("openCount", number(g.assets))), " ", g.reason, el("div", { class: "soft" }, g.names.join(lang === "en" ? ", " : "、") + (g.assets > g.names.length ? " …" : ""))))));
  }
  function fewSection(id, title, action) {
    const all = data.rows.filter((r) => r[ACTION] === action);
    if (!all.length) return null;
    const more = all.length > 5 ? el("p", {}, el("button", { type: "button", onclick: () => only(action) }, t("showAll", number(all.length)))) : null;
    return section(id, title, el("ul", { class: "plain" }, all.slice(0, 5).map((r) =>
      el("li", {}, el("strong", {}, r[NAME] || r[ADDRESS] || r[ASSET]), " ", el("span", { class: "soft" }, placeText(data.places[r[PLACE]])), el("div", {}, texts[r[TEXT]], valueTable(r[VALUES]))))), more);
  }
  function holderText(h, hosts) {
    const name = h.kind === "group" ? t("group", h.name) : h.name;
    return h.hosts === hosts ? name : t("hosts", name, number(h.hosts));
  }
  function holders(all, users, hosts) {
    if (!all.length) return "–";
    const shown = all.filter((h) => !h.by_group).slice(0, 8), list = shown.length ? shown : all.slice(0, 8);
    return list.map((h) => holderText(h, hosts)).join(lang === "en" ? ", " : "、") + (list.length < all.length ? " …" : "") + (lang === "en" ? "; " : "；") + t("users", number(users));
  }
  function accessTable(d) {
    const notes = [d.lacks ? t("lacks", d.lacks) : "", d.failure || "", d.unknown_hosts ? t("unknownHosts", number(d.unknown_hosts)) : "", d.more_nodes ? t("moreNodes", number(d.more_nodes)) : ""].filter(Boolean);
    const table = d.nodes && d.nodes.length ? tableOf(["node", "enter#", "leave#", "gain", "lose"], d.nodes.map((n) => [
      [n.path, n.new ? [" ", el("span", { class: "badge good" }, t("newNode"))] : null, n.nobody ? el("div", {}, el("span", { class: "badge warn" }, t("nobody", number(n.nobody)))) : null],
      n.enter ? "+" + number(n.enter) : "–", n.leave ? "−" + number(n.leave) : "–", holders(n.gain || [], n.gain_users, n.enter), holders(n.lose || [], n.lose_users, n.leave)])) : null;
    return [notes.map((n) => el("p", { class: "alert warn" }, n)), table];
  }
  function accessSection() {
    const d = data.access;
    if (!d) return null;
    return section("access", t("access"), accessTable(d), d.held ? [el("h3", {}, t("accessHeld")), accessTable(d.held)] : null);
  }
  function scopeTable(rows, failed) {
    return tableOf(["cloud", "account", "region", ...(failed ? ["why"] : ["state", "instances#"])], rows.map((s) => [s.cloud, s.account, s.region || t("allRegions"),
      ...(failed ? [[el("span", { class: "badge bad" }, s.kind), " ", s.message]] : [el("span", { class: "badge good" }, t("complete")), number(s.instances)])]), "scopes" + (failed ? " stack" : ""));
  }
  function scopeSection() {
    if (!face.scopes.length) return null;
    const failed = face.scopes.filter((s) => !s.complete), complete = face.scopes.filter((s) => s.complete);
    const whole = complete.length ? el("details", { open: complete.length <= 12 }, el("summary", {}, t("completeScopes", number(complete.length))), scopeTable(complete, false)) : null;
    return section("scopes", t("scopes"), el("p", {}, t("scopesCount", number(complete.length), number(failed.length))), failed.length ? scopeTable(failed, true) : null, whole);
  }
  function listSection(id, lines) {
    return lines.length ? section(id, t(id), el("ul", { class: "plain" }, lines.map((line) => el("li", {}, line)))) : null;
  }
  function lastingSection() {
    return face.lasting.length ? section("lasting", t("lasting"), el("ul", { class: "plain" }, face.lasting.map((l) => el("li", {}, l.text, el("div", { class: "soft" }, t("since", when(l.since))))))) : null;
  }
  function undoSection() {
    return data.undo.length ? section("undo", t("undo"), data.undo.map(command)) : null;
  }
  function timelineSection() {
    const all = data.stages, whole = Math.max(data.run.duration_seconds, ...all.map((s) => s.start_seconds + s.seconds), 0.001);
    if (!all.length) return null;
    return section("timeline", t("timeline"), el("ol", { class: "bars" }, all.map((s) => {
      const bar = el("i", {});
      bar.style.left = Math.min(99.5, (100 * s.start_seconds) / whole) + "%";
      bar.style.width = Math.max(0.5, (100 * s.seconds) / whole) + "%";
      return el("li", {}, el("span", {}, TEXTS["stage_" + s.name] ? t("stage_" + s.name) : s.name), el("div", { class: "track", "aria-hidden": "true" }, bar), el("span", {}, seconds(s.seconds)));
    })));
  }
  function peerSection() {
    if (!data.peers.length) return null;
    return section("peers", t("peers"), tableOf(["peer", "calls#", "throttled#", "lost#", "time#"], data.peers.map((p) => [p.host, number(p.calls),
      p.throttled ? el("span", { class: "badge warn" }, number(p.throttled)) : "0", p.failed ? el("span", { class: "badge bad" }, number(p.failed)) : "0", seconds(p.seconds)])));
  }
  const fieldName = (f) => (TEXTS["field_" + f] ? t("field_" + f) : f);
  function valueTable(values) {
    if (!values || !values.length) return null;
    if (values.every((v) => v.length === 1)) return el("p", { class: "soft" }, t("onlyFields", values.map((v) => fieldName(v[0])).join(lang === "en" ? ", " : "、")));
    return tableOf(["field", "before", "after"], values.map(([field, before, after]) => [fieldName(field),
      before ? el("span", { class: "before" }, before) : before === undefined ? "–" : t("none"), after ? el("span", { class: "next" }, after) : after === undefined ? "–" : t("none")]), "values");
  }

  // The list shows only the rows that are in sight, however many there are.
  const counts = new Map(), haystacks = new Array(data.rows.length);
  for (const r of data.rows) counts.set(r[ACTION], (counts.get(r[ACTION]) || 0) + 1);
  const chosen = new Set();
  let shown = [], active = 0, frame = 0;
  const collator = new Intl.Collator(["zh-CN", "en"], { numeric: true });

  function haystack(n) {
    if (haystacks[n] === undefined) {
      const r = data.rows[n], p = data.places[r[PLACE]];
      haystacks[n] = [r[NAME], r[ADDRESS], r[INSTANCE], r[ASSET], r[PLATFORM], ...p, ...data.texts[r[TEXT]], ...(r[VALUES] || []).flat()].join("\n").toLowerCase();
    }
    return haystacks[n];
  }
  function apply() {
    const words = $("query").value.toLowerCase().split(/\s+/).filter(Boolean), place = $("place").value, order = $("sort").value;
    const [cloud, account, region] = place ? JSON.parse(place) : [];
    shown = [];
    for (let n = 0; n < data.rows.length; n++) {
      const r = data.rows[n], p = data.places[r[PLACE]];
      if (chosen.size && !chosen.has(r[ACTION])) continue;
      if (place && (p[0] !== cloud || p[1] !== account || (region !== null && p[2] !== region))) continue;
      if (words.length && !words.every((w) => haystack(n).includes(w))) continue;
      shown.push(n);
    }
    const field = { name: NAME, address: ADDRESS }[order];
    if (field) shown.sort((x, y) => collator.compare(data.rows[x][field], data.rows[y][field]) || x - y);
    active = 0;
    $("scroller").scrollTop = 0;
    $("found").textContent = !data.rows.length ? t("nothing") : shown.length ? t("found", number(shown.length), number(data.rows.length)) : t("nothingFound");
    $("scroller").hidden = $("keys").hidden = !shown.length;
    for (const b of $("actions").children) b.setAttribute("aria-pressed", String(b.dataset.action ? chosen.has(b.dataset.action) : !chosen.size));
    draw();
  }
  const rowHeight = () => parseFloat(getComputedStyle(root).getPropertyValue("--row"));
  function draw() {
    frame = 0;
    const height = rowHeight(), box = $("scroller"), list = $("rows");
    list.style.height = shown.length * height + "px";
    box.style.height = Math.min(shown.length * height + 2, innerHeight * 0.72) + "px";
    box.setAttribute("aria-rowcount", String(shown.length));
    const first = Math.max(0, Math.floor(box.scrollTop / height) - 6), last = Math.min(shown.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + 6);
    const rows = [];
    for (let at = first; at < last; at++) rows.push(row(at, height));
    list.replaceChildren(...rows);
    if (shown.length) box.setAttribute("aria-activedescendant", "row-" + active);
    else box.removeAttribute("aria-activedescendant");
  }
  function row(at, height) {
    const r = data.rows[shown[at]], p = data.places[r[PLACE]], changed = (r[VALUES] || []).length;
    const cell = (name, ...children) => el("div", { role: "gridcell", class: name }, ...children);
    const e = el("div", { role: "row", id: "row-" + at, "aria-rowindex": at + 1, class: "row" + (at === active ? " active" : ""), onclick: () => { move(at); detail(at); } },
      cell("what", badge(r[ACTION])),
      cell("who", el("div", { class: "one" }, r[NAME] || "–"), el("div", { class: "two" }, r[INSTANCE])),
      cell("address", el("div", { class: "one" }, r[ADDRESS] || "–"), el("div", { class: "two" }, r[PLATFORM])),
      cell("where", el("div", { class: "one" }, p[1]), el("div", { class: "two" }, p[2] || t("allRegions"))),
      cell("reason", el("div", { class: "why" }, texts[r[TEXT]], changed && r[ACTION] !== "create" ? el("span", { class: "soft" }, " · " + (changed === 1 ? t("field1") : t("fields", changed))) : null)));
    e.style.top = at * height + "px";
    return e;
  }
  function move(to) {
    if (!shown.length) return;
    active = Math.max(0, Math.min(shown.length - 1, to));
    const box = $("scroller"), height = rowHeight(), top = active * height;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
    draw();
  }
  function detail(at) {
    const r = data.rows[shown[at]], p = data.places[r[PLACE]], box = $("detail");
    const line = (key, value) => (value ? [el("dt", {}, t(key)), el("dd", {}, value)] : null);
    box.replaceChildren(
      el("div", { class: "top" }, el("h3", { id: "detail-head" }, badge(r[ACTION]), " ", r[NAME] || r[ADDRESS] || r[ASSET]), el("button", { type: "button", onclick: () => box.close() }, t("close"))),
      el("p", {}, texts[r[TEXT]]),
      el("dl", {}, line("address", r[ADDRESS]), line("platform", r[PLATFORM]), line("cloud", p[0]), line("account", p[1]), line("region", p[2] || t("allRegions")), line("instance", r[INSTANCE]), line("asset", r[ASSET])),
      valueTable(r[VALUES]) || "");
    box.showModal();
  }
  function only(action) {
    chosen.clear();
    chosen.add(action);
    $("query").value = "";
    $("place").value = "";
    apply();
    $("changes").scrollIntoView();
    $("scroller").focus({ preventScroll: true });
  }
  function controls() {
    const place = $("place").value, order = $("sort").value || "importance", accounts = new Map();
    for (const p of data.places) {
      const key = JSON.stringify([p[0], p[1], null]);
      if (!accounts.has(key)) accounts.set(key, []);
      accounts.get(key).push(p);
    }
    const options = [el("option", { value: "" }, t("allPlaces"))];
    for (const [key, places] of accounts) {
      options.push(el("option", { value: key }, places[0][1] + " / *"));
      for (const p of places) options.push(el("option", { value: JSON.stringify(p) }, placeText(p)));
    }
    $("place").replaceChildren(...options);
    $("place").value = place;
    $("sort").replaceChildren(...[["importance", "byImportance"], ["name", "byName"], ["address", "byAddress"]].map(([value, key]) => el("option", { value }, t(key))));
    $("sort").value = order;
    const chip = (action, text, n) => el("button", { type: "button", "data-action": action, "aria-pressed": "false", onclick: () => {
      if (!action) chosen.clear();
      else if (!chosen.delete(action)) chosen.add(action);
      apply();
    } }, text + " " + number(n));
    const kinds = Object.keys(TONES).filter((a) => counts.get(a)).concat([...counts.keys()].filter((a) => !(a in TONES)));
    $("actions").replaceChildren(...(kinds.length > 1 ? [chip("", t("all"), data.rows.length), ...kinds.map((a) => chip(a, face.actions[a] || a, counts.get(a)))] : []));
    $("filter").hidden = !data.rows.length;
  }
  function look() {
    const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = dark ? "dark" : "light";
    root.style.colorScheme = dark ? "dark" : "light";
    $("theme").textContent = t("theme_" + theme);
  }
  function render() {
    face = data.faces[lang] || data.faces[data.lang];
    texts = data.texts.map((pair) => pair[lang === "en" ? 1 : 0] || pair[0]);
    root.lang = lang === "en" ? "en" : "zh-CN";
    const title = data.run.dry_run ? t("dryTitle") : t("title");
    document.title = title + " · " + outcome() + " · " + data.run.id;
    for (const e of document.querySelectorAll("[data-t]")) e.textContent = e.dataset.t === "title" ? title : t(e.dataset.t);
    for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", t(e.dataset.label));
    $("environment").textContent = data.environment;
    $("language").textContent = lang === "en" ? "中文" : "English";
    $("language").lang = lang === "en" ? "zh-CN" : "en";
    $("summary").replaceChildren(...summary().filter(Boolean));
    $("left-out").hidden = !data.left_out;
    $("left-out").textContent = t("leftOut", number(data.rows.length), number(data.left_out));
    const put = (id, parts) => $(id).replaceChildren(...parts.filter(Boolean));
    put("before", [errorSection(), heldSection(), openSection()]);
    put("after", [accessSection(), fewSection("drift", t("drift"), "drift"), fewSection("orphans", t("orphans"), "orphan"), scopeSection(), lastingSection(),
      listSection("expected", face.expected), listSection("nodes", face.nodes), undoSection(), timelineSection(), peerSection()]);
    const heads = [...document.querySelectorAll("main section[id] > h2")];
    put("contents", heads.map((h) => el("a", { href: "#" + h.parentElement.id }, h.textContent)));
    controls();
    look();
    apply();
    reach();
  }

  $("language").addEventListener("click", () => {
    lang = lang === "en" ? "zh" : "en";
    store("jms-sync-lang", lang);
    render();
  });
  $("theme").addEventListener("click", () => {
    theme = { auto: "light", light: "dark", dark: "auto" }[theme] || "auto";
    store("jms-sync-theme", theme);
    look();
  });
  $("filter").addEventListener("submit", (e) => e.preventDefault());
  $("query").addEventListener("input", apply);
  $("place").addEventListener("change", apply);
  $("sort").addEventListener("change", apply);
  const later = () => { frame = frame || requestAnimationFrame(draw); };
  $("scroller").addEventListener("scroll", later);
  addEventListener("resize", () => {
    later();
    reach();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
  $("scroller").addEventListener("keydown", (e) => {
    const page = Math.max(1, Math.floor($("scroller").clientHeight / rowHeight()) - 1);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      move(to);
    } else if (e.key === "Enter" || e.key === " ") {
      e.preventDefault();
      if (shown.length) detail(active);
    }
  });
  $("detail").addEventListener("click", (e) => { if (e.target === $("detail")) $("detail").close(); });
  $("detail").addEventListener("close", () => $("scroller").focus({ preventScroll: true }));
  render();
})();
