package operator_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/httpx/httpxtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/secret"
)

// labelWorld is a JumpServer whose label page has rows of all kinds.
type labelWorld struct {
	jms    *jumpservertest.Server
	client *jumpserver.Client
	engine engine.Engine
}

// labelNow is when the rows are judged.
func labelNow() time.Time { return time.Date(2026, 11, 28, 14, 35, 20, 0, time.UTC) }

func newLabelWorld(t *testing.T, version jumpservertest.Version) labelWorld {
	t.Helper()
	w := labelWorld{jms: jumpservertest.New(jumpservertest.Options{Version: version, TB: t})}
	w.newClient(t)
	w.addHost("web", "jms-cloud:alibaba", "jms-instance:i-used", "team:shop")
	w.addHost("off", "jms-gone:20261120T1000Z", "jms-due:20261121T1000Z", "jms-missing:20261120T1000Z")
	w.jms.DeleteAsset(jumpservertest.DefaultOrg, w.addHost("old", "jms-cloud:aws", "jms-instance:i-old", "jms-gone:2026-11-01T00:00:00Z", "jms-due:never", "team:old"))
	for _, text := range []string{
		"jms-instance:i-unused", "jms-gone:20261101T0000Z", "jms-missing:20261101T0000Z", "jms-due:20261101T0000Z", // may go
		"jms-gone:20261128T1436Z", "jms-due:20261205T1000Z", "jms-missing:soon", "jms-keep:x", "jms-asset:x", "jms-gone-by:hand", // stay
	} {
		w.jms.SeedLabel(jumpservertest.DefaultOrg, text)
	}
	return w
}

// newClient makes the client and the engine.
func (w *labelWorld) newClient(t *testing.T) {
	t.Helper()
	var err error
	w.client, err = jumpserver.New(jumpserver.Options{
		URL: "http://jms.example", KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret), Transport: httpxtest.Transport{Handler: w.jms},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.engine = engine.Engine{Now: labelNow, Log: slog.New(slog.DiscardHandler)}
}

// addHost puts a host with these labels into JumpServer.
func (w labelWorld) addHost(name string, labels ...string) string {
	return w.jms.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: name, Address: "10.0.0.1", Active: true, Labels: labels})
}

func (w labelWorld) labelTexts() []string {
	var out []string
	for _, r := range w.jms.LabelRows(jumpservertest.DefaultOrg) {
		out = append(out, r.Name+":"+r.Value)
	}
	return out
}

// labelsInState lists the rows of a state.
func labelsInState(state operator.LabelState, rows []operator.CleanedLabel) []string {
	var out []string
	for _, r := range rows {
		if r.State == state {
			out = append(out, r.String())
		}
	}
	slices.Sort(out)
	return out
}

// removableLabels are the rows of a labelWorld that may go.
func removableLabels() []string {
	return []string{"jms-due:20261101T0000Z", "jms-gone:2026-11-01T00:00:00Z", "jms-gone:20261101T0000Z", "jms-instance:i-old", "jms-instance:i-unused", "jms-missing:20261101T0000Z"}
}

