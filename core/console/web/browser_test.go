package web_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/browsertest"
	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/console/login"
)

// maxStyle is how many bytes the styles may have.
const maxStyle = 20 << 10

func TestStyleIsSmall(t *testing.T) {
	t.Parallel()
	file, err := os.Stat("console.css")
	if err != nil {
		t.Fatal(err)
	}
	if file.Size() > maxStyle {
		t.Errorf("console.css has %d bytes, at most %d are allowed", file.Size(), maxStyle)
	}
}

// desk is a console on loopback, and who looks at it.
type desk struct {
	*browsertest.Browser
	t       *testing.T
	backend *backend
	token   *login.Token
	address string
	links   *login.Sessions
}

func newDesk(t *testing.T, b *browsertest.Browser, rows int) *desk {
	t.Helper()
	d := &desk{Browser: b.On(t), t: t, backend: &backend{rows: rows}, token: login.NewToken(nil)}
	server := httptest.NewUnstartedServer(nil)
	d.address = "http://" + server.Listener.Addr().String()
	d.links = login.NewSessions([]byte(strings.Repeat("k", 32)), time.Hour, false, time.Now)
	server.Config.Handler = console.New(console.Settings{
		Origins: []string{d.address}, Sessions: d.links, Login: console.ByToken, Token: d.token, Operator: login.Identity{ID: "wang", Name: "王"}, Version: "v1.2.3", ApprovalLink: true,
	}, d.backend)
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(func() { browsertest.Eval[any](b, "localStorage.clear()") })
	return d
}

// enter signs in by the link that serve prints.
func (d *desk) enter(width, height int, scheme, lang string) {
	d.t.Helper()
	d.Open(d.address+"/console.css", width, height, scheme)
	browsertest.Eval[any](d.Browser, `localStorage.setItem("jms-sync-lang", "`+lang+`")`)
	d.Call("Page.navigate", map[string]any{"url": d.address + "/#/login/" + d.token.Text()}, nil)
	d.await(`document.querySelector("#head") !== null`)
}

