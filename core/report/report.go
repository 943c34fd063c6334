// Package report promises one value for all that a run did, and several faces of it: the results document, a chat
// message within a size limit, and text for a terminal. It does no I/O of its own.
package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Outcome says in one word how a run ended. Of several the worst counts: failed, partial, held, ok.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Held    Outcome = "held"    // removals are put off to a later run
	Partial Outcome = "partial" // a scope or an item failed, or the time was too short
	Failed  Outcome = "failed"  // nothing useful was done
	TooLate Outcome = "stale"   // the trigger fired too long ago, nothing was run
)

// Fail is the action of a change that failed, Unknown that of a change whose outcome is unknown. All others are the
// plan's.
const (
	Fail    plan.Action = "fail"
	Unknown plan.Action = "unknown"
)

// Input is all that a report is made of.
type Input struct {
	Started     time.Time
	Duration    time.Duration
	DryRun      bool
	Environment string
	Language    language.Lang // of the reasons in Report.Changes
	// OtherLanguage is one that some people read besides; "" = nobody does. See Report.In.
	OtherLanguage language.Lang
	Listings      []inventory.Listing // sorted by scope
	Notes         []plan.Change       // Skip, Hold and Keep
	Unchanged     int
	Items         []apply.Item
	Nodes         []apply.Node
	Problems      []error // of the run and not of one item; some are only warnings, see IsWarning
	Stopped       error   // what ended the run before it did its work
	HeldSets      []HeldSetSummary
	Expected      []reason.Reason // what people have announced
	Pause         plan.Pause      // what a person has paused
	PauseEnded    reason.Reason   // what to report of a pause that ended by itself; without a code = nothing
	Names         plan.Names      // of what the changes name by ids
	// Recorded says that the run is put into the history, so that people can name it.
	Recorded bool
	// Compared says that all of JumpServer was compared with the listings.
	Compared bool
	Approved map[string]string // of removals that people approved: the set's hash, by asset
	// Access is who gains and who loses hosts by the run; nil = nobody asked.
	Access *access.Diff
	Stages []Stage
	Peers  []Peer
	// Assets are those of ours in JumpServer before the run wrote; nil = not all of it was read.
	Assets []AssetCount
	Slice  string // names the runs that list the same accounts and regions
}

// Report is the results document: its JSON has the fields and the order that users rely on. Its lists are never
// null, apart from those that are omitted when empty. A dry run counts what would have been done.
type Report struct {
	Outcome     Outcome `json:"outcome"`
	DryRun      bool    `json:"dry_run"`
	StartedAt   string  `json:"started_at"`       // RFC 3339, UTC, whole seconds
	Duration    float64 `json:"duration_seconds"` // whole milliseconds
	Total       int     `json:"total"`            // instances in complete scopes
	Created     int     `json:"created"`
	Updated     int     `json:"updated"` // including assets that came back
	Deactivated int     `json:"deactivated"`
	Deleted     int     `json:"deleted"`
	Unchanged   int     `json:"unchanged"`
	Skipped     int     `json:"skipped"` // left alone, kept at the last moment, or not reached
	Held        int     `json:"held"`
	Failures    int     `json:"failed"`            // changes that failed, not scopes
	Unknown     int     `json:"unknown,omitempty"` // JumpServer did not answer in time: they may have been made
	Orphans     int     `json:"orphans,omitempty"` // assets whose account or region is no longer configured
	Drifted     int     `json:"drifted,omitempty"` // assets that differ where people decide
	// Pause is what a person has paused, or a pause that has ended; nil = neither.
	Pause *Pause `json:"pause,omitempty"`
	// HeldSets are the held removals that a person may approve, if a threshold holds any.
	HeldSets []HeldSetSummary `json:"held_sets,omitempty"`
	// Expected are the texts of what people have announced.
	Expected []string `json:"expected,omitempty"`
	// Undo says how a person activates again what was deactivated.
	Undo []Undo `json:"undo,omitempty"`
	// StaysOpen groups the assets that are active although no listing has their instance, and that the run does
	// not remove. See Compared for what it means that there are none.
	StaysOpen []OpenGroup `json:"stays_open,omitempty"`
	// MadeWithout groups the new assets that do not have all that rules want.
	MadeWithout []WithoutGroup `json:"made_without,omitempty"`
	// Nodes are those for new assets that are new, or are not where the configuration says.
	Nodes []Node `json:"nodes,omitempty"`
	// Access is who gains and who loses hosts, if mapping rules decide where hosts are.
	Access *access.Diff `json:"access,omitempty"`
	// Stages are those of the run, in their order. A merged report has none.
	Stages []Stage `json:"stages,omitempty"`
	// Peers are whom the run asked, by host.
	Peers   []Peer       `json:"peers,omitempty"`
	Scopes  []Scope      `json:"scopes"`
	Changes []Change     `json:"changes"`
	Errors  []ErrorEntry `json:"errors"`

	environment string
	names       plan.Names
	input       *Input // what it was built of; nil = it was merged or stored
	started     time.Time
	runErrors   []ErrorEntry // those of Errors that concern the run and not one item
	warnings    []ErrorEntry // those of Errors that do not change the outcome
	notReached  int          // changes that were not reached
	assetCounts []AssetCount
	placeholder bool // replaces a report that was delivered by itself
	removals    []RemovalBatch
	open        []OpenAsset
	compared    bool // see Compared
	conditions  []Condition
	looks       []look  // one for each run of which this is the report
	page        *string // where people open its page, "" = nowhere; nil = none was kept yet
	news        *News   // nil = it is not known what people were notified of
	lang        language.Lang
	other       *Report // the same in another language, without news; nil = nobody reads it
}