// TestCleanLabels: on all versions just the unused rows go, all hosts stay as they are, and a second time there is nothing.
func TestCleanLabels(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		w := newLabelWorld(t, version)
		hosts, before := w.jms.Hosts(jumpservertest.DefaultOrg), w.labelTexts()
		out := operator.CleanLabels(t.Context(), w.engine, w.client, operator.LabelCleanup{})
		if got := labelsInState(operator.LabelUnused, out.Rows); out.Err != nil || !slices.Equal(got, removableLabels()) || len(out.Rows) != 14 {
			t.Errorf("%s: would remove %q of %d: %v", version, got, len(out.Rows), out.Err)
		}
		if w.jms.Writes() > 0 {
			t.Errorf("%s: written without being asked to: %v", version, w.jms.Calls())
		}
		shown := 0
		done := 0
		out = operator.CleanLabels(t.Context(), w.engine, w.client, operator.LabelCleanup{Write: true, OnProgress: func(n, total int) {
			if done++; n != done || total != len(removableLabels()) {
				t.Errorf("%s: progress %d/%d", version, n, total)
			}
		}, OnListed: func(rows []operator.CleanedLabel) {
			if shown++; w.jms.Writes() > 0 || !slices.Equal(labelsInState(operator.LabelUnused, rows), removableLabels()) {
				t.Errorf("%s: shown %+v after %d writes", version, rows, w.jms.Writes())
			}
		}})
		if got := labelsInState(operator.LabelRemoved, out.Rows); out.Err != nil || shown != 1 || done != len(removableLabels()) || !slices.Equal(got, removableLabels()) {
			t.Errorf("%s: removed %q, shown %d: %v", version, got, shown, out.Err)
		}
		left := slices.DeleteFunc(before, func(text string) bool { return slices.Contains(removableLabels(), text) })
		if got := w.labelTexts(); !slices.Equal(got, left) || !reflect.DeepEqual(hosts, w.jms.Hosts(jumpservertest.DefaultOrg)) {
			t.Errorf("%s: rows left %q, want %q; hosts %+v", version, got, left, w.jms.Hosts(jumpservertest.DefaultOrg))
		}
		writes := w.jms.Writes()
		out = operator.CleanLabels(t.Context(), w.engine, w.client, operator.LabelCleanup{Write: true})
		if out.Err != nil || len(labelsInState(operator.LabelKept, out.Rows)) != len(out.Rows) || w.jms.Writes() != writes {
			t.Errorf("%s: once more: %+v %v", version, out.Rows, out.Err)
		}
	}
}

// TestCleanLabelsReadsAllOrNothing: whatever cannot be read whole, nothing is deleted.
func TestCleanLabelsReadsAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(*http.Request) bool{
		"organisation": jumpservertest.MatchRequest(http.MethodGet, "/orgs/orgs/current/"),
		"platforms":    jumpservertest.MatchRequest(http.MethodGet, "/assets/platforms/"),
		"hosts":        jumpservertest.MatchRequest(http.MethodGet, "/assets/hosts/?limit"),
		"assets":       jumpservertest.MatchRequest(http.MethodGet, "/assets/assets/"),
		"instances":    jumpservertest.MatchRequest(http.MethodGet, "name=jms-instance"),
		"missing":      jumpservertest.MatchRequest(http.MethodGet, "name=jms-missing"),
		"holders":      jumpservertest.MatchRequest(http.MethodGet, "/labels/labeled-resources/"),
	} {
		for kind, fault := range map[string]jumpservertest.Fault{
			"403": {Status: 403, Body: `{"detail":"no","code":"permission_denied"}`}, "500": {Status: 500, Body: `{"error":"x"}`},
			"cut": {Cut: true}, "few": {Edit: jumpservertest.ChangeCount(5)}, "half": {Edit: jumpservertest.TruncateJSON},
		} {
			if name == "organisation" && kind == "few" || name == "assets" && kind == "few" {
				continue // not a list; counting too many assets leads to one that is read whole
			}
			w := newLabelWorld(t, jumpservertest.V41019)
			w.jms.Fail(on, -1, fault)
			out := operator.CleanLabels(t.Context(), w.engine, w.client, operator.LabelCleanup{Write: true, OnListed: func([]operator.CleanedLabel) { t.Errorf("%s, %s: shown", name, kind) }})
			if out.Err == nil || out.Rows != nil || w.jms.Writes() > 0 {
				t.Errorf("%s, %s: %v, %d rows, %d writes", name, kind, out.Err, len(out.Rows), w.jms.Writes())
			}
		}
	}
}

// TestCleanLabelsMeanwhile: a row that something gets after the table was made is kept, and so is one that is edited.
func TestCleanLabelsMeanwhile(t *testing.T) {
	t.Parallel()
	for _, version := range jumpservertest.Versions() {
		w := newLabelWorld(t, version)
		out := operator.CleanLabels(t.Context(), w.engine, w.client, operator.LabelCleanup{Write: true, OnListed: func([]operator.CleanedLabel) {
			w.addHost("back", "jms-instance:i-old")
			w.jms.EditLabel(jumpservertest.DefaultOrg, "jms-gone:20261101T0000Z", "team:blue")
		}})
		kept := labelsInState(operator.LabelKept, out.Rows)
		for _, text := range []string{"jms-instance:i-old", "jms-gone:20261101T0000Z"} {
			if !slices.Contains(kept, text) {
				t.Errorf("%s: %s was not kept: %+v", version, text, out.Rows)
			}
		}
		if got := w.labelTexts(); !slices.Contains(got, "team:blue") || !slices.Contains(got, "jms-instance:i-old") || len(labelsInState(operator.LabelRemoved, out.Rows)) != 4 || out.Err != nil {
			t.Errorf("%s: %q %+v %v", version, got, out.Rows, out.Err)
		}
		for _, h := range w.jms.Hosts(jumpservertest.DefaultOrg) {
			if h.Name == "back" && !slices.Equal(h.Labels, []string{"jms-instance:i-old"}) {
				t.Errorf("%s: the host has %q", version, h.Labels)
			}
		}
	}
}

