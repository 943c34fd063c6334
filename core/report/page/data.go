package page

import (
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// Options say how a page is written.
type Options struct {
	Lang     language.Lang  // that the page begins with; people can change it there
	Location *time.Location // of the times shown; nil = UTC
	// MaxBytes bounds the page: what is least important is left out, and the page says how much. 0 = no bound.
	MaxBytes int
}

// document is the block of JSON, apart from its rows, and the texts and places that these refer to.
type document struct {
	Version     int             `json:"version"`
	Lang        language.Lang   `json:"lang"`
	Zone        string          `json:"zone"`
	Environment string          `json:"environment"`
	Run         run             `json:"run"`
	Counts      map[string]int  `json:"counts"`
	Stages      []report.Stage  `json:"stages"`
	Peers       []report.Peer   `json:"peers"`
	Undo        []string        `json:"undo"`
	Access      *access.Diff    `json:"access,omitempty"`
	Faces       map[string]face `json:"faces"`
}

type run struct {
	ID        string         `json:"id"`
	Outcome   report.Outcome `json:"outcome"`
	DryRun    bool           `json:"dry_run"`
	StartedAt string         `json:"started_at"`
	Duration  float64        `json:"duration_seconds"`
}

// face is all texts of a report in one language, apart from the rows.
type face struct {
	Outcome  string                 `json:"outcome"`
	Pause    string                 `json:"pause"`
	Actions  map[plan.Action]string `json:"actions"`
	Scopes   []scope                `json:"scopes"`
	Errors   []entry                `json:"errors"`
	Held     []held                 `json:"held"`
	Open     []report.OpenGroup     `json:"open"`
	Lasting  []lasting              `json:"lasting"`
	Expected []string               `json:"expected"`
	Nodes    []string               `json:"nodes"`
}

type scope struct {
	Cloud     string `json:"cloud"`
	Account   string `json:"account"`
	Region    string `json:"region"`
	Complete  bool   `json:"complete"`
	Instances int    `json:"instances"`
	Kind      string `json:"kind"`
	Message   string `json:"message"`
}

type entry struct {
	Kind     string `json:"kind"`
	Message  string `json:"message"`
	Instance string `json:"instance"`
	Warning  bool   `json:"warning"`
}

type held struct {
	Text    string `json:"text"`
	Command string `json:"command"`
	Show    string `json:"show"`
}

type lasting struct {
	Text  string `json:"text"`
	Since string `json:"since"`
}

func newDocument(r report.Report, faces map[language.Lang]report.Report, o Options) document {
	d := document{
		Version: 1, Lang: o.Lang, Environment: r.Environment(), Access: r.Access, Undo: r.UndoCommands(),
		Run: run{r.RunID(), r.Outcome, r.DryRun, r.StartedAt, r.Duration},
		Counts: map[string]int{
			"total": r.Total, "created": r.Created, "updated": r.Updated, "deactivated": r.Deactivated, "deleted": r.Deleted, "unchanged": r.Unchanged,
			"skipped": r.Skipped, "held": r.Held, "failed": r.Failures, "unknown": r.Unknown, "orphans": r.Orphans, "drifted": r.Drifted,
		},
		Stages: append([]report.Stage{}, r.Stages...), Peers: append([]report.Peer{}, r.Peers...), Faces: map[string]face{},
	}
	if o.Location != nil && o.Location != time.UTC {
		d.Zone = o.Location.String()
	}
	for lang, in := range faces {
		d.Faces[string(lang)] = newFace(in, lang)
	}
	return d
}

func newFace(r report.Report, lang language.Lang) face {
	f := face{
		Outcome: report.OutcomeName(r.Outcome, lang), Actions: map[plan.Action]string{}, Scopes: []scope{}, Errors: []entry{}, Held: []held{},
		Open: append([]report.OpenGroup{}, r.StaysOpen...), Lasting: []lasting{}, Expected: append([]string{}, r.Expected...), Nodes: r.NodeTexts(lang),
	}
	for _, a := range report.ActionOrder() {
		f.Actions[a] = report.ActionName(a, lang)
	}
	if r.Pause != nil {
		f.Pause = r.Pause.Text
	}
	for _, s := range r.Scopes {
		shown := scope{Cloud: string(s.Cloud), Account: s.Account, Region: s.Region, Complete: s.Complete, Instances: s.Instances, Message: s.Error.Message}
		if !s.Complete {
			shown.Kind = report.KindName(s.Error.Kind, lang)
		}
		f.Scopes = append(f.Scopes, shown)
	}
	for _, e := range r.Errors {
		f.Errors = append(f.Errors, entry{report.KindName(e.Kind, lang), e.Message, e.InstanceID, r.IsWarningEntry(e)})
	}
	for _, set := range r.HeldSets {
		text, approve, show := r.HeldSetText(set, lang)
		f.Held = append(f.Held, held{text, approve, show})
	}
	for _, l := range r.Lasting(lang) {
		f.Lasting = append(f.Lasting, lasting{l.Text, l.Since.UTC().Format(time.RFC3339)})
	}
	return f
}

// interned is the texts and places of the rows, each once.
type interned[T comparable] struct {
	all   []T
	known map[T]int
}

func (s *interned[T]) index(one T) int {
	at, known := s.known[one]
	if !known {
		if s.known == nil {
			s.known = map[T]int{}
		}
		at = len(s.all)
		s.known[one] = at
		s.all = append(s.all, one)
	}
	return at
}