// HeldSetSummary names held removals, for jms-sync approve.
type HeldSetSummary struct {
	Hash   string `json:"hash"` // SHA-256 of the asset ids, sorted, each followed by a line break
	Assets int    `json:"assets"`
	Stored bool   `json:"stored"`          // in the state store; without that approve finds nothing
	Moves  bool   `json:"moves,omitempty"` // mapping rules would move the assets; otherwise they would be removed
}

// Node is where new assets of an account go, if people should know of it.
type Node struct {
	Path        string `json:"path"` // as configured
	ID          string `json:"id"`   // "" in a dry run if the node would be created
	CurrentPath string `json:"now"`  // where it is in JumpServer; "" = not asked
	IsNew       bool   `json:"new"`  // nobody has access by it yet
	Reason      string `json:"reason"`
}

// Scope is one region of one account. A failed scope has no instances.
type Scope struct {
	Cloud     inventory.Cloud `json:"cloud"`
	Account   string          `json:"account"`
	Region    string          `json:"region"` // "" if the account failed as a whole
	Complete  bool            `json:"complete"`
	Instances int             `json:"instances"`
	Error     ScopeError      `json:"error"` // empty if complete

	alreadyNotified bool      // it failed in the same way before, and people were told not long ago
	compared        bool      // with JumpServer
	since           time.Time // it fails, where people were notified of that before
}

// ScopeError says why a scope could not be read.
type ScopeError struct {
	Kind    inventory.Kind `json:"kind"`
	Message string         `json:"message"`
}

