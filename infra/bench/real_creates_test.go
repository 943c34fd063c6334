package main

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

func benchCreates(t *testing.T, file, answer string, args ...string) (code int, out, said string) {
	t.Helper()
	var o, s strings.Builder
	code = runCommandLine(t.Context(), append([]string{"--program", jmsSync(t), "--real", "-c", file, "--creates", "12", "--rounds", "2"}, args...), strings.NewReader(answer), &o, &s)
	return code, o.String(), s.String()
}

// TestBenchRealCreates: nothing is written before a person has agreed, in the organisation that was named; then only
// hosts of bench are made, and deleted again.
func TestBenchRealCreates(t *testing.T) {
	t.Parallel()
	e, file := realServer(t)
	const org = jumpservertest.DefaultOrg
	e.JumpServer.Seed(org, jumpservertest.Host{Name: "people's", Address: "10.0.0.1"})
	left := e.JumpServer.Seed(org, jumpservertest.Host{ID: benchHost(3).ID, Name: benchHost(3).Name, Comment: benchComment})
	for answer, args := range map[string][]string{
		"y\n": {"--create-in-organisation", "00000000-0000-0000-0000-000000000003"},
		"":    {"--create-in-organisation", org}, "n\n": {"--create-in-organisation", org},
	} {
		code, out, said := benchCreates(t, file, answer, args...)
		if code != exitFailed || said == "" || e.JumpServer.Writes() != 0 || strings.Contains(out, "ms a host") {
			t.Errorf("%q %v: %d, %d writes, %s%s", answer, args, code, e.JumpServer.Writes(), out, said)
		}
	}
	for _, how := range []struct {
		answer string
		args   []string
	}{{"y\n", nil}, {"", []string{"--yes"}}} {
		code, out, said := benchCreates(t, file, how.answer, append(how.args, "--create-in-organisation", org)...)
		if code != exitDone || said != "" {
			t.Fatalf("%d, %s%s", code, out, said)
		}
		for _, want := range []string{
			`  \* 12 hosts named jms-sync-bench-00001 …, .* under the node /DEFAULT/jms-sync-bench\.`, `10 times: 120 creates`,
			`(?m)^  real +1, plain +\d`, `(?m)^  real +8, plain +\d`, `(?m)^  real +jms-sync, up to 8 +\d.* ` + anyTime + ` *$`,
		} {
			if !regexp.MustCompile(want).MatchString(out) {
				t.Errorf("no %s in\n%s", want, out)
			}
		}
		if strings.Contains(out, "b. ") || strings.Contains(out, "c. ") {
			t.Errorf("other parts were measured:\n%s", out)
		}
	}
	if made := e.JumpServer.Calls()["POST /api/v1/assets/hosts/"]; made != 240 {
		t.Errorf("%d hosts were made", made)
	}
	hosts := e.JumpServer.Hosts(org)
	if len(hosts) != 1 || hosts[0].Name != "people's" || hosts[0].ID == left || len(e.JumpServer.Unexpected()) != 0 {
		t.Errorf("left: %+v, %v", hosts, e.JumpServer.Unexpected())
	}
}

// TestBenchRealCreatesSpares: an asset that has an id of bench and is somebody's stops it before anything is made.
func TestBenchRealCreatesSpares(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]jumpservertest.Host{
		"renamed":         {ID: benchHost(5).ID, Name: "mine", Comment: benchComment},
		"another comment": {ID: benchHost(5).ID, Name: benchHost(5).Name, Comment: "mine now"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, file := realServer(t)
			e.JumpServer.Seed(jumpservertest.DefaultOrg, h)
			code, out, said := benchCreates(t, file, "y\n", "--create-in-organisation", jumpservertest.DefaultOrg)
			if code != exitFailed || !strings.Contains(said, "nothing of it is deleted") || e.JumpServer.Calls()["POST /api/v1/assets/hosts/"] != 0 {
				t.Errorf("%d, %s%s", code, out, said)
			}
			if hosts := e.JumpServer.Hosts(jumpservertest.DefaultOrg); len(hosts) != 1 || hosts[0].Name != h.Name {
				t.Errorf("left: %+v", hosts)
			}
		})
	}
}

// TestBenchRealCreatesInterrupted: what was made is deleted although bench was interrupted.
func TestBenchRealCreatesInterrupted(t *testing.T) {
	t.Parallel()
	e, file := realServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var made atomic.Int64
	e.JumpServer.OnRequest(func(r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/api/v1/assets/hosts/" && made.Add(1) == 30 {
			cancel()
		}
	})
	var out, said strings.Builder
	args := []string{"--program", jmsSync(t), "--real", "-c", file, "--creates", "12", "--yes", "--create-in-organisation", jumpservertest.DefaultOrg}
	code := runCommandLine(ctx, args, strings.NewReader(""), &out, &said)
	if hosts := e.JumpServer.Hosts(jumpservertest.DefaultOrg); code != exitFailed || made.Load() < 30 || len(hosts) != 0 {
		t.Errorf("%d, %d made, %d left, %s%s", code, made.Load(), len(hosts), &out, &said)
	}
}
