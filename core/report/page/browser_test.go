package page_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/browsertest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/report/page"
)

// TestChromium opens pages in a real browser, as a person does: by mouse, by keyboard, on a phone, in both languages.
func TestChromium(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){"looks": testLooks, "works": testWorks, "keyboard": testKeyboard, "plan": testPlan, "large": testLarge} {
		t.Run(name, func(t *testing.T) {
			test(t, b.On(t))
		})
	}
	for _, address := range b.Asked() {
		if !strings.HasPrefix(address, "file:///") || !strings.HasSuffix(address, "/report.html") {
			t.Errorf("a page asks for %s", address)
		}
	}
	if len(b.Asked()) < 9 {
		t.Errorf("pages asked for %q", b.Asked())
	}
}

func pageFile(t *testing.T, creates int, lang language.Lang) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(write(t, creates, page.Options{Lang: lang, Location: shanghai()})), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// testLooks: both languages and both themes, wide and on a phone, fit the window, and every text has enough contrast.
func testLooks(t *testing.T, b *browsertest.Browser) {
	for _, look := range []struct {
		name, scheme  string
		lang          language.Lang
		width, height int
	}{
		{"zh-light", "light", language.Chinese, 1280, 900}, {"en-dark", "dark", language.English, 1280, 900},
		{"en-light", "light", language.English, 1280, 900}, {"zh-dark", "dark", language.Chinese, 1280, 900},
		{"phone-zh-dark", "dark", language.Chinese, 390, 844}, {"phone-en-light", "light", language.English, 390, 844},
	} {
		b.OpenFile(pageFile(t, 60, look.lang), look.width, look.height, look.scheme)
		if wide := browsertest.Eval[int](b, "document.documentElement.scrollWidth"); wide > look.width {
			t.Errorf("%s: the page is %d wide", look.name, wide)
		}
		if got := browsertest.Eval[string](b, "document.documentElement.dataset.theme"); got != look.scheme {
			t.Errorf("%s: the theme is %s", look.name, got)
		}
		if poor := browsertest.Eval[[]string](b, poorContrast); len(poor) > 0 {
			t.Errorf("%s: these are hard to read: %s", look.name, strings.Join(poor, "; "))
		}
		if file := map[string]string{"zh-light": "report-zh.png", "en-dark": "report-en.png"}[look.name]; file != "" {
			b.Document(file, false)
		}
		b.CheckAccess(look.name)
		b.Keep(look.name)
	}
}

// poorContrast returns the texts whose contrast with what is behind them is less than 4.5, as WCAG AA asks.
const poorContrast = `(() => {
	const parts = (c) => c.match(/[\d.]+/g).map(Number);
	const light = (c) => { const [r, g, b] = parts(c).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor, p = parts(c); if (p.length < 4 || p[3] > 0) return c; } return "rgb(255,255,255)"; };
	const poor = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
		if (!text || !e.checkVisibility() || e.closest("script,style,noscript")) continue;
		const [x, y] = [light(getComputedStyle(e).color), light(behind(e))].sort((a, b) => b - a);
		if ((x + 0.05) / (y + 0.05) < 4.5) poor.add(e.tagName + "." + e.className + " " + text.slice(0, 30) + " " + getComputedStyle(e).color + " on " + behind(e));
	}
	return [...poor];
})()`

