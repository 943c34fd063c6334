// Package history shows the runs of half a year: sums by day, and a page of one day with charts. It does no I/O of its own.
package history

import (
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// shownDays is how many days the charts show.
const shownDays = int(state.HistoryRetention / (24 * time.Hour))

// Day is the sum of the runs that began on one day.
type Day struct {
	Date        string         `json:"date"` // 2026-11-28
	Runs        int            `json:"runs"`
	Outcomes    map[string]int `json:"outcomes"` // runs by outcome
	Created     int            `json:"created"`
	Updated     int            `json:"updated"`
	Deactivated int            `json:"deactivated"`
	Deleted     int            `json:"deleted"`
	Held        int            `json:"held"` // at most by one run, because each run holds the same again
	Failed      int            `json:"failed"`
	// Median and Longest are durations in seconds.
	Median  float64 `json:"median_seconds"`
	Longest float64 `json:"longest_seconds"`

	seconds []float64
}

// Days returns the sums of all days from the first that the history keeps to today, the oldest first; days without a run
// are among them.
func Days(runs []state.RunFigures, now time.Time, zone *time.Location) []Day {
	var days []Day
	at := map[string]int{}
	today := now.In(zone)
	for n := shownDays - 1; n >= 0; n-- {
		date := time.Date(today.Year(), today.Month(), today.Day()-n, 12, 0, 0, 0, zone).Format(time.DateOnly)
		at[date] = len(days)
		days = append(days, Day{Date: date, Outcomes: map[string]int{}})
	}
	for _, run := range runs {
		n, shown := at[run.Started.In(zone).Format(time.DateOnly)]
		if shown {
			days[n].add(run)
		}
	}
	for n := range days {
		days[n].setDurations()
	}
	return days
}

func (d *Day) add(run state.RunFigures) {
	d.Runs++
	d.Outcomes[run.Outcome]++
	d.Created += run.Created
	d.Updated += run.Updated
	d.Deactivated += run.Deactivated
	d.Deleted += run.Deleted
	d.Held = max(d.Held, run.Held)
	d.Failed += run.Failed
	d.seconds = append(d.seconds, run.Duration.Seconds())
}

// setDurations sets Median and Longest; of an even number of runs the median is the longer of the two in the middle.
func (d *Day) setDurations() {
	if len(d.seconds) == 0 {
		return
	}
	slices.Sort(d.seconds)
	d.Median, d.Longest = d.seconds[len(d.seconds)/2], d.seconds[len(d.seconds)-1]
}

// RunsOf returns the runs that began on one day, in their order.
func RunsOf(runs []state.RunFigures, date string, zone *time.Location) []state.RunFigures {
	var found []state.RunFigures
	for _, run := range runs {
		if run.Started.In(zone).Format(time.DateOnly) == date {
			found = append(found, run)
		}
	}
	return found
}

// OutcomeName returns the outcome of a run in one word.
func OutcomeName(outcome string, lang language.Lang) string {
	switch report.Outcome(outcome) {
	case report.OK:
		return lang.Text("完成", "done")
	case report.Held:
		return lang.Text("暂缓", "held")
	case report.Partial:
		return lang.Text("部分完成", "partial")
	case report.Failed:
		return lang.Text("失败", "failed")
	case report.TooLate:
		return lang.Text("过期", "stale")
	}
	return outcome
}
