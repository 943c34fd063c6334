package delivery_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// shelf keeps pages in memory.
type shelf struct{ kept []report.Report }

func (s *shelf) KeepPage(_ context.Context, rep report.Report) string {
	s.kept = append(s.kept, rep)
	return "https://bucket.example.com/page.html?a=(1)&b=2"
}

// TestPages: the page of a run is kept once, if it wrote or people are notified of it, and the card links it; a run that says
// nothing has none, and neither has a dry run.
func TestPages(t *testing.T) {
	t.Parallel()
	created := report.Input{Items: []apply.Item{{Change: plan.Change{Action: plan.Create, Name: "web-1", Reason: reason.New(reason.NewInstance)}, State: apply.Done}}}
	dry := created
	dry.DryRun = true
	for name, c := range map[string]struct {
		in          report.Input
		on          delivery.NotifyOn
		kept, cards int
	}{
		"wrote, told":      {created, delivery.NotifyOnChange, 1, 1},
		"wrote, not told":  {created, delivery.NotifyOnFailure, 1, 0},
		"nothing, told":    {report.Input{}, delivery.NotifyAlways, 1, 1},
		"nothing, silence": {report.Input{}, delivery.NotifyOnChange, 0, 0},
		"dry":              {dry, delivery.NotifyAlways, 0, 1},
		"nobody to tell":   {created, "", 1, 0},
	} {
		channels := []delivery.Channel{{On: c.on}}
		if c.on == "" {
			channels = nil
		}
		crowd := newCrowd(t, channels...)
		pages := &shelf{}
		cards := crowd.cards()
		cards.Pages = pages
		c.in.Started, c.in.Language = crowd.now, "en"
		if _, err := cards.Deliver(t.Context(), report.Build(c.in)); err != nil {
			t.Fatal(err)
		}
		sent := 0
		for _, robot := range crowd.robots {
			sent += len(robot.Cards)
			for _, m := range robot.Cards {
				linked := m.PageURL != "" && m.PageLink() == "[The whole run report](https://bucket.example.com/page.html?a=%281%29&b=2)"
				if linked != (c.kept == 1) || strings.Contains(m.Markdown, "bucket.example.com") {
					t.Errorf("%s: the card links %q", name, m.PageURL)
				}
			}
		}
		if len(pages.kept) != c.kept || sent != c.cards {
			t.Errorf("%s: %d pages and %d cards", name, len(pages.kept), sent)
		}
	}
}

// TestPageOutlivesAWait: a card that waits in a store still links its page.
func TestPageOutlivesAWait(t *testing.T) {
	t.Parallel()
	rep := report.Build(report.Input{}).WithPage("https://x/y")
	data, err := report.Marshal(rep, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := report.Unmarshal(data)
	if m := report.NewMessage(kept, report.Options{}); err != nil || m.PageURL != "https://x/y" || m.PageText == "" || kept.HasPage() {
		t.Errorf("%v, the card links %q", err, m.PageURL)
	}
}