// await waits until an expression is true.
func (d *desk) await(expression string) {
	d.t.Helper()
	for range 200 {
		if browsertest.Eval[bool](d.Browser, `document.readyState === "complete" && `+expression) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.t.Fatalf("%s is never true: %s", expression, browsertest.Eval[string](d.Browser, `document.body.innerText`))
}

// show shows a page.
func (d *desk) show(hash, ready string) {
	d.t.Helper()
	browsertest.Eval[any](d.Browser, `location.hash = "/`+hash+`"; document.querySelector("main").replaceChildren(); 0`)
	d.await(`!document.querySelector("main").hasAttribute("aria-busy") && document.querySelector("#head") !== null && (` + ready + `)`)
}

func (d *desk) see(expression, want string) {
	d.t.Helper()
	if got := browsertest.Eval[string](d.Browser, expression); got != want {
		d.t.Errorf("%s is %q, want %q", expression, got, want)
	}
}

// TestChromium opens the console in a real browser, as a person does.
func TestChromium(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	for name, test := range map[string]func(*testing.T, *browsertest.Browser){
		"looks": testLooks, "approval": testApproval, "link": testLink, "plan": testPlan, "large": testLarge, "settings": testSettings, "down": testDown,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
	for _, address := range b.Asked() {
		if !strings.HasPrefix(address, "http://127.0.0.1:") && !strings.HasPrefix(address, "data:") {
			t.Errorf("the console asks for %s", address)
		}
	}
}

// pages are all pages, and how it is seen that one is there.
func pages() [][2]string {
	return [][2]string{
		{"overview", `document.querySelectorAll("#scopes tbody tr").length === 4`}, {"runs", `document.querySelectorAll("svg rect").length > 10`},
		{"runs/20261128T223500Z", `document.querySelector("#changes .row") !== null`}, {"plan", `document.querySelector("#begin form") !== null`},
		{"held", `document.querySelector("main section li") !== null`}, {"held/" + sampleHash, `document.querySelectorAll(".row").length === 5`},
		{"explain?q=web-1", `document.querySelector("#fields-0") !== null`}, {"doctor", `document.querySelector("#begin") !== null`},
		{"settings", `document.querySelector("#config dl") !== null`}, {"audit", `document.querySelectorAll("#audit tbody tr").length === 2`},
	}
}

// testLooks: every page in both languages and both themes, wide and on a phone, fits the window, is read by axe-core, and
// has no text in the other language, and no name that acts.
func testLooks(t *testing.T, b *browsertest.Browser) {
	for _, look := range []struct {
		scheme, lang  string
		width, height int
	}{{"light", "zh", 1280, 900}, {"dark", "en", 1280, 900}, {"light", "en", 390, 844}, {"dark", "zh", 390, 844}} {
		d := newDesk(t, b, 40)
		d.enter(look.width, look.height, look.scheme, look.lang)
		for _, p := range pages() {
			d.show(p[0], p[1])
			name := fmt.Sprint(strings.FieldsFunc(p[0], func(r rune) bool { return r == '/' || r == '?' })[0], len(p[0])%10, "-", look.lang, "-", look.scheme, "-", look.width)
			if wide := browsertest.Eval[int](b, "document.documentElement.scrollWidth"); wide > look.width {
				t.Errorf("%s is %d wide", name, wide)
			}
			d.see(`document.documentElement.dataset.theme`, look.scheme)
			d.see(`/\[object|undefined|NaN|\{\d\}/.exec(document.body.innerText) + ""`, "null")
			d.see(`document.title.includes("taken") || document.querySelector("main img") ? "a name acts" : ""`, "")
			b.CheckAccess(name)
			b.Keep(name)
			if look.width < 1000 && p[0] == "held/"+sampleHash {
				b.Document("console-phone-"+look.lang+".png", true)
			}
		}
		if look.width > 1000 {
			d.show("overview", pages()[0][1])
			b.Document("console-"+look.lang+".png", false)
		}
	}
}

// testApproval: from the list of what is on hold to the order, with a question in between; rejecting needs a reason.
func testApproval(t *testing.T, b *browsertest.Browser) {
	d := newDesk(t, b, 40)
	d.enter(390, 844, "light", "zh")
	d.show("held", `document.querySelector("main a.primary") !== null`)
	browsertest.Eval[any](b, `document.querySelector("main a.primary").click()`)
	d.await(`document.querySelectorAll(".row").length === 5`)
	browsertest.Eval[any](b, `document.querySelector("main button.danger").click()`)
	d.await(`document.querySelector("#dialog").open`)
	if len(d.backend.orders) != 0 {
		t.Fatal("it was approved before it was asked")
	}
	browsertest.Eval[any](b, `document.querySelector("#dialog button.danger").click()`)
	d.await(`document.querySelector("#notice").hidden === false && document.querySelector("#notice").textContent.startsWith("已批准 5 个")`)
	d.see(`document.querySelector("main .badge.good").textContent.slice(0, 3)`, "已批准")
	browsertest.Eval[any](b, `[...document.querySelectorAll("main .buttons button")].at(-1).click()`)
	d.await(`document.querySelector("#notice").textContent === "驳回需要写明原因"`)
	browsertest.Eval[any](b, `document.querySelector("#reason").value = "还在用"; [...document.querySelectorAll("main .buttons button")].at(-1).click()`)
	d.await(`location.hash === "#/held"`)
	if got, want := strings.Join(d.backend.orders, "; "), "approve 0123456789ab 5 wang ; reject 0123456789ab 5 wang 还在用"; got != want {
		t.Errorf("ordered: %s, want %s", got, want)
	}
}

// testLink: opening the link of a card shows the set and does nothing; it approves when it is confirmed.
func testLink(t *testing.T, b *browsertest.Browser) {
	d := newDesk(t, b, 40)
	b.Open(d.address+"/console.css", 390, 844, "light")
	b.Call("Page.navigate", map[string]any{"url": d.address + "/approve#" + d.links.NewLink(sampleHash)}, nil)
	d.await(`document.querySelectorAll(".row").length === 5`)
	d.see(`location.pathname + location.hash`, "/")
	if len(d.backend.orders) != 0 {
		t.Fatal("opening the link acts")
	}
	browsertest.Eval[any](b, `document.querySelector("main button.danger").click()`)
	d.await(`document.querySelector("main .alert.good") !== null`)
	if got := strings.Join(d.backend.orders, "; "); got != "approve 0123456789ab 5 link " {
		t.Errorf("ordered: %s", got)
	}
	b.Call("Page.navigate", map[string]any{"url": d.address + "/approve#forged"}, nil)
	d.await(`document.querySelector("main .alert.bad") !== null`)
}

// testPlan: a dry run, its rows, ticks by mouse and keyboard, and to apply just these, with the number of those held.
func testPlan(t *testing.T, b *browsertest.Browser) {
	d := newDesk(t, b, 40)
	d.enter(1280, 900, "light", "en")
	d.show("plan", `document.querySelector("#begin form") !== null`)
	browsertest.Eval[any](b, `document.querySelector("#begin button").click()`)
	d.await(`document.querySelector("#changes .row") !== null`)
	d.see(`document.querySelector("#changes .found").textContent`, "40 of 40 shown")
	d.see(`document.querySelector("#access tbody td").textContent`, "/DEFAULT/生产/支付 new1 that nobody can reach yet")
	browsertest.Eval[any](b, `document.querySelectorAll("#changes .tick")[0].click(); document.querySelectorAll("#changes .tick")[2].click(); document.querySelector("#changes .scroller").focus()`)
	b.Press("End")
	b.Press(" ")
	d.see(`document.querySelector("#changes .sticky").textContent`, "Apply the 2 ticked1 of them are held by the guard")
	b.Keep("plan-ticked")
	b.Document("console-plan.png", false)
	browsertest.Eval[any](b, `document.querySelector("#changes .danger").click(); document.querySelector("#dialog .danger").click()`)
	d.await(`document.querySelector("#dialog .alert.warn") !== null`)
	if len(d.backend.orders) != 1 {
		t.Fatalf("ordered: %v", d.backend.orders)
	}
	browsertest.Eval[any](b, `document.querySelector("#dialog input").value = "1"; document.querySelector("#dialog .danger").click()`)
	d.await(`document.querySelector("#dialog").open && document.querySelector("#dialog-head").textContent === "Applied"`)
	if got := d.backend.orders[1]; got != "apply plan-1 [[0 0] [39 39]] held 1 wang" {
		t.Errorf("ordered: %s", got)
	}
}

// testLarge: 50,000 rows come up, are searched, sorted, scrolled and ticked without a person waiting. The bounds are wide
// for a busy machine.
func testLarge(t *testing.T, b *browsertest.Browser) {
	d := newDesk(t, b, 50_000)
	d.enter(1280, 900, "light", "en")
	d.show("plan", `document.querySelector("#begin form") !== null`)
	browsertest.Eval[any](b, `document.querySelector("#begin button").click()`)
	d.await(`document.querySelector("#changes .row") !== null`)
	const type_ = `(() => { const e = document.querySelector("#changes input[type=search]"); e.value = "web-4999"; e.dispatchEvent(new Event("input", { bubbles: true })); })()`
	took := map[string]float64{
		"search": b.Milliseconds(type_), "again": b.Milliseconds(strings.Replace(type_, "web-4999", "web-49", 1)), "clear": b.Milliseconds(strings.Replace(type_, "web-4999", "", 1)),
		"scroll": b.Milliseconds(`document.querySelector(".scroller").scrollTop = 1500000`), "tick all": b.Milliseconds(`document.querySelector(".tick-shown").click()`),
		"sort": b.Milliseconds(`document.querySelector("#changes select").value = "title"; document.querySelector("#changes select").dispatchEvent(new Event("change"))`),
	}
	t.Logf("%v ms", took)
	for what, most := range map[string]float64{"search": 1500, "again": 500, "clear": 500, "scroll": 300, "tick all": 700, "sort": 2500} {
		if took[what] > most {
			t.Errorf("%s takes %.0f ms", what, took[what])
		}
	}
	if rows := browsertest.Eval[int](b, `document.querySelectorAll(".row").length`); rows > 60 || rows < 5 {
		t.Errorf("%d rows are drawn", rows)
	}
	d.see(`document.querySelector("#changes .danger").textContent`, "Apply the 49,999 ticked")
	browsertest.Eval[any](b, `document.querySelector("#changes .danger").click(); document.querySelector("#dialog input").value = "2"; document.querySelector("#dialog .danger").click()`)
	d.await(`document.querySelector("#dialog").open && document.querySelector("#dialog-head").textContent === "Applied"`)
	if got := d.backend.orders[1]; got != "apply plan-1 [[0 1] [3 49999]] held 2 wang" {
		t.Errorf("ordered: %s", got)
	}
}

// testSettings: to pause needs a reason, and resume is offered then; secrets are not shown.
func testSettings(t *testing.T, b *browsertest.Browser) {
	d := newDesk(t, b, 40)
	d.enter(1280, 900, "light", "en")
	d.show("settings", `document.querySelector("#pause form") !== null`)
	browsertest.Eval[any](b, `document.querySelector("#pause button").click()`)
	if len(d.backend.orders) != 0 {
		t.Error("it pauses without a reason")
	}
	browsertest.Eval[any](b, `document.querySelector("#pause input").value = "move"; document.querySelector("#pause button").click()`)
	d.await(`document.querySelector("#pause .alert.warn") !== null && document.querySelector("#pause form") === null`)
	browsertest.Eval[any](b, `document.querySelector("#pause .buttons button").click()`)
	d.await(`document.querySelector("#pause form") !== null`)
	if got := strings.Join(d.backend.orders, "; "); got != "pause removals=true wang move; resume" {
		t.Errorf("ordered: %s", got)
	}
	d.see(`document.querySelector("#config").innerText.includes("***") ? "shown" : ""`, "")
	browsertest.Eval[any](b, `document.querySelector("#logout").click()`)
	d.await(`document.querySelector("#login form") !== null`)
}

// testDown: without the store the page says so, and offers to try again.
func testDown(t *testing.T, b *browsertest.Browser) {
	d := newDesk(t, b, 40)
	d.enter(1280, 900, "light", "en")
	d.backend.down = true
	d.show("held", `document.querySelector("main .alert.bad") !== null`)
	d.see(`document.querySelector("main .alert.bad").textContent`, "the state store cannot be reached; nothing was done")
	d.backend.down = false
	browsertest.Eval[any](b, `document.querySelector("main > button").click()`)
	d.await(`document.querySelector("main a.primary") !== null`)
}
