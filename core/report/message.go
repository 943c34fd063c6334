package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
)

// MaxMessageBytes limits a message: title, text, and link together as JSON strings. Chat robots refuse more than
// 20,000 bytes, the goal is 18,000, and the rest is for the envelope and mentions.
const MaxMessageBytes = 17000

// The styles: hosts and numbers as tables, or as lists. Any other style is a table.
const (
	StyleTable = "table"
	StyleList  = "list"
)

// Options say how a message is written.
type Options struct {
	Lang        language.Lang
	Location    *time.Location // of the times shown; nil = UTC
	Style       string         // "table" or "list"; chat clients differ in rendering tables
	AssetURL    string         // where the button leads
	Environment string         // shown in the title; "" = that of the report
	ConsoleURL  string         // of the console, to whose page of a held set a card links; "" = there is none
	// ApprovalLink returns what stands behind # in a link that approves a held set without a login; nil = there is none.
	ApprovalLink func(hash string) string
	AskAll       bool // changes of any kind may be on hold, not only removals
	OnHost       bool // the command runs on a host or in a cluster, not as a function
}

// How much of each kind is shown, if there is room.
const (
	maxAssetRows    = 10
	maxFailureRows  = 20
	maxHeldRows     = 10
	maxNames        = 3
	maxHeldSets     = 5
	maxMessageRunes = 240 // of an error or a reason
	maxAlertRunes   = 400
	maxNameRunes    = 128
	maxScopeRunes   = 64
	maxTitleRunes   = 32 // of a name in a title
)

// NewMessage returns the message of a report: failures and held removals first, then the numbers, then the hosts.
// It is never longer than MaxMessageBytes; what is left out is counted, and failures are left out last. Nothing
// from outside (names, error texts) can add markup.
func NewMessage(r Report, o Options) notify.Message {
	w := newMessageWriter(o)
	if o.AskAll {
		w.heldHead = w.heldAllHead
	}
	if r.isAllPaused() {
		w.heldHead = w.heldPausedHead
	}
	m := notify.Message{Title: w.messageTitle(r, o), LinkText: w.button, LinkURL: o.AssetURL, CutFormat: w.linesCutF, Mention: r.NeedsMention(), Severity: r.Severity(), Time: r.started}
	m.PageURL = r.pageURL()
	if m.PageURL != "" {
		m.PageText = w.pageLink
	}
	top := titleLine(m.Title) + w.alertBlock(r) + "### " + w.timeLabel + r.started.In(locationOf(o)).Format(time.DateTime)
	if r.DryRun {
		top += paragraphBreak + w.dryRun
	}
	result := w.resultBlock(r)
	failures, held, warnings, orphans := w.failureSection(r), w.heldSection(r), w.warningSection(r), w.orphanSection(r)
	open, lasting, ended := w.openSection(r), w.lastingSection(r), w.endedSection(r)
	who, without := w.accessSection(r), w.withoutSection(r)
	created, updated := w.assetSection(r, plan.Create), w.assetSection(r, plan.Update)
	deactivated, deleted := w.assetSection(r, plan.Deactivate), w.assetSection(r, plan.Delete)
	room := MaxMessageBytes - jsonSize(m.Title+m.LinkText+m.LinkURL+m.PageLink()+top+paragraphBreak+result+paragraphBreak)
	// In the order in which they get room; removals before creates.
	t := fitSections([]section{failures, held, warnings, open, deleted, deactivated, who, created, updated, orphans, lasting, ended, without}, room)
	blocks := []string{top}
	shown := []struct {
		s    section
		text string
	}{
		{failures, t[0]}, {held, t[1]}, {lasting, t[10]}, {ended, t[11]}, {warnings, t[2]}, {open, t[3]}, {orphans, t[9]},
		{section{rows: []string{""}}, result}, {who, t[6]}, {without, t[12]}, {created, t[7]}, {updated, t[8]}, {deactivated, t[5]}, {deleted, t[4]},
	}
	for _, b := range shown {
		if len(b.s.rows) > 0 {
			blocks = append(blocks, b.text)
		}
	}
	m.Markdown = strings.Join(blocks, paragraphBreak)
	return withID(m)
}

// alertBlock returns what stands before all else: what is paused, and accounts whose key is another account's, each
// once.
func (w messageWriter) alertBlock(r Report) string {
	var lines, messages []string
	if r.Pause != nil {
		lines = append(lines, "**"+escapedCell(r.Pause.Text, maxAlertRunes)+"**"+paragraphBreak)
	}
	for _, s := range r.Scopes {
		if s.Error.Kind == inventory.OtherAccount && !slices.Contains(messages, s.Error.Message) && len(messages) < maxHeldSets {
			messages = append(messages, s.Error.Message)
			lines = append(lines, "**"+escapedCell(s.Error.Message, maxAlertRunes)+"**"+paragraphBreak)
		}
	}
	return strings.Join(lines, "")
}