// testWorks: search, filters, details and the switches do what they say, and a host's name does nothing.
func testWorks(t *testing.T, b *browsertest.Browser) {
	b.OpenFile(pageFile(t, 60, language.Chinese), 1280, 900, "light")
	for _, step := range []struct{ do, see, want string }{
		{``, `document.title`, "运行报告 · 部分完成 · 20261128T143507Z"},
		{``, `document.querySelector("#found").textContent`, "显示 73 项，共 73 项"},
		{``, `document.querySelectorAll("img, iframe, object").length + ""`, "0"},
		{``, `document.querySelector("#open li").innerText.includes("暂缓：该区域将失去 5/12 个资产") + ""`, "true"},
		{``, `[...document.querySelectorAll("#errors li")].map((e) => e.textContent).slice(0, 2).join("|")`,
			"被限流 aliyun-prod / cn-shanghai list aliyun-prod/cn-shanghai: Throttling.User|密钥无效 aliyun-test / 全部区域 regions of aliyun-test: InvalidAccessKeyId.NotFound"},
		{``, `document.querySelector("#environment").textContent`, "PRODUCTION"},
		{``, `/\[object|undefined|NaN|\{\d\}/.exec(document.body.innerText) + ""`, "null"},
		{``, `document.querySelector("#access tbody td").innerText`, "/DEFAULT/生产/支付 新\n1 台还没有人能访问"},
		{``, `[...document.querySelectorAll("#peers tbody tr:first-child td")].map((e) => e.textContent).join("|")`, "ecs.cn-beijing.aliyuncs.com|31|2|0|6.1 秒"},
		{`click("#actions [data-action=hold]")`, `document.querySelector("#found").textContent`, "显示 5 项，共 73 项"},
		{`click("#actions [data-action=fail]")`, `document.querySelector("#found").textContent`, "显示 6 项，共 73 项"},
		{`click("#actions [data-action='']")`, `document.querySelector("#found").textContent`, "显示 73 项，共 73 项"},
		{`type("WEB-10 no-such")`, `document.querySelector("#found").textContent`, "没有符合的；清空搜索或选“全部”"},
		{`type("WEB-10 aliyun-prod")`, `document.querySelector("#found").textContent`, "显示 30 项，共 73 项"},
		{`type("web-101")`, `document.querySelector("#found").textContent`, "显示 10 项，共 73 项"},
		{`type("10.9.9.9 old-web-21")`, `document.querySelector(".row .one").textContent`, "web-21"},
		{`click(".row")`, `document.querySelector("#detail").open + " " + [...document.querySelectorAll("#detail td")].map((e) => e.textContent).join("|")`,
			"true 名称|old-web-21|web-21|IP|10.9.9.9|10.0.0.21"},
		{`click("#detail button")`, `document.querySelector("#detail").open + ""`, "false"},
		{`type("onerror")`, `document.title`, "运行报告 · 部分完成 · 20261128T143507Z"},
		{`type("")`, `document.querySelector("#held code").textContent`, "jms-sync approve 0123456789ab"},
		{`choose("#place", '["alibaba","aliyun-test","cn-beijing"]')`, `document.querySelectorAll(".row .where .one").length > 0 && [...document.querySelectorAll(".row .where")].every((e) => e.textContent === "aliyun-testcn-beijing") ? "only there" : "others"`, "only there"},
		{`choose("#place", "")`, `document.querySelector("#found").textContent`, "显示 73 项，共 73 项"},
		{`click("#language")`, `document.title + " " + document.documentElement.lang`, "Run report · done in part · 20261128T143507Z en"},
		{``, `document.querySelector("#found").textContent`, "73 of 73 shown"},
		{``, `/[\u4e00-\u9fff]/.test(document.querySelector("main").innerText.replaceAll("名", "").replaceAll("/DEFAULT/生产/支付", "")) ? document.querySelector("main").innerText : "English"`, "English"},
		{`click("#theme")`, `document.querySelector("#theme").textContent`, "Look: light"},
		{`click("#theme")`, `document.documentElement.dataset.theme`, "dark"},
		{`click(".tiles button")`, `document.querySelector("#found").textContent`, "1 of 73 shown"},
	} {
		if step.do != "" {
			browsertest.Eval[any](b, helpers+step.do)
		}
		if got := browsertest.Eval[string](b, step.see); got != step.want {
			t.Errorf("after %s: %s is %q, want %q", step.do, step.see, got, step.want)
		}
	}
	browsertest.Eval[any](b, "localStorage.clear()")
}

// helpers act as a person does.
const helpers = `
	var click = (what) => document.querySelector(what).click();
	var type = (text) => { const e = document.querySelector("#query"); e.value = text; e.dispatchEvent(new Event("input", { bubbles: true })); };
	var choose = (what, value) => { const e = document.querySelector(what); e.value = value; e.dispatchEvent(new Event("change", { bubbles: true })); };
`