// TestCleanLabelsStops: a missing right, failures in a row and an interrupt begin nothing more, and say what was left.
func TestCleanLabelsStops(t *testing.T) {
	t.Parallel()
	deletes := jumpservertest.MatchRequest(http.MethodDelete, "/labels/labels/")
	for name, test := range map[string]struct {
		prepare func(w labelWorld, interrupt func())
		kind    inventory.Kind
		most    int // rows that may be failed or removed
	}{
		"no right to delete": {func(w labelWorld, _ func()) {
			w.jms.Fail(deletes, -1, jumpservertest.Fault{Status: 403, Body: `{"detail":"no","code":"permission_denied"}`})
		}, inventory.Denied, 4},
		"JumpServer breaks": {func(w labelWorld, _ func()) {
			w.jms.Fail(deletes, -1, jumpservertest.Fault{Status: 500, Body: `{"error":"x"}`})
		}, inventory.Temporary, 6},
		"interrupt": {func(w labelWorld, interrupt func()) {
			w.jms.OnRequest(func(r *http.Request) {
				if r.Method == http.MethodDelete {
					interrupt()
				}
			})
		}, inventory.Deadline, 4},
	} {
		w := newLabelWorld(t, jumpservertest.V47)
		for n := range 30 {
			w.jms.SeedLabel(jumpservertest.DefaultOrg, fmt.Sprintf("jms-instance:i-%04d", n))
		}
		ctx, interrupt := context.WithCancel(t.Context())
		test.prepare(w, interrupt)
		out := operator.CleanLabels(ctx, w.engine, w.client, operator.LabelCleanup{Write: true})
		tried := len(labelsInState(operator.LabelFailed, out.Rows)) + len(labelsInState(operator.LabelRemoved, out.Rows))
		if inventory.KindOf(out.Err) != test.kind || tried == 0 || tried > test.most || tried+len(labelsInState(operator.LabelNotReached, out.Rows)) != 36 {
			t.Errorf("%s: %v; %d tried, %d not reached", name, out.Err, tried, len(labelsInState(operator.LabelNotReached, out.Rows)))
		}
		for _, r := range out.Rows {
			if (r.State == operator.LabelFailed) != (r.Err != nil) {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if name == "no right to delete" && !strings.Contains(out.Err.Error(), inventory.DeleteLabels) {
			t.Errorf("%v does not name the right", out.Err)
		}
		interrupt()
	}
}

// TestCleanLabelsOfOtherDatabases: where a database calls two spellings one label, a host that we asked to have the one has
// the row of the other.
func TestCleanLabelsOfOtherDatabases(t *testing.T) {
	t.Parallel()
	for _, database := range jumpservertest.Databases() {
		w := labelWorld{jms: jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V41019, Database: database, TB: t})}
		w.newClient(t)
		w.jms.DeleteAsset(jumpservertest.DefaultOrg, w.addHost("old", "JMS-Instance:I-1", "jms-instance:i-2"))
		w.addHost("web", "jms-instance:i-1")
		hosts := w.jms.Hosts(jumpservertest.DefaultOrg)
		out := operator.CleanLabels(t.Context(), w.engine, w.client, operator.LabelCleanup{Write: true})
		if got := labelsInState(operator.LabelRemoved, out.Rows); out.Err != nil || !slices.Equal(got, []string{"jms-instance:i-2"}) {
			t.Errorf("%s: removed %q of %+v: %v", database, got, out.Rows, out.Err)
		}
		if now := w.jms.Hosts(jumpservertest.DefaultOrg); !reflect.DeepEqual(hosts, now) || len(now[0].Labels) != 1 {
			t.Errorf("%s: %+v became %+v", database, hosts, now)
		}
	}
}
