package enginetest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// Expectation is what a run must give. Numbers that are left out must be 0, lists empty.
type Expectation struct {
	Outcome     report.Outcome `json:"outcome"` // "" = ok
	Created     int            `json:"created"`
	Updated     int            `json:"updated"`
	Deactivated int            `json:"deactivated"`
	Deleted     int            `json:"deleted"`
	Skipped     int            `json:"skipped"`
	Held        int            `json:"held"`
	Failed      int            `json:"failed"`
	Orphans     int            `json:"orphans"`
	Drifted     int            `json:"drifted"`
	Total       *int           `json:"total"`     // nil = not looked at
	Unchanged   *int           `json:"unchanged"` // likewise

	Scopes  []string       `json:"failed_scopes"` // "account/region: kind"
	Errors  []string       `json:"errors"`        // kinds
	Stopped inventory.Kind `json:"stopped"`
	Lines   []line         `json:"lines"`
	Says    []string       `json:"says"` // in the results document

	Untouched bool                `json:"untouched"` // no host changed, none came or went
	Kept      []string            `json:"kept"`      // hosts that did not change at all
	Hosts     map[string]HostWant `json:"hosts"`     // by instance id or name
	Count     *int                `json:"count"`     // of hosts
	Writes    *int                `json:"writes"`
	Calls     map[string]int      `json:"calls"`

	Messages *int     `json:"messages"` // nil = 1
	Card     []string `json:"card"`
	NotCard  []string `json:"card_without"`
}

// line is one of the report's changes.
type line struct {
	Instance string `json:"instance"`
	Action   string `json:"action"`
	Reason   string `json:"reason"` // a part of it
}

// HostWant is what a host must be; what is left out is not looked at.
type HostWant struct {
	Absent   bool     `json:"absent"`
	Name     string   `json:"name"`
	Address  string   `json:"address"`
	Active   *bool    `json:"active"`
	Platform string   `json:"platform"`
	Labels   []string `json:"labels"`  // each a beginning
	Without  []string `json:"without"` // no label begins so
	Comment  string   `json:"comment"` // a part of it
	Nodes    []string `json:"nodes"`
	Zone     *string  `json:"zone"` // its name
	Ports    string   `json:"ports"`
	Accounts *string  `json:"accounts"` // their names, sorted
}

// Expect compares what came of a run with what a scenario wants.
func (w *World) Expect(want Expectation, out engine.RunResult) {
	w.T.Helper()
	r := out.Report
	if want.Outcome == "" {
		want.Outcome = report.OK
	}
	got := Expectation{
		Outcome: r.Outcome, Created: r.Created, Updated: r.Updated, Deactivated: r.Deactivated, Deleted: r.Deleted,
		Skipped: r.Skipped, Held: r.Held, Failed: r.Failures, Orphans: r.Orphans, Drifted: r.Drifted,
	}
	expectEqual(w, "numbers", got, Expectation{
		Outcome: want.Outcome, Created: want.Created, Updated: want.Updated, Deactivated: want.Deactivated,
		Deleted: want.Deleted, Skipped: want.Skipped, Held: want.Held, Failed: want.Failed, Orphans: want.Orphans, Drifted: want.Drifted,
	})
	valueOr(w, "total", r.Total, want.Total)
	valueOr(w, "unchanged", r.Unchanged, want.Unchanged)
	valueOr(w, "hosts in JumpServer", len(w.JumpServer.Hosts(jumpservertest.DefaultOrg)), want.Count)
	valueOr(w, "writes", w.JumpServer.Writes(), want.Writes)
	if r.DryRun && w.JumpServer.Writes() > 0 {
		w.T.Errorf("a dry run makes %d writes", w.JumpServer.Writes())
	}
	expectEqual(w, "stopped", inventory.KindOf(out.Err), want.Stopped)
	w.expectLines(want, r)
	w.expectHosts(want)
	w.expectCard(want)
	for call, n := range want.Calls {
		expectEqual(w, call, w.JumpServer.Calls()[call], n)
	}
}

// Fill puts the kind of an error in the place of "{gives}".
func (e Expectation) Fill(kind string) Expectation {
	put := func(all []string) []string {
		var out []string
		for _, text := range all {
			out = append(out, strings.ReplaceAll(text, "{gives}", kind))
		}
		return out
	}
	e.Scopes, e.Errors = put(e.Scopes), put(e.Errors)
	e.Stopped = inventory.Kind(strings.ReplaceAll(string(e.Stopped), "{gives}", kind))
	return e
}

