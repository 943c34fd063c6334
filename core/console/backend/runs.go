package backend

import (
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
)

// maxRuns is how many runs one answer has at most.
const maxRuns = 500

// Runs implements console.Backend.
func (b *Backend) Runs(ctx context.Context, days int) (console.Runs, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.Runs{}, err
	}
	defer s.Close()
	now, zone := s.Now(), s.Config().Location()
	records, err := s.Store().ListRuns(ctx, now.AddDate(0, 0, -days), maxRuns+1)
	if err != nil && len(records) == 0 {
		return console.Runs{}, storeFailure(err)
	}
	more := len(records) > maxRuns
	all, problems := parseDocuments(records[:min(len(records), maxRuns)], err)
	out := console.Runs{Runs: []console.RunRow{}, More: more, Days: newDays(now, days, zone), Problems: append([]console.Text{}, problems...)}
	for _, d := range all {
		row := rowOf(d.Report)
		out.Runs = append(out.Runs, row)
		addToDay(out.Days, row, zone)
	}
	return out, nil
}

func newDays(now time.Time, days int, zone *time.Location) []console.Day {
	list := []console.Day{}
	for ago := days; ago >= 0; ago-- {
		list = append(list, console.Day{Date: now.In(zone).AddDate(0, 0, -ago).Format(time.DateOnly), Outcomes: map[string]int{}})
	}
	return list
}

func addToDay(days []console.Day, r console.RunRow, zone *time.Location) {
	date := r.StartedAt.In(zone).Format(time.DateOnly)
	for n := range days {
		d := &days[n]
		if d.Date != date {
			continue
		}
		d.Runs++
		d.Outcomes[r.Outcome]++
		d.Created += r.Counts.Created
		d.Updated += r.Counts.Updated
		d.Deactivated += r.Counts.Deactivated
		d.Deleted += r.Counts.Deleted
		d.Held = max(d.Held, r.Counts.Held) // each run holds the same again
		d.Failed += r.Counts.Failed
		d.Longest = max(d.Longest, r.Duration)
	}
}

// Run implements console.Backend.
func (b *Backend) Run(ctx context.Context, id string) (console.Run, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.Run{}, err
	}
	defer s.Close()
	missing := console.NewFailure(http.StatusNotFound, console.CodeNotFound, language.New("历史里没有这一次运行（保留 180 天）", "the history, which keeps 180 days, has no such run"), nil)
	started, err := report.ParseRunID(id)
	if err != nil {
		return console.Run{}, missing
	}
	record, found, err := s.Store().FindRun(ctx, started)
	switch {
	case err != nil:
		return console.Run{}, storeFailure(err)
	case !found:
		return console.Run{}, missing
	}
	d, err := parseDocument(record)
	if err != nil {
		return console.Run{}, storeFailure(err)
	}
	return console.Run{RunRow: rowOf(d.Report), Document: d.raw, Shortened: append([]string{}, d.Shortened...), Actions: actionTexts()}, nil
}
