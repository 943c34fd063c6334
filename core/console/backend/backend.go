// Package backend answers a console from sessions: each question opens one, so that it has the configuration and the
// credentials of now, and whatever a session does has quarantine, lease, pause and history.
package backend

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/state"
)

// Options are what a backend stands on.
type Options struct {
	// Open opens a session, which the backend closes.
	Open func(ctx context.Context, hooks session.Hooks) (*session.Session, error)
	// Check checks the configuration as it is where it comes from.
	Check func(ctx context.Context) (config.Checked, error)
	// Examine returns the checks of doctor.
	Examine func(ctx context.Context) ([]doctor.Check, error)
}

// Backend implements console.Backend.
type Backend struct{ Options }

var _ console.Backend = (*Backend)(nil)

// New returns a Backend.
func New(o Options) *Backend { return &Backend{o} }

// opened is a session of one question.
type opened struct{ *session.Session }

func (b *Backend) open(ctx context.Context, hooks session.Hooks) (opened, error) {
	s, err := b.Open(ctx, hooks)
	if err != nil {
		return opened{}, console.NewFailure(http.StatusServiceUnavailable, console.CodeConfig,
			language.New("配置不能用", "the configuration cannot be used"), err)
	}
	return opened{s}, nil
}

// openStore opens a session that has a state store.
func (b *Backend) openStore(ctx context.Context) (opened, error) {
	s, err := b.open(ctx, session.Hooks{})
	if err == nil && s.Store() == nil {
		s.Close()
		err = console.NewFailure(http.StatusServiceUnavailable, console.CodeNoStore, language.New("没有设置状态存储（"+config.EnvState+"），这里什么都不知道",
			"no state store is set ("+config.EnvState+"), so that nothing is known here"), nil)
	}
	return s, err
}

// storeFailure says that the store does not answer.
func storeFailure(err error) error {
	return console.NewFailure(http.StatusServiceUnavailable, console.CodeStore, language.New("状态存储连不上或读不了", "the state store cannot be reached or read"), err)
}

// About implements console.Backend.
func (b *Backend) About(ctx context.Context) console.About {
	s, err := b.open(ctx, session.Hooks{})
	if err != nil {
		return console.About{Language: string(language.Chinese)}
	}
	defer s.Close()
	cfg := s.Config()
	a := console.About{Environment: cfg.Environment.Type, Language: cfg.Language, Zone: cfg.Timezone, Organisation: cfg.JumpServer.OrgID}
	if s.Store() != nil {
		a.Store, a.Server, a.Organisation = true, s.Store().Server(), s.Store().Organisation()
	}
	return a
}

// inBoth returns a text that is worded for each language.
func inBoth(word func(language.Lang) string) console.Text {
	return console.Text{ZH: word(language.Chinese), EN: word(language.English)}
}

// problemText returns what a person reads of a part that could not be read.
func problemText(what language.Text, err error) console.Text {
	return console.NewText(what.WithError(err))
}

// actionTexts returns the names of all actions.
func actionTexts() map[string]console.Text {
	names := map[string]console.Text{}
	for _, a := range []plan.Action{
		plan.Create, plan.Update, plan.Deactivate, plan.Delete, plan.Node, plan.Hold, plan.Drift, plan.Skip, plan.Orphan, plan.Keep, report.Fail, report.Unknown,
	} {
		names[string(a)] = inBoth(func(lang language.Lang) string { return report.ActionName(a, lang) })
	}
	return names
}

// rowOf returns a run as the list of runs shows it.
func rowOf(r report.Report) console.RunRow {
	at, _ := time.Parse(time.RFC3339, r.StartedAt)
	row := console.RunRow{
		ID: report.RunID(at), StartedAt: at, Duration: r.Duration, Outcome: string(r.Outcome),
		OutcomeText: inBoth(func(lang language.Lang) string { return report.OutcomeName(r.Outcome, lang) }),
		Counts: console.RunCounts{
			Total: r.Total, Created: r.Created, Updated: r.Updated, Deactivated: r.Deactivated, Deleted: r.Deleted, Unchanged: r.Unchanged, Skipped: r.Skipped,
			Held: r.Held, Failed: r.Failures, Unknown: r.Unknown, Orphans: r.Orphans, Drifted: r.Drifted,
		},
		Scopes: len(r.Scopes), Errors: len(r.Errors),
	}
	for _, s := range r.Scopes {
		if !s.Complete {
			row.Incomplete++
		}
	}
	return row
}

// document is a run as the history has it.
type document struct {
	report.Report
	Shortened []string `json:"shortened"`
	raw       json.RawMessage
}

func parseDocument(r state.RunRecord) (document, error) {
	d := document{raw: r.Document}
	err := json.Unmarshal(r.Document, &d)
	if err == nil {
		_, err = time.Parse(time.RFC3339, d.StartedAt)
	}
	return d, err
}

// parseDocuments returns the runs that can be read, and what there is to say of the others.
func parseDocuments(records []state.RunRecord, unread error) (all []document, problems []console.Text) {
	if unread != nil {
		problems = append(problems, problemText(language.New("有的运行记录读不了", "some runs of the history cannot be read"), unread))
	}
	var broken []error
	for _, r := range records {
		d, err := parseDocument(r)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		all = append(all, d)
	}
	if len(broken) > 0 {
		problems = append(problems, problemText(language.New("有的运行记录读不了", "some runs of the history cannot be read"), errors.Join(broken...)))
	}
	return all, problems
}
