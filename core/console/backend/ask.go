package backend

import (
	"context"
	"errors"
	"net/http"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// maxExplained is how many instances and assets one answer explains.
const maxExplained = 10

// Explain implements console.Backend.
func (b *Backend) Explain(ctx context.Context, query, lang string) (console.Explained, error) {
	s, err := b.open(ctx, session.Hooks{})
	if err != nil {
		return console.Explained{}, err
	}
	defer s.Close()
	in := s.Language()
	if lang == string(language.English) || lang == string(language.Chinese) {
		in = language.Lang(lang)
	}
	out := s.Explain(ctx, session.PlanRequest{Only: []string{query}})
	answer := console.Explained{Query: query, Matches: []explain.Explanation{}, Unread: unreadOf(out.Report), Among: []string{}}
	if out.Basis == nil {
		return answer, runFailure(out)
	}
	found := plan.Find(out.Basis.Input, out.Basis.Rules, query)
	answer.Total = len(found)
	if len(found) == 0 {
		return answer, runFailure(out)
	}
	for n, subject := range found {
		switch {
		case n == maxExplained:
			return answer, nil
		case len(found) > maxExplained:
			answer.Among = append(answer.Among, subjectName(subject))
		default:
			e, err := s.ExplainSubject(ctx, *out.Basis, subject, in)
			if err != nil {
				e.AccessError = language.ErrorText(err, in)
			}
			answer.Matches = append(answer.Matches, e)
		}
	}
	return answer, nil
}

func subjectName(s plan.Subject) string {
	if s.InstanceID != "" {
		return s.InstanceID
	}
	return s.AssetID
}

// runFailure returns why a run has no answer.
func runFailure(out engine.RunResult) error {
	why := out.Err
	var named *reason.RunError
	if errors.As(why, &named) {
		status, code := http.StatusBadGateway, console.CodeFailed
		switch named.Reason.Code {
		case reason.NoSuchAccount, reason.AccountsUnknown, reason.NothingSelected, reason.NothingMeant:
			status, code = http.StatusNotFound, console.CodeNotFound
		}
		return console.NewFailure(status, code, language.New(named.Reason.Text(language.Chinese), named.Reason.Text(language.English)), nil)
	}
	return console.NewFailure(http.StatusBadGateway, console.CodeFailed, language.New("什么也没有读到", "nothing was read"), why)
}

func unreadOf(r report.Report) []console.ScopeResult {
	found := []console.ScopeResult{}
	for _, s := range scopesOf(r) {
		if !s.Complete {
			found = append(found, s)
		}
	}
	return found
}

// Doctor implements console.Backend.
func (b *Backend) Doctor(ctx context.Context) (console.Doctor, error) {
	checks, err := b.Examine(ctx)
	if err != nil {
		return console.Doctor{}, console.NewFailure(http.StatusServiceUnavailable, console.CodeConfig, language.New("配置不能用", "the configuration cannot be used"), err)
	}
	found := doctor.RunChecks(ctx, checks, doctor.CheckTimeout)
	zh, en := doctor.NewDocument(found, language.Chinese), doctor.NewDocument(found, language.English)
	out := console.Doctor{Sections: []console.DoctorSection{}, OK: zh.OK, Warnings: zh.Warnings, Failures: zh.Failures}
	for n, section := range zh.Sections {
		shown := console.DoctorSection{Title: console.Text{ZH: section.Title, EN: en.Sections[n].Title}, Findings: []console.DoctorFinding{}}
		for m, f := range section.Findings {
			other := en.Sections[n].Findings[m]
			shown.Findings = append(shown.Findings, console.DoctorFinding{
				Subject: console.Text{ZH: f.Subject, EN: other.Subject}, Verdict: string(f.Verdict),
				Found: console.Text{ZH: f.Found, EN: other.Found}, Fix: console.Text{ZH: f.Fix, EN: other.Fix},
			})
		}
		out.Sections = append(out.Sections, shown)
	}
	return out, nil
}

// Config implements console.Backend.
func (b *Backend) Config(ctx context.Context) (console.Config, error) {
	out := console.Config{Settings: []console.Setting{}, Mistakes: []console.ConfigFinding{}, Warnings: []console.ConfigFinding{}}
	checked, err := b.Check(ctx)
	var wrong *config.Error
	switch {
	case errors.As(err, &wrong):
		out.Mistakes = findingsOf(wrong.Mistakes)
	case err != nil:
		return out, console.NewFailure(http.StatusServiceUnavailable, console.CodeConfig, language.New("读不到配置", "the configuration cannot be read"), err)
	}
	out.Valid, out.Warnings = err == nil, findingsOf(checked.Warnings)
	if err != nil {
		return out, nil // what can be read of a wrong one may be anything
	}
	for _, v := range config.Values(checked.Config, session.Clouds()) {
		out.Settings = append(out.Settings, console.Setting{
			Path: v.Path, Value: v.Text, Secret: v.Secret, Default: v.Default, Doc: console.Text{ZH: v.DocZH, EN: v.DocEN},
		})
	}
	return out, nil
}

func findingsOf(all config.Mistakes) []console.ConfigFinding {
	found := []console.ConfigFinding{}
	for _, m := range all {
		found = append(found, console.ConfigFinding{Path: m.Path, Line: m.Line, Text: console.Text{ZH: m.ZH, EN: m.EN}})
	}
	return found
}
