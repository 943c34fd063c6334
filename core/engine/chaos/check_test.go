package chaos

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
)

// removedAsset is one asset that a run deactivated or deleted.
type removedAsset struct{ account, region, what string }

// Errorf notes a violation. It makes a world what emulators need of a test.
func (w *world) Errorf(format string, args ...any) {
	if strings.HasSuffix(fmt.Sprintf(format, args...), missingZonesPath) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
	w.diary = append(w.diary, time.Now().Format("15:04:05 ")+"WRONG: "+fmt.Sprintf(format, args...))
}

// missingZonesPath is what a client does that could not read the schema which says whether there are
// zones or domains, as of v4.7 there is no such path.
const missingZonesPath = "GET /api/v1/assets/zones/: no such path"

// Helper is that of a test.
func (w *world) Helper() {}

// searchSecrets looks for secrets in what people and machines may read.
func (w *world) searchSecrets(where, text string) {
	for _, private := range []string{canary, jumpKey} {
		if at := strings.Index(text, private); at >= 0 {
			w.Errorf("%s shows a secret: …%s…", where, text[max(0, at-80):min(len(text), at+60)])
		}
	}
}

// serveChecked lets an emulator answer, and checks what a write to JumpServer did. The lock of the
// emulators is held.
func (w *world) serveChecked(r *http.Request, answer func()) {
	if r.URL.Host != jumpServer || r.Method == http.MethodGet || r.Method == http.MethodOptions {
		answer()
		return
	}
	before := w.jumpserver.Hosts(org)
	answer()
	after := w.jumpserver.Hosts(org)
	w.note("%s %s: %d hosts", r.Method, r.URL.Path, len(after))
	now := map[string]jumpservertest.Host{}
	for _, h := range after {
		now[h.ID] = h
	}
	for _, was := range before {
		h, there := now[was.ID]
		w.checkClosed(was, h, there)
	}
	w.countRemovals(before, now)
	w.checkForeign(now)
	for _, h := range after {
		w.checkOurs(h)
	}
}

// checkClosed: nothing of a living instance is ever deactivated or deleted, nor what people
// switched on again or changed in any way while the run was at work, nor anything of other people's.
func (w *world) checkClosed(was, now jumpservertest.Host, there bool) {
	if there && (!was.Active || now.Active) {
		return
	}
	w.mu.Lock()
	m := w.machineOf(was)
	on, working := w.on[was.ID], w.working[was.ID]
	// What was listed with another account's key is marked as our account's, where the key changed right
	// after it was asked whose it is; when it is the right key again, it is rightly taken away.
	mistaken := m != nil && m.inOtherAccount && slices.Contains(was.Labels, inventory.LabelOwner+":"+m.owner)
	lives := m != nil && m.alive && !mistaken
	if !there {
		delete(w.edited, was.ID)
		delete(w.off, was.ID)
	}
	if m != nil {
		w.closed = append(w.closed, removedAsset{m.account.name, m.region, was.Name + " (" + m.id + ")"})
		w.counters.countClosed(there)
	}
	w.mu.Unlock()
	switch {
	case m == nil:
		w.Errorf("%s was removed, which is no asset of ours", was.Name)
	case lives:
		w.Errorf("%s was removed, and its instance %s lives", was.Name, m.id)
	case on:
		w.Errorf("%s was removed, which a person switched on again", was.Name)
	case working:
		w.Errorf("%s was removed, which a person changed after the plan and before its last reading: %+v", was.Name, was)
	}
}

// machineOf returns the machine whose asset a host is; w.mu is held.
func (w *world) machineOf(h jumpservertest.Host) *machine {
	for _, m := range w.machines {
		if m.assetID() == h.ID {
			return m
		}
	}
	return nil
}

// checkForeign: nothing of other people's is touched.
func (w *world) checkForeign(now map[string]jumpservertest.Host) {
	w.mu.Lock()
	var wrong []string
	for id, want := range w.foreign {
		if got, there := now[id]; !there || !reflect.DeepEqual(got, want) {
			wrong = append(wrong, fmt.Sprintf("other people's %s changed: %+v, was %+v", want.Name, got, want))
			w.foreign[id] = got // told once
		}
	}
	w.mu.Unlock()
	for _, text := range wrong {
		w.Errorf("%s", text)
	}
}

