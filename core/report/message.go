package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// MaxBytes bounds a message: title, text, and link together as JSON strings. Chat robots refuse
// more than 20,000 bytes, the goal is 18,000, and the rest is for the envelope and mentions.
const MaxBytes = 17000

// StyleList shows everything as lists; any other style shows tables.
const StyleList = "list"

// Options say how a message is worded.
type Options struct {
	Lang        plan.Lang
	Location    *time.Location // of the times shown; nil = UTC
	Style       string         // "table" or "list"; chat clients differ in rendering tables
	AssetURL    string         // where the button leads
	Environment string         // shown in the title; "" = that of the report
	AskAll      bool           // what is on hold are changes of any kind, not only removals
}

// Message is what people read in a chat.
type Message struct {
	Title    string
	Markdown string
	LinkText string
	LinkURL  string
}

// How much of each kind is shown, room permitting.
const (
	mostAssets   = 10
	mostFailures = 20
	mostHeld     = 10
	mostNames    = 3
	mostHeldSets = 5
	longMessage  = 240 // characters of an error or a reason
	longFirst    = 400
	longName     = 128
	longPlace    = 64
	longTitle    = 32
)

// NewMessage words a report: failures and held removals first, then the numbers, then the hosts.
// It is never longer than MaxBytes; what is left out is counted, and failures are the last to
// be left out. Nothing that comes from outside (names, error texts) can add markup.
func NewMessage(r Report, o Options) Message {
	w := writer{words: wordsOf(o.Lang), list: o.Style == StyleList}
	if o.AskAll {
		w.heldHead = w.heldAllHead
	}
	m := Message{Title: w.titleOf(r, o), LinkText: w.button, LinkURL: o.AssetURL}
	top := w.first(r) + "### " + w.timeHead + r.started.In(location(o)).Format(time.DateTime)
	if r.DryRun {
		top += paragraph + w.dryRun
	}
	result := w.result(r)
	failures, held, warnings, orphans := w.failures(r), w.held(r), w.warnings(r), w.orphans(r)
	created, updated := w.assets(r, plan.Create), w.assets(r, plan.Update)
	deactivated, deleted := w.assets(r, plan.Deactivate), w.assets(r, plan.Delete)
	room := MaxBytes - jsonSize(m.Title+m.LinkText+m.LinkURL+top+paragraph+result+paragraph)
	// In the order in which they are served; what takes access away before what gives it.
	t := fit([]section{failures, held, warnings, deleted, deactivated, created, updated, orphans}, room)
	blocks := []string{top}
	shown := []struct {
		s    section
		text string
	}{
		{failures, t[0]}, {held, t[1]}, {warnings, t[2]}, {orphans, t[7]}, {section{rows: []string{""}}, result},
		{created, t[5]}, {updated, t[6]}, {deactivated, t[4]}, {deleted, t[3]},
	}
	for _, b := range shown {
		if len(b.s.rows) > 0 {
			blocks = append(blocks, b.text)
		}
	}
	m.Markdown = strings.Join(blocks, paragraph)
	return m
}

// first is what goes before all else: accounts whose key is another account's, each once.
func (w writer) first(r Report) string {
	var lines, said []string
	for _, s := range r.Scopes {
		if s.Error.Kind == inventory.OtherAccount && !slices.Contains(said, s.Error.Message) && len(said) < mostHeldSets {
			said = append(said, s.Error.Message)
			lines = append(lines, "**"+cell(s.Error.Message, longFirst)+"**"+paragraph)
		}
	}
	return strings.Join(lines, "")
}

func location(o Options) *time.Location {
	if o.Location == nil {
		return time.UTC
	}
	return o.Location
}

// writer words the parts of one message.
type writer struct {
	words
	list bool
}

func (w writer) titleOf(r Report, o Options) string {
	title := w.title
	environment := o.Environment
	if environment == "" {
		environment = r.environment
	}
	if environment = shorten(clean(environment), longTitle); environment != "" {
		title += " [" + environment + "]"
	}
	if r.DryRun {
		title += w.dryTitle
	}
	return title
}

func (w writer) result(r Report) string {
	rows := [][]string{
		{w.total, strconv.Itoa(r.Total)},
		{w.created, strconv.Itoa(r.Created)},
		{w.updated, strconv.Itoa(r.Updated)},
		{w.deactivated, strconv.Itoa(r.Deactivated)},
		{w.deleted, strconv.Itoa(r.Deleted)},
		{w.words.failures, strconv.Itoa(r.Failures)},
	}
	if r.Unknown > 0 {
		rows = append(rows, []string{w.words.unknown, strconv.Itoa(r.Unknown)})
	}
	if r.Held > 0 {
		rows = append(rows, []string{w.words.held, strconv.Itoa(r.Held)})
	}
	if r.Orphans > 0 {
		rows = append(rows, []string{w.words.orphans, strconv.Itoa(r.Orphans)})
	}
	if r.Drifted > 0 {
		rows = append(rows, []string{w.drifted, strconv.Itoa(r.Drifted)})
	}
	if r.Skipped > 0 {
		rows = append(rows, []string{w.skipped, strconv.Itoa(r.Skipped)})
	}
	rows = append(rows, []string{w.duration, fmt.Sprintf(w.secondsF, r.Duration)})
	lines := w.table(w.metric, w.value)
	for _, row := range rows {
		if w.list {
			lines = append(lines, "- "+row[0]+w.colon+row[1])
			continue
		}
		lines = append(lines, tableRow(row...))
	}
	blocks := []string{"### " + w.resultHead, strings.Join(lines, "\n")}
	for _, command := range r.undo() {
		blocks = append(blocks, w.undo+escape(shorten(command, longMessage)))
	}
	return strings.Join(blocks, paragraph)
}

// table gives the lines above the rows; none in a list.
func (w writer) table(columns ...string) []string {
	if w.list {
		return nil
	}
	return []string{tableRow(columns...), "|" + strings.Repeat(" --- |", len(columns))}
}

func tableRow(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |" }

// assets is the section of the changes that were made with one action.
func (w writer) assets(r Report, action plan.Action) section {
	heads := map[plan.Action]string{
		plan.Create: w.createdHead, plan.Update: w.updatedHead,
		plan.Deactivate: w.deactivatedHead, plan.Delete: w.deletedHead,
	}
	s := section{
		head: heads[action], table: w.table(w.name, w.address, w.platform),
		most: mostAssets, moreF: w.moreAssetsF,
	}
	for _, c := range r.Changes {
		if c.Action == action {
			s.add(func() string { return w.host(c) })
		}
	}
	s.total = max(s.total, r.made(action)) // a kept report may have fewer lines
	return s
}

func (w writer) host(c Change) string {
	cells := []string{cell(c.Name, longName), cell(c.Address, longPlace), cell(c.Platform, longPlace)}
	if w.list {
		return "- " + strings.Join(cells, "  ")
	}
	return tableRow(cells...)
}

// cell is a text from outside, cut and made harmless; an empty one still has to show.
func cell(text string, most int) string {
	const rubbish = 4 // an error may be a whole page; what is cleaned away is less than this
	if text = escape(shorten(clean(shorten(text, rubbish*most)), most)); text == "" {
		return "-"
	}
	return text
}

// place names account and region.
func (w writer) place(account, region string) string {
	if region == "" {
		region = w.allRegions
	}
	return "**" + cell(account, longPlace) + " / " + cell(region, longPlace) + "**"
}
