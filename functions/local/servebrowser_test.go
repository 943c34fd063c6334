package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/browsertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// waitFor waits until an expression is true in the page.
func waitFor(t *testing.T, b *browsertest.Browser, expression string) {
	t.Helper()
	for range 400 {
		if browsertest.Eval[bool](b, `document.readyState === "complete" && `+expression) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s is never true: %s", expression, browsertest.Eval[string](b, `document.body.innerText`))
}

// TestChromiumApproval: on a phone the link of a card leads to the set that is on hold, after a login; it is approved there,
// the next run makes it, and the audit log says who it was.
func TestChromiumApproval(t *testing.T) {
	d := newDeskWithState(t)
	b := browsertest.Start(t)
	for _, variable := range os.Environ() { // those of make test-page are none of the program's, which would refuse them
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "JMS_SYNC_TEST_") {
			t.Setenv(name, "") // which sets it again at the end
			_ = os.Unsetenv(name)
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	d.more = fmt.Sprintf("console: {enabled: true, url: 'http://%s', login: {type: oidc, issuer: 'https://login.example.com', client_id: a, client_secret: b}, approvers: ['*@example.com'], cookie_key: %s}\n",
		address, strings.Repeat("k", 32))
	d.fillInstances(20, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 15)
	d.runSync(exitPartial, report.Held)
	links := regexp.MustCompile(`\]\((http://` + regexp.QuoteMeta(address) + `/#/held/[0-9a-f]{64})\)`).FindStringSubmatch(d.wantCards(2))
	if links == nil {
		t.Fatalf("the card has no link: %s", d.wantCards(2))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, problems screenText
	ended := make(chan int, 1)
	go func() {
		ended <- runCommandLine(ctx, []string{"-c", d.writeConfig(), "serve", "--listen", address}, strings.NewReader(""), &out, &problems)
	}()
	for len(out.links()) == 0 {
		select {
		case code := <-ended:
			t.Fatalf("ended with %d: %s%s", code, out.String(), problems.String())
		case <-time.After(time.Millisecond):
		}
	}
	_, token, _ := strings.Cut(out.links()[0], "/#/login/")
	b.Open(links[1], 390, 844, "dark")
	waitFor(t, b, `document.querySelector("#login form") !== null`)
	browsertest.Eval[any](b, `document.querySelector("#login input").value = "`+token+`"; document.querySelector("#login button").click()`)
	waitFor(t, b, `document.querySelectorAll(".row").length > 5 && document.querySelector("#set") !== null`)
	browsertest.Eval[any](b, `document.querySelector("#set button.danger").click()`)
	waitFor(t, b, `document.querySelector("#dialog").open`)
	browsertest.Eval[any](b, `document.querySelector("#dialog button.danger").click()`)
	waitFor(t, b, `document.querySelector("#set .badge.good") !== null`)
	browsertest.Eval[any](b, `location.hash = "#/audit"`)
	waitFor(t, b, `document.querySelectorAll("#audit tbody tr").length === 2 && document.querySelector("#audit tbody").textContent.includes("`+operatorName()+`")`)
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d: %s", code, problems.String())
	}
	if r := d.runSync(exitDone, report.OK); r.Deactivated != 15 || d.activeHosts() != 5 {
		t.Errorf("%+v", r)
	}
}