func expectEqual[T any](w *World, what string, got, want T) {
	w.T.Helper()
	if !reflect.DeepEqual(got, want) {
		w.T.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

func valueOr(w *World, what string, got int, want *int) {
	w.T.Helper()
	if want != nil {
		expectEqual(w, what, got, *want)
	}
}

func (w *World) expectLines(want Expectation, r report.Report) {
	w.T.Helper()
	var scopes, kinds []string
	for _, s := range r.Scopes {
		if !s.Complete {
			scopes = append(scopes, fmt.Sprintf("%s/%s: %s", s.Account, s.Region, s.Error.Kind))
		}
	}
	for _, e := range r.Errors {
		kinds = append(kinds, string(e.Kind))
	}
	slices.Sort(kinds)
	expectEqual(w, "failed scopes", scopes, want.Scopes)
	expectEqual(w, "errors", kinds, want.Errors)
	for _, l := range want.Lines {
		if !slices.ContainsFunc(r.Changes, func(c report.Change) bool {
			return c.InstanceID == l.Instance && string(c.Action) == l.Action && strings.Contains(c.Reason, l.Reason)
		}) {
			w.T.Errorf("no line %+v", l)
		}
	}
	text := Describe(r)
	for _, words := range want.Says {
		if !strings.Contains(text, words) {
			w.T.Errorf("the results do not say %q", words)
		}
	}
	w.expectNoSecret("the results document", text)
}

func (w *World) expectHosts(want Expectation) {
	w.T.Helper()
	if want.Untouched {
		expectEqual(w, "hosts", w.JumpServer.Hosts(jumpservertest.DefaultOrg), w.HostsBefore)
	}
	for _, name := range want.Kept {
		id := w.AssetOf(name)
		now, there := w.FindHost(id)
		at := slices.IndexFunc(w.HostsBefore, func(h jumpservertest.Host) bool { return h.ID == id })
		if !there || at < 0 || !reflect.DeepEqual(now, w.HostsBefore[at]) {
			w.T.Errorf("%s is not as it was: %+v", name, now)
		}
	}
	for name, h := range want.Hosts {
		w.ExpectHost(name, h)
	}
}

// ExpectHost compares a host with what a scenario wants.
func (w *World) ExpectHost(name string, want HostWant) {
	w.T.Helper()
	h, there := w.FindHost(w.AssetOf(name))
	if there == want.Absent {
		w.T.Errorf("host %s: there %v", name, there)
	}
	if !there || want.Absent {
		return
	}
	for _, f := range []struct{ field, got, want string }{
		{"name", h.Name, want.Name}, {"address", h.Address, want.Address}, {"platform", h.Platform, want.Platform},
		{"ports", Ports(h), want.Ports}, {"nodes", joinSorted(h.Nodes), joinSorted(want.Nodes)},
	} {
		if f.want != "" && f.got != f.want {
			w.T.Errorf("host %s: %s is %q, want %q", name, f.field, f.got, f.want)
		}
	}
	if want.Accounts != nil && w.accountNames(h.ID) != *want.Accounts {
		w.T.Errorf("host %s: accounts %q, want %q", name, w.accountNames(h.ID), *want.Accounts)
	}
	if want.Active != nil && h.Active != *want.Active {
		w.T.Errorf("host %s: active is %v", name, h.Active)
	}
	if want.Zone != nil && h.Zone != w.zoneID(*want.Zone) {
		w.T.Errorf("host %s: zone is %q, want %s", name, h.Zone, *want.Zone)
	}
	if !strings.Contains(h.Comment, want.Comment) {
		w.T.Errorf("host %s: comment is %q, want %q in it", name, h.Comment, want.Comment)
	}
	w.expectLabels(name, h.Labels, want)
}

func joinSorted(texts []string) string { return strings.Join(slices.Sorted(slices.Values(texts)), " ") }

func (w *World) expectLabels(name string, labels []string, want HostWant) {
	w.T.Helper()
	for _, begin := range want.Labels {
		if !slices.ContainsFunc(labels, func(l string) bool { return strings.HasPrefix(l, begin) }) {
			w.T.Errorf("host %s: no label %s in %v", name, begin, labels)
		}
	}
	for _, begin := range want.Without {
		if slices.ContainsFunc(labels, func(l string) bool { return strings.HasPrefix(l, begin) }) {
			w.T.Errorf("host %s: a label %s in %v", name, begin, labels)
		}
	}
}

// Ports returns the ports of a host, as scenarios write them.
func Ports(h jumpservertest.Host) string {
	all := make([]string, 0, len(h.Protocols))
	for _, p := range h.Protocols {
		all = append(all, fmt.Sprintf("%s %d", p.Name, p.Port))
	}
	return strings.Join(all, ", ")
}

// expectCard looks at the messages that came since it was called last.
func (w *World) expectCard(want Expectation) {
	w.T.Helper()
	number := 1
	if want.Messages != nil {
		number = *want.Messages
	}
	all := w.Robot.Messages()
	fresh := all[min(w.SeenMessages, len(all)):]
	w.SeenMessages = len(all)
	if len(fresh) != number {
		w.T.Errorf("%d messages were sent, want %d", len(fresh), number)
	}
	for _, m := range fresh {
		w.expectNoSecret("the card", m.Title+m.Text+m.SingleURL)
		for _, words := range want.Card {
			if !strings.Contains(m.Title+"\n"+m.Text, words) {
				w.T.Errorf("the card does not say %q:\n%s", words, m.Text)
			}
		}
		for _, words := range want.NotCard {
			if strings.Contains(m.Text, words) {
				w.T.Errorf("the card says %q:\n%s", words, m.Text)
			}
		}
	}
}

// Describe returns a report as people read it in tests: the results document.
func Describe(r report.Report) string {
	var text bytes.Buffer
	if err := r.JSON(&text); err != nil {
		return err.Error()
	}
	return text.String()
}