// Change is one line of what was done, or not done, and why.
type Change struct {
	Action     plan.Action     `json:"action"`
	Reason     string          `json:"reason"`
	Cloud      inventory.Cloud `json:"cloud"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	InstanceID string          `json:"instance_id"`
	AssetID    string          `json:"asset_id"`
	Name       string          `json:"name"`
	Address    string          `json:"address"`
	Platform   string          `json:"platform"`
	Fields     []string        `json:"fields"`
	// Values are what the change sets, before and after. Only the document of a dry run has them.
	Values []plan.FieldChange `json:"values,omitempty"`

	planned *plan.Change // nil = it was merged or stored
}

// ErrorEntry is an error of the run, or of the instance that it names.
type ErrorEntry struct {
	Kind       inventory.Kind `json:"kind"`
	Message    string         `json:"message"`
	InstanceID string         `json:"instance_id"`
}

// NewTooLateReport returns the report of a trigger that came too late to be run.
func NewTooLateReport(at time.Time) Report {
	r := newReport(at)
	r.Outcome = TooLate
	return r
}

// NewBusyReport returns the report of a run that found another one at work. It is a success with this text.
func NewBusyReport(at time.Time, text string) Report {
	r := newReport(at)
	r.Outcome = OK
	r.warnings = []ErrorEntry{{Kind: busyKind, Message: text}}
	r.Errors = append(r.Errors, r.warnings...)
	return r
}

// busyKind is the kind of NewBusyReport's entry. No error has it.
const busyKind inventory.Kind = "busy"

// isBusy reports whether nothing was run because another run was at work.
func (r Report) isBusy() bool {
	return len(r.Scopes) == 0 && len(r.Errors) == 1 && r.Errors[0].Kind == busyKind
}

func newReport(started time.Time) Report {
	return Report{
		StartedAt: started.UTC().Format(time.RFC3339), started: started,
		Scopes: []Scope{}, Changes: []Change{}, Errors: []ErrorEntry{},
	}
}

// JSON writes the results document, indented, with a newline at its end. The result is that of EncodeJSON, but the
// changes are encoded one by one: a first sync has as many as there are hosts, and all their text at once would be
// more than all else that a run holds.
func (r Report) JSON(w io.Writer) error {
	changes := r.Changes
	r.Changes = []Change{}
	var around, row bytes.Buffer
	if err := EncodeJSON(&around, r); err != nil {
		return err
	}
	const empty = "\n  \"changes\": [" // once at this depth; no text of a value contains a line break
	before, after, _ := bytes.Cut(around.Bytes(), []byte(empty))
	out := bufio.NewWriter(w)
	_, _ = out.Write(before) // Flush returns the error
	_, _ = out.WriteString(empty)
	e := newJSONEncoder(&row)
	e.SetIndent("    ", "  ")
	for n, c := range changes {
		row.Reset()
		if c.planned != nil && r.DryRun {
			c.Values = c.planned.FieldChanges(r.names)
		}
		if err := e.Encode(c); err != nil {
			return err
		}
		if n > 0 {
			_ = out.WriteByte(',')
		}
		_, _ = out.WriteString("\n    ")
		_, _ = out.Write(bytes.TrimSuffix(row.Bytes(), []byte("\n")))
	}
	if len(changes) > 0 {
		_, _ = out.WriteString("\n  ")
	}
	_, _ = out.Write(after)
	return out.Flush()
}

// EncodeJSON writes any document in the form of the results.
func EncodeJSON(w io.Writer, document any) error {
	return newJSONEncoder(w).Encode(document)
}

func newJSONEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e
}

// WithNotifyError adds that the notification of this report failed. That is no failure of the sync, so the outcome
// stays. nil adds nothing. Errors of notifiers contain no secrets.
func (r Report) WithNotifyError(err error) Report {
	if err == nil {
		return r
	}
	lost := ErrorEntry{Kind: notifyErrorKind, Message: err.Error()}
	r.warnings = append(slices.Clone(r.warnings), lost)
	r.Errors = append(slices.Clone(r.Errors), lost)
	return r
}

// WithProblem adds a problem of the run that came after the report was built; nil adds nothing.
func (r Report) WithProblem(err error, lang language.Lang) Report {
	if err == nil {
		return r
	}
	entry := textsOf(lang).runErrorEntry(err)
	r.runErrors = append(slices.Clone(r.runErrors), entry)
	r.Errors = append(slices.Clone(r.Errors), entry)
	if r.Outcome == OK || r.Outcome == Held {
		r.Outcome = Partial
	}
	return r
}

// IsOfNotification reports whether the entry is that of WithNotifyError.
func (e ErrorEntry) IsOfNotification() bool { return e.Kind == notifyErrorKind }

// notifyErrorKind is the kind of WithNotifyError's entry. No error has it.
const notifyErrorKind inventory.Kind = "notification"

// HasChanges reports whether anything was written (in a dry run: would be), or is held.
func (r Report) HasChanges() bool {
	return r.Created+r.Updated+r.Deactivated+r.Deleted+r.Held > 0
}

// HasNewNode reports whether a node was created by which nobody has access, as far as it is known: only a person can grant
// it.
func (r Report) HasNewNode() bool {
	return !r.DryRun && slices.ContainsFunc(r.Nodes, func(n Node) bool { return n.IsNew && !r.isReached(n.Path) })
}

// HasNewProblem reports whether people must act on something that they were not told before. A scope that failed in
// the same way not long ago is nothing new.
func (r Report) HasNewProblem() bool {
	if !r.NeedsAttention() || r.HasNewNode() {
		return r.HasNewNode()
	}
	loud, quiet := 0, 0
	for _, s := range r.Scopes {
		switch {
		case s.alreadyNotified:
			quiet++
		case !s.Complete:
			loud++
		}
	}
	return quiet == 0 || loud > 0 || r.Held > 0 || r.Failures > 0 || r.notReached > 0 || r.Unknown > 0 || len(r.runErrors) > 0
}

// NeedsAttention reports whether people must act: something failed, was not reached, is unknown, or is held.
func (r Report) NeedsAttention() bool {
	return r.Outcome == Failed || r.Outcome == Partial || r.Outcome == Held
}