func locationOf(o Options) *time.Location {
	if o.Location == nil {
		return time.UTC
	}
	return o.Location
}

// messageWriter writes the parts of one message.
type messageWriter struct {
	texts
	titleTexts
	asList   bool
	location *time.Location
	options  Options
}

func newMessageWriter(o Options) messageWriter {
	return messageWriter{texts: textsOf(o.Lang), titleTexts: titleTextsOf(o.Lang), asList: o.Style == StyleList, location: locationOf(o), options: o}
}

func (w messageWriter) resultBlock(r Report) string {
	rows := [][]string{
		{w.total, strconv.Itoa(r.Total)},
		{w.created, strconv.Itoa(r.Created)},
		{w.updated, strconv.Itoa(r.Updated)},
		{w.deactivated, strconv.Itoa(r.Deactivated)},
		{w.deleted, strconv.Itoa(r.Deleted)},
		{w.texts.failures, strconv.Itoa(r.Failures)},
	}
	if r.Unknown > 0 {
		rows = append(rows, []string{w.texts.unknown, strconv.Itoa(r.Unknown)})
	}
	if r.Held > 0 {
		rows = append(rows, []string{w.texts.held, strconv.Itoa(r.Held)})
	}
	if r.Orphans > 0 {
		rows = append(rows, []string{w.texts.orphans, strconv.Itoa(r.Orphans)})
	}
	if r.Drifted > 0 {
		rows = append(rows, []string{w.drifted, strconv.Itoa(r.Drifted)})
	}
	if r.Skipped > 0 {
		rows = append(rows, []string{w.skipped, strconv.Itoa(r.Skipped)})
	}
	rows = append(rows, []string{w.duration, fmt.Sprintf(w.secondsF, r.Duration)})
	lines := w.tableHead(w.metric, w.value)
	for _, row := range rows {
		if w.asList {
			lines = append(lines, "- "+row[0]+w.colon+row[1])
			continue
		}
		lines = append(lines, tableRow(row...))
	}
	blocks := []string{"### " + w.resultHead, strings.Join(lines, "\n")}
	for _, command := range r.undoCommands() {
		blocks = append(blocks, w.undoHint+escapeMarkdown(truncateRunes(command, maxMessageRunes)))
	}
	return strings.Join(blocks, paragraphBreak)
}

// tableHead returns the lines above the rows; none in a list.
func (w messageWriter) tableHead(columns ...string) []string {
	if w.asList {
		return nil
	}
	return []string{tableRow(columns...), "|" + strings.Repeat(" --- |", len(columns))}
}

func tableRow(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |" }

// assetSection returns the section of the changes that were made with one action.
func (w messageWriter) assetSection(r Report, action plan.Action) section {
	heads := map[plan.Action]string{
		plan.Create: w.createdHead, plan.Update: w.updatedHead,
		plan.Deactivate: w.deactivatedHead, plan.Delete: w.deletedHead,
	}
	s := section{
		heading: heads[action], tableHead: w.tableHead(w.name, w.address, w.platform),
		maxRows: maxAssetRows, moreFormat: w.moreAssetsF,
	}
	for _, c := range r.Changes {
		if c.Action == action {
			s.addRow(func() string { return w.assetRow(c) })
		}
	}
	s.total = max(s.total, r.countOf(action)) // a stored report may have fewer lines
	return s
}

func (w messageWriter) assetRow(c Change) string {
	cells := []string{escapedCell(c.Name, maxNameRunes), escapedCell(c.Address, maxScopeRunes), escapedCell(c.Platform, maxScopeRunes)}
	if w.asList {
		return "- " + strings.Join(cells, "  ")
	}
	return tableRow(cells...)
}

// escapedCell returns a text from outside, cut and made harmless, "-" if it is empty.
func escapedCell(text string, most int) string {
	const perShown = 4 // an error may be a whole page; at most three of four characters are removed from it
	text = escapeMarkdown(truncateRunes(sanitizeLine(truncateRunes(text, perShown*most)), most))
	if text == "" {
		return "-"
	}
	return text
}

// messageCell returns an error or a reason as Markdown, cut in the middle where it is long.
func messageCell(text string) string {
	const longest = 8 * maxMessageRunes // an error may be a whole page
	return escapedCell(truncateRunesMiddle(sanitizeLine(truncateRunesMiddle(text, longest)), maxMessageRunes), maxMessageRunes)
}

// scopeLabel returns account and region as Markdown.
func (w messageWriter) scopeLabel(account, region string) string {
	if region == "" {
		region = w.allRegions
	}
	return "**" + escapedCell(account, maxScopeRunes) + " / " + escapedCell(region, maxScopeRunes) + "**"
}
