package delivery

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/state"
)

// When people are notified of a condition: as it begins, once more after firstReminder, then every reminder, and once as
// it ends.
const (
	firstReminder = 6 * time.Hour
	reminder      = 24 * time.Hour
	// patience is how long what mostly ends by itself has to last.
	patience = time.Hour
	// growthPause is how long people are not notified that a condition has grown.
	growthPause = time.Hour
	// relapseTime is how long after its end a condition is the same one if it comes back. Its next end is told only after it
	// stayed away that long.
	relapseTime = time.Hour
	// sendTimeout is how long a card that was not settled may still be on its way.
	sendTimeout = 10 * time.Minute
	// conditionRetention is how long one is remembered that no run looks for any more.
	conditionRetention = 30 * 24 * time.Hour
)

// judge decides what people are notified of after one run, from what is remembered. It is pure.
type judge struct {
	rep      report.Report
	wants    func(report.Condition) bool
	now      time.Time
	claim    string
	interval time.Duration // of the timer

	news    report.News
	next    []state.Condition
	changed bool
}

// judge returns what is remembered from now on. What people are notified of is claimed for this run's card.
func (j *judge) judge(known []state.Condition) (next []state.Condition, changed bool) {
	j.next = slices.Clone(known)
	for n := range j.next {
		j.mendClock(&j.next[n])
	}
	current := slices.DeleteFunc(j.rep.Conditions(), func(c report.Condition) bool { return !j.wants(c) })
	for _, c := range current {
		j.see(c)
	}
	j.endOthers(current)
	due := j.claimDue(current)
	for _, c := range current {
		k := j.find(c.Key)
		n := report.Notice{Condition: c, Since: k.Since, Again: k.Notices > 0}
		switch {
		case due[c.Key]:
			j.news.Due = append(j.news.Due, n)
		case k.Notices > 0:
			j.news.Standing = append(j.news.Standing, n)
		}
	}
	sorting.By(j.next, func(x, y state.Condition) int { return strings.Compare(x.Key, y.Key) })
	return j.next, j.changed
}

func (j *judge) find(key string) *state.Condition {
	at := slices.IndexFunc(j.next, func(k state.Condition) bool { return k.Key == key })
	if at < 0 {
		return nil
	}
	return &j.next[at]
}

// mendClock takes times that a wrong clock wrote, later than now, for now: nobody is silent until they are over.
func (j *judge) mendClock(k *state.Condition) {
	latest := j.now.Add(state.MaxSkew)
	for _, at := range []*time.Time{&k.Since, &k.SeenAt, &k.NotifiedAt, &k.ClaimedAt, &k.GoneSince, &k.EndedAt} {
		if at.After(latest) {
			*at, j.changed = j.now.UTC(), true
		}
	}
}

// see notes that a condition is there.
func (j *judge) see(c report.Condition) {
	k := j.find(c.Key)
	if k == nil {
		j.next = append(j.next, state.Condition{Key: c.Key, Since: j.now.UTC()})
		k = j.find(c.Key)
		j.describe(k, c)
		return
	}
	switch {
	case !k.EndedAt.IsZero() && j.now.Sub(k.EndedAt) >= relapseTime:
		*k = state.Condition{Key: c.Key, Since: j.now.UTC()}
		j.describe(k, c)
	case !k.EndedAt.IsZero(): // it came back
		k.EndedAt, k.NotifiedAt, k.Notices, k.Relapsed = time.Time{}, time.Time{}, 0, true
		j.describe(k, c)
	case c.Code != "" && c.Code != k.Code: // it is another now
		k.GoneSince, k.NotifiedAt, k.Notices = time.Time{}, time.Time{}, 0
		j.describe(k, c)
	case !k.GoneSince.IsZero():
		k.GoneSince = time.Time{}
		j.describe(k, c)
	case c.Size < k.Size, j.now.Sub(k.SeenAt) >= j.seenPause(c):
		j.describe(k, c)
	}
}

// seenPause is how often it is noted that a condition is still there: of failures often, as they say that runs are made.
func (j *judge) seenPause(c report.Condition) time.Duration {
	if c.IsUrgent() && j.interval > 0 {
		return j.interval
	}
	return reminder
}

// describe notes what a condition is like. It grows only by a notice.
func (j *judge) describe(k *state.Condition, c report.Condition) {
	const longest = 300 // characters of a text
	if k.Kind == "" || c.Size < k.Size {
		k.Size = c.Size
	}
	if c.Code != "" || k.Kind == "" {
		k.Code = c.Code
	}
	text := []rune(c.Text)
	k.Kind, k.Cloud, k.Account, k.Region, k.Slice, k.Patient = string(c.Kind), c.Cloud, c.Account, c.Region, c.Slice, c.Patient
	k.Text, k.SeenAt, j.changed = string(text[:min(len(text), longest)]), j.now.UTC(), true
}