// testKeyboard: without a mouse all is reached, and what a screen reader is told is there.
func testKeyboard(t *testing.T, b *browsertest.Browser) {
	b.OpenFile(pageFile(t, 60, language.English), 1280, 900, "light")
	b.Press("Tab")
	if got := browsertest.Eval[string](b, `document.activeElement.textContent`); got != "Skip to the changes" {
		t.Errorf("the first stop is %q", got)
	}
	browsertest.Eval[any](b, `document.querySelector("#scroller").focus()`)
	b.Press("ArrowDown")
	b.Press("ArrowDown")
	active := `document.getElementById(document.querySelector("#scroller").getAttribute("aria-activedescendant"))`
	if got := browsertest.Eval[string](b, active+`.getAttribute("aria-rowindex")`); got != "3" {
		t.Errorf("the row is %s", got)
	}
	name := browsertest.Eval[string](b, active+`.querySelector(".one").textContent`)
	b.Press("Enter")
	if got := browsertest.Eval[string](b, `document.querySelector("#detail").open ? document.querySelector("#detail-head").textContent : ""`); !strings.HasSuffix(got, name) || name == "" {
		t.Errorf("the details are %q, want those of %q", got, name)
	}
	b.Press("Escape")
	if got := browsertest.Eval[string](b, `document.querySelector("#detail").open + " " + document.activeElement.id`); got != "false scroller" {
		t.Errorf("after Escape: %s", got)
	}
	b.Press("End")
	if got := browsertest.Eval[string](b, active+`.getAttribute("aria-rowindex") + " of " + document.querySelector("#scroller").getAttribute("aria-rowcount")`); got != "73 of 73" {
		t.Errorf("the last row is %s", got)
	}
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
		}
	}
	b.Call("Accessibility.getFullAXTree", nil, &tree)
	roles := map[string]int{}
	for _, n := range tree.Nodes {
		role, _ := n.Role.Value.(string)
		name, _ := n.Name.Value.(string)
		if n.Ignored {
			continue
		}
		roles[role]++
		switch role {
		case "button", "searchbox", "combobox", "grid", "region", "heading", "link", "navigation":
			if name == "" {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	for role, least := range map[string]int{"main": 1, "grid": 1, "row": 10, "heading": 9, "region": 9, "searchbox": 1, "status": 1, "button": 10, "navigation": 1} {
		if roles[role] < least {
			t.Errorf("a screen reader finds %d of %s", roles[role], role)
		}
	}
}

// testLarge: 50,000 rows come up, scroll, and are searched and filtered without a person waiting. The bounds are wide for
// a busy machine; on an idle one of 2 cores these take a quarter of that.
func testLarge(t *testing.T, b *browsertest.Browser) {
	b.OpenFile(pageFile(t, 50_000, language.English), 1280, 900, "light")
	ready := browsertest.Eval[float64](b, `performance.getEntriesByType("navigation")[0].domComplete`)
	browsertest.Eval[any](b, helpers)
	took := map[string]float64{
		"first search": b.Milliseconds(`type("web-4999")`),
		"next search":  b.Milliseconds(`type("web-49")`),
		"filter":       b.Milliseconds(`type(""); click("#actions [data-action=create]")`),
		"scroll":       b.Milliseconds(`document.querySelector("#scroller").scrollTop = 1500000`),
		"sort":         b.Milliseconds(`choose("#sort", "name")`),
	}
	t.Logf("ready after %.0f ms; %v", ready, took)
	for what, most := range map[string]float64{"first search": 1000, "next search": 400, "filter": 400, "scroll": 200, "sort": 2000} {
		if took[what] > most {
			t.Errorf("%s takes %.0f ms", what, took[what])
		}
	}
	if ready > 5000 {
		t.Errorf("the page is ready after %.0f ms", ready)
	}
	if rows := browsertest.Eval[int](b, `document.querySelectorAll(".row").length`); rows > 60 || rows < 10 {
		t.Errorf("%d rows are drawn", rows)
	}
	if got := browsertest.Eval[string](b, `document.querySelector("#found").textContent`); got != "50,000 of 50,013 shown" {
		t.Errorf("it says %s", got)
	}
}

// testPlan: the page of a plan says that nothing was written, and that nothing has to be done.
func testPlan(t *testing.T, b *browsertest.Browser) {
	in := input(language.Chinese, 3)
	in.DryRun, in.Items, in.Notes, in.HeldSets, in.Problems, in.Listings, in.Peers, in.Stages, in.Access = true, in.Items[:3], nil, nil, nil, in.Listings[:1], nil, nil, nil
	var text strings.Builder
	if err := page.Write(&text, report.Build(in), page.Options{Lang: language.Chinese}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	b.OpenFile(file, 1280, 900, "light")
	if got := browsertest.Eval[string](b, `document.title + "|" + document.querySelector("#outcome").textContent + "|" + document.querySelectorAll("main section").length`); got != "计划 · 计划好了，什么都没有写入 · 20261128T143507Z|计划好了，什么都没有写入|3" {
		t.Error(got)
	}
}
