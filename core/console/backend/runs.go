package backend

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// maxRuns is how many runs one answer has at most: the document of each is read.
const maxRuns = 100

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
	figures, leftOut, figuresErr := s.Store().ListRunFigures(ctx, now.AddDate(0, 0, -days))
	if figuresErr != nil || leftOut > 0 {
		problems = append(problems, problemText(language.Newf("图里缺少一些运行（%d 次）", "the charts lack some runs (%d)", leftOut), cmp.Or(figuresErr, language.Errorf("太旧或太多", "too old or too many"))))
	}
	out := console.Runs{Runs: []console.RunRow{}, More: more, Days: newDays(now, days, zone), Problems: append([]console.Text{}, problems...)}
	for _, d := range all {
		out.Runs = append(out.Runs, rowOf(d.Report))
	}
	for _, f := range figures {
		addToDay(out.Days, f, zone)
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

func addToDay(days []console.Day, f state.RunFigures, zone *time.Location) {
	date := f.Started.In(zone).Format(time.DateOnly)
	for n := range days {
		d := &days[n]
		if d.Date != date {
			continue
		}
		d.Runs++
		d.Outcomes[f.Outcome]++
		d.Created += f.Created
		d.Updated += f.Updated
		d.Deactivated += f.Deactivated
		d.Deleted += f.Deleted
		d.Held = max(d.Held, f.Held) // each run holds the same again
		d.Failed += f.Failed
		d.Longest = max(d.Longest, f.Duration.Seconds())
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
