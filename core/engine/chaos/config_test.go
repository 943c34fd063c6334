package chaos

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// makeRules makes what people configured at first, and will in the end.
func (w *world) makeRules() {
	w.limits = plan.Limits{
		Percent: 20 + w.rand.IntN(80), Min: 1 + w.rand.IntN(3), PerRun: 2 + w.rand.IntN(8), AllowEmpty: w.rand.IntN(4) == 0,
	}
	w.limits.Fleet = plan.Share{Percent: w.limits.Percent, Min: 2 * w.limits.Min}
	if w.rand.IntN(3) == 0 { // as the README shows how to let held removals pass: proof is all that is left
		w.limits = plan.Limits{Percent: 100, Min: 3, Fleet: plan.Share{Percent: 100}, PerRun: 500, AllowEmpty: true}
	}
	w.writers = 1 + w.rand.IntN(3)
	w.rules = plan.Rules{Lang: enginetest.Pick(w.rand, language.Chinese, language.English)}
	enginetest.PickRemoval(w.rand, &w.rules)
	w.correctRules, w.correctLimits = w.rules, w.limits
	w.shortestGrace = w.rules.Grace
}

// configChanges is how many kinds of changes there are.
const configChanges = 22

// changeConfig lets a person change one thing in the configuration, rightly or wrongly. The next run is a new process.
func (w *world) changeConfig() {
	a := enginetest.Pick(w.rand, w.accounts...)
	other := enginetest.Pick(w.rand, w.accounts...)
	n, yes := w.rand.IntN(configChanges), w.rand.IntN(2) == 0
	switch n {
	case 0:
		w.setKey(a, a.stranger)
	case 1: // the person means it, and says so
		w.setKey(a, a.stranger)
		a.now.owner = a.stranger.owner
	case 2:
		w.setKey(a, a.own)
	case 3: // two accounts of a cloud with each other's keys
		if a.own.cloud == other.own.cloud && !w.sharesJumpServer() {
			w.setKey(a, other.own)
			w.setKey(other, a.own)
		}
	case 4:
		a.now.owner = enginetest.Pick(w.rand, "", a.opens.owner)
	case 5:
		a.now.owner = a.own.cloud.owner(77)
	case 6:
		a.now.name = a.first + "-renamed"
	case 7: // a name moves to another account, maybe of another cloud
		a.now.name, other.now.name = other.now.name, a.now.name
	case 8:
		a.now.spelling = enginetest.Pick(w.rand, a.own.cloud.spellings...)
	case 9:
		a.now.regions = enginetest.Pick(w.rand, nil, a.own.cloud.regions, a.own.cloud.regions[:1], a.own.cloud.regions[1:])
		a.now.excluded = nil
		if a.now.regions == nil && yes {
			a.now.excluded = a.own.cloud.regions[:1]
		}
	case 10:
		a.now.disabled = !a.now.disabled
	case 11:
		a.now.removed = !a.now.removed
	case 12:
		a.now.endpoint = enginetest.Pick(w.rand, "", "nowhere", string(other.own.cloud.cloud), dingTalk)
	case 13:
		a.now.project = enginetest.Pick(w.rand, "", teamProject, a.own.cloud.regions[0])
		if a.own.cloud.cloud != huaweiCSP {
			a.now.project = ""
		}
	default:
		w.changeRules(n, yes)
	}
	if a.now.project != "" {
		a.now.regions, a.now.excluded = a.own.cloud.regions[:1], nil // a region refuses the projects of another, which one emulated address cannot
	}
	w.forgetClients()
	w.counters.configured[n].Add(1)
	w.Note("configuration %d: %s is %+v with a key of %s; %+v %+v", n, a.first, a.now, a.opens.owner, w.rules, w.limits)
}

// sharesJumpServer reports whether two organisations are of one JumpServer. An asset's id is there once: what one has made,
// the other can never make, and fails.
func (w *world) sharesJumpServer() bool {
	return len(w.sites) > 1 && w.sites[0].server == w.sites[1].server && w.sites[0].org != w.sites[1].org
}

// changeRules changes what holds for all accounts.
func (w *world) changeRules(n int, yes bool) {
	some := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/29")}
	switch n {
	case 14:
		w.rules.Whitelist = map[bool][]netip.Prefix{true: some}[yes]
	case 15:
		w.limits.Approval = enginetest.Pick(w.rand, plan.ApproveNothing, plan.ApproveRemovals, plan.ApproveAll)
	case 16, 17:
		enginetest.PickRemoval(w.rand, &w.rules)
		w.shortestGrace = min(w.shortestGrace, w.rules.Grace)
	case 18:
		w.limits.Percent, w.limits.AllowEmpty = 100, yes
	case 19:
		w.rules.NoDelete = yes
	case 20:
		w.rules.Protected = map[bool][]netip.Prefix{true: some}[yes]
	case 21:
		w.rules.ProtectedNames = map[bool][]string{true: {"web*"}}[yes]
	}
}

// correctConfig makes the configuration what it should be, and says in each account whose it is.
func (w *world) correctConfig() {
	for _, a := range w.accounts {
		a.now = a.correct
		a.now.owner = a.own.owner
		w.setKey(a, a.own)
	}
	w.rules, w.limits = w.correctRules, w.correctLimits
}

// salt returns what a session makes of all that decides what becomes of a listing.
func (w *world) salt(rules plan.Rules) string {
	what := []any{rules, w.limits}
	if w.ruled {
		what = append(what, rules.Mapping.Fingerprint())
	}
	text, err := json.Marshal(what)
	if err != nil {
		w.Errorf("salt: %v", err)
	}
	return string(text)
}

// pauseOrResume lets a person pause removals, or all writes, for a time, or end it.
func (w *world) pauseOrResume() {
	s := enginetest.Pick(w.rand, w.sites...)
	if s.store == nil {
		return
	}
	err := s.savePause(w.rand.IntN(2) == 0, time.Duration(w.rand.IntN(4))*time.Hour)
	w.Note("a person pauses or resumes: %v", err)
}
