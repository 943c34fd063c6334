package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// historyDocument is the results document in the history: with the ids of all that was removed.
type historyDocument struct {
	Report
	Removals []RemovalBatch `json:"closed,omitempty"`
	// Shortened names the lists that are not whole, because the document would have been too large.
	Shortened []string `json:"shortened,omitempty"`
}

// HistoryDocument returns the results document in one line of JSON, for the history, and names the lists that it does not
// hold whole. If the document is more than limit bytes it is shortened step by step, see historyCuts: the numbers stay, so
// that a big run can be found again. The ids of removed assets stay if they fit into most of the limit; otherwise their
// number and time. The least document is returned even where it is larger.
func HistoryDocument(r Report, limit int) (data []byte, shortened []string, err error) {
	const leastChange = 150 // bytes of a change with all texts empty
	d := historyDocument{Report: r}
	d.setRemovals(dropIDs(r.removals, limit/4*3))
	for _, cut := range historyCuts() {
		cut(&d)
		if len(d.Changes) > limit/leastChange {
			continue // encoding it is useless
		}
		data, err = json.Marshal(d)
		if err != nil {
			return nil, nil, &inventory.Error{Kind: inventory.Invalid, Message: "a results document", Err: err}
		}
		if len(data) <= limit {
			break
		}
	}
	return data, d.Shortened, nil
}

// historyCuts are the steps by which a document becomes smaller, each on top of those before: changes that a message only
// counts, removals last; all changes and most errors; what was only told; long texts; the names of scopes and removed
// assets.
func historyCuts() []func(*historyDocument) {
	const mostErrors, fewErrors, shortText = 100, 20, 200
	return []func(*historyDocument){
		func(*historyDocument) {},
		func(d *historyDocument) { d.setChanges(removedOrShown(d.Changes)) },
		func(d *historyDocument) { d.setChanges(shownChanges(d.Changes)) },
		func(d *historyDocument) {
			d.setChanges([]Change{})
			d.setErrors(d.Errors[:min(len(d.Errors), mostErrors)])
		},
		func(d *historyDocument) {
			d.noteShortened("stays_open", len(d.StaysOpen) > 0)
			d.noteShortened("nodes", len(d.Nodes) > 0)
			d.StaysOpen, d.Nodes = nil, nil
			d.setErrors(d.Errors[:min(len(d.Errors), fewErrors)])
			d.shortenTexts(shortText)
		},
		func(d *historyDocument) { d.setRemovals(dropIDs(d.Removals, 0)) },
		func(d *historyDocument) {
			d.noteShortened("scopes", len(d.Scopes) > 0)
			d.Scopes = []Scope{}
		},
	}
}

// noteShortened notes once that a list is not whole.
func (d *historyDocument) noteShortened(list string, shorter bool) {
	if shorter && !slices.Contains(d.Shortened, list) {
		d.Shortened = append(d.Shortened, list)
	}
}

func (d *historyDocument) setChanges(fewer []Change) {
	d.noteShortened("changes", len(fewer) < len(d.Changes))
	d.Changes = fewer
}

func (d *historyDocument) setErrors(fewer []ErrorEntry) {
	d.noteShortened("errors", len(fewer) < len(d.Errors))
	d.Errors = fewer
}

func (d *historyDocument) setRemovals(some []RemovalBatch) {
	for _, batch := range some {
		d.noteShortened("closed", len(batch.AssetIDs) < batch.Count)
	}
	d.Removals = some
}

// shortenTexts cuts the texts of errors and failed scopes.
func (d *historyDocument) shortenTexts(most int) {
	d.Errors, d.Scopes = slices.Clone(d.Errors), slices.Clone(d.Scopes)
	for n := range d.Errors {
		d.Errors[n].Message = truncateRunes(d.Errors[n].Message, most)
	}
	for n := range d.Scopes {
		d.Scopes[n].Error.Message = truncateRunes(d.Scopes[n].Error.Message, most)
	}
}

// dropIDs returns removals, without their ids if these take more than limit bytes.
func dropIDs(all []RemovalBatch, limit int) []RemovalBatch {
	const ofID = 39 // bytes of an id in a list
	size := 0
	for _, c := range all {
		size += len(c.GoneLabel) + len(c.Approved) + 100 + ofID*len(c.AssetIDs)
	}
	if size <= limit {
		return all
	}
	all = slices.Clone(all)
	for n := range all {
		all[n].AssetIDs = nil
	}
	return all
}

// removedOrShown returns the changes without those that no message shows, except removals.
func removedOrShown(changes []Change) []Change {
	removed := func(c Change) bool { return c.Action == plan.Deactivate || c.Action == plan.Delete }
	out := shownChanges(slices.DeleteFunc(slices.Clone(changes), removed))
	for _, c := range changes {
		if removed(c) {
			out = append(out, c)
		}
	}
	return out
}

// WriteRecorded writes a run of the history for a terminal: what Summary says, and a line for each change that its
// document holds.
func WriteRecorded(to io.Writer, document []byte, lang language.Lang) error {
	r, err := Unmarshal(document)
	if err != nil {
		return err
	}
	var d historyDocument
	if err := json.Unmarshal(document, &d); err != nil {
		return &inventory.Error{Kind: inventory.Invalid, Message: "a run of the history", Err: err}
	}
	r.runErrors = r.Errors // the document does not say which concern the run
	w := textsOf(lang)
	fmt.Fprintln(to, RunID(r.started)+" "+strings.TrimSuffix(Summary(r, lang), "\n"))
	if len(d.Shortened) > 0 {
		fmt.Fprintln(to, lang.Textf("记录太大，这些列表不完整：%s", "the record was too large; these lists are not whole: %s", strings.Join(d.Shortened, ", ")))
	}
	if len(r.Changes) == 0 {
		return nil
	}
	return writeAligned(to, func(yield func([]string) bool) {
		if !yield([]string{w.action, w.instance, w.scopeColumn, w.name, w.address, w.reason}) {
			return
		}
		for _, c := range r.Changes {
			row := []string{w.actionName(c.Action), sanitizeLine(c.InstanceID), w.scopeText(c.Account, c.Region), sanitizeLine(c.Name), sanitizeLine(c.Address), sanitizeLine(c.Reason)}
			if !yield(row) {
				return
			}
		}
	}, w)
}