// claimDue claims the conditions of which people are notified by this run's card. If there are any, those that would be
// due soon stand on the same card.
func (j *judge) claimDue(current []report.Condition) map[string]bool {
	due := map[string]bool{}
	for _, c := range current {
		if j.isDue(c, 1) {
			due[c.Key] = true
		}
	}
	if len(due)+len(j.news.Ended) == 0 {
		return due
	}
	for _, c := range current {
		if due[c.Key] || j.isDue(c, 2) {
			due[c.Key] = true
			j.claimFor(j.find(c.Key))
		}
	}
	return due
}

// isDue reports whether people are notified of a condition; sooner divides the time between two notices.
func (j *judge) isDue(c report.Condition, sooner time.Duration) bool {
	k := j.find(c.Key)
	since := j.now.Sub(k.NotifiedAt)
	switch {
	case j.isClaimed(*k), c.Patient && j.now.Sub(k.Since) < patience:
		return false
	case k.Notices == 0, c.Size > k.Size && since >= growthPause:
		return true
	case k.Notices == 1:
		return since >= firstReminder/sooner
	}
	return since >= reminder/sooner
}

// isClaimed reports whether another run may be sending a card about a condition.
func (j *judge) isClaimed(k state.Condition) bool {
	return k.Claim != "" && k.Claim != j.claim && j.now.Sub(k.ClaimedAt) < sendTimeout
}

func (j *judge) claimFor(k *state.Condition) {
	k.Claim, k.ClaimedAt, j.changed = j.claim, j.now.UTC(), true
}

// endOthers ends the conditions that this run looked for and did not find, and forgets those that ended long ago.
func (j *judge) endOthers(current []report.Condition) {
	var forgotten []string
	for n := range j.next {
		k := &j.next[n]
		c := conditionOf(*k)
		switch {
		case slices.ContainsFunc(current, func(c report.Condition) bool { return c.Key == k.Key }):
		case !k.EndedAt.IsZero():
			if j.now.Sub(k.EndedAt) >= relapseTime {
				forgotten = append(forgotten, k.Key)
			}
		case !j.rep.HasSeen(c):
			if j.now.Sub(k.SeenAt) >= conditionRetention {
				forgotten = append(forgotten, k.Key)
			}
		case j.isClaimed(*k):
		case k.Notices == 0 && (!c.IsUrgent() || c.Patient) || !j.wants(c):
			forgotten = append(forgotten, k.Key) // nobody knows of it
		case k.GoneSince.IsZero() && k.Relapsed:
			k.GoneSince, j.changed = j.now.UTC(), true
		case k.Relapsed && j.now.Sub(k.GoneSince) < relapseTime:
		default:
			j.claimFor(k)
			j.news.Ended = append(j.news.Ended, report.Notice{Condition: c, Since: k.Since, Again: true})
		}
	}
	j.changed = j.changed || len(forgotten) > 0
	j.next = slices.DeleteFunc(j.next, func(k state.Condition) bool { return slices.Contains(forgotten, k.Key) })
}

// conditionOf returns the condition that is remembered.
func conditionOf(k state.Condition) report.Condition {
	return report.Condition{
		Key: k.Key, Kind: report.ConditionKind(k.Kind), Code: k.Code, Cloud: k.Cloud, Account: k.Account, Region: k.Region,
		Slice: k.Slice, Size: k.Size, Text: k.Text, Patient: k.Patient,
	}
}

// settleClaims returns what is remembered once the card with a claim was accepted, or was not.
func settleClaims(known []state.Condition, current []report.Condition, claim string, accepted bool, now time.Time) (next []state.Condition, changed bool) {
	next = slices.Clone(known)
	for n := range next {
		k := &next[n]
		if k.Claim != claim {
			continue
		}
		k.Claim, k.ClaimedAt, changed = "", time.Time{}, true
		if !accepted {
			continue
		}
		at := slices.IndexFunc(current, func(c report.Condition) bool { return c.Key == k.Key })
		if at < 0 {
			k.EndedAt, k.GoneSince = now.UTC(), time.Time{}
			continue
		}
		k.NotifiedAt, k.Size = now.UTC(), current[at].Size
		k.Notices++
	}
	return next, changed
}