// checkOurs: what people made of an asset of ours stays, and no instance has two.
func (w *world) checkOurs(h jumpservertest.Host) {
	w.mu.Lock()
	m, mine := w.machineOf(h), w.edited[h.ID]
	_, edited := w.edited[h.ID]
	_, other := w.foreign[h.ID]
	off := w.off[h.ID]
	doubled := m != nil && w.mentioned[m.id] && !w.reportedEmpty
	if !hasGoneLabel(h) {
		delete(w.on, h.ID)
	}
	w.mu.Unlock()
	switch {
	case other:
		return
	case m == nil:
		w.Errorf("%s was made for no instance: %+v", h.Name, h)
	case !plan.IsOurs(assetOf(h)) && !plan.IsUnproved(assetOf(h)):
		w.Errorf("%s is there without its marks: %v", h.Name, h.Labels)
	case doubled:
		w.Errorf("%s is doubled, which another host names in its comment", m.id)
	case off && h.Active:
		w.Errorf("%s is active again, which a person switched off", h.Name)
	}
	if !edited {
		return
	}
	missing := slices.DeleteFunc(slices.Clone(mine.Labels), func(l string) bool {
		return strings.HasPrefix(l, "jms-") || slices.Contains(h.Labels, l)
	})
	if h.Comment != mine.Comment || !reflect.DeepEqual(h.Protocols, mine.Protocols) || !reflect.DeepEqual(h.Nodes, mine.Nodes) || len(missing) > 0 {
		w.Errorf("%s lost what people made of it: %+v, was %+v", h.Name, h, mine)
	}
}

// assetOf returns of a host what its marks are made of.
func assetOf(h jumpservertest.Host) inventory.Asset {
	a := inventory.Asset{ID: h.ID, Comment: h.Comment, Host: true}
	for _, l := range h.Labels {
		name, value, _ := strings.Cut(l, ":")
		a.Labels = append(a.Labels, inventory.Label{Name: name, Value: value})
	}
	return a
}

func hasGoneLabel(h jumpservertest.Host) bool {
	return slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, inventory.LabelGone+":") })
}

// converge ends all faults: the first run puts right what they left, the second writes nothing,
// and then JumpServer is as the clouds are, but for what is held or left alone, and told.
func (w *world) converge() {
	w.healAll()
	time.Sleep(3 * time.Hour)
	mending, _ := w.runWithFaults(nil, 10*time.Minute)
	if mending.Err != nil || mending.Report.Failures > 0 {
		w.Errorf("a clean run fails: %v %+v", mending.Err, mending.Report.Errors)
	}
	w.checkNotified()
	held := mending.Report.Held
	w.store = nil // what it remembers must hide nothing
	time.Sleep(2 * time.Minute)
	out, _ := w.runWithFaults(nil, 10*time.Minute)
	// What is held for its share of a scope passes when the run that held it made the scope larger.
	for n := 0; held > 0 && w.jumpserver.Writes() > 0 && n < 3; n++ {
		held = out.Report.Held
		time.Sleep(2 * time.Minute)
		out, _ = w.runWithFaults(nil, 10*time.Minute)
	}
	if n := w.jumpserver.Writes(); n > 0 {
		w.Errorf("the last clean run makes %d writes: %v", n, w.jumpserver.Calls())
	}
	w.checkConverged(out)
}

// checkConverged compares JumpServer with the clouds.
func (w *world) checkConverged(last engine.RunResult) {
	told, held := map[string]bool{}, 0
	for l := range last.PlanLines {
		if l.Action == plan.Hold {
			held++
		}
		if l.Action == plan.Hold || l.Action == plan.Skip {
			said := l.Reason.Text(w.rules.Lang) != ""
			told[l.InstanceID], told[l.AssetID] = said, said
		}
	}
	if last.Report.Held != held {
		w.Errorf("%d removals are held, and %d reported", held, last.Report.Held)
	}
	w.counters.countHeld(held)
	hosts := map[string]jumpservertest.Host{}
	for _, h := range w.jumpserver.Hosts(org) {
		hosts[h.ID] = h
	}
	for _, m := range w.machines {
		h, there := hosts[m.assetID()]
		switch {
		case w.mentioned[m.id], m.inOtherAccount, m.alive && !there && m.ip == "":
		case m.alive && !there:
			w.Errorf("%s lives and has no asset", m.id)
		case m.alive:
			w.checkAsset(m, h)
		case there && h.Active && !told[m.id] && !told[h.ID]:
			w.Errorf("%s is gone, its asset %s is active, and nobody is told why", m.id, h.Name)
		}
	}
}

// checkAsset: name (up to its suffix), address and state are those of a living instance.
func (w *world) checkAsset(m *machine, h jumpservertest.Host) {
	if !strings.HasPrefix(m.name, h.Name) && !strings.Contains(h.Name, m.id) {
		w.Errorf("%s is called %q, its asset %q", m.id, m.name, h.Name)
	}
	if m.ip != "" && h.Address != m.ip {
		w.Errorf("%s has the address %s, its asset %s", m.id, m.ip, h.Address)
	}
	if h.Active == w.off[h.ID] || hasGoneLabel(h) {
		w.Errorf("%s lives, its asset has active %t (switched off by a person: %t), labels %v", m.id, h.Active, w.off[h.ID], h.Labels)
	}
}
