package history

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

//go:embed page.css
var pageStyle string

// Page is what the page of a day is made of.
type Page struct {
	Server, Organisation string
	Date                 string // the day that is shown; it may be one without a run
	Runs                 []state.RunFigures
	Notes                []string // of what could not be read
	Now                  time.Time
	Zone                 *time.Location
	Language             language.Lang
}

// Write writes the page: one HTML file that needs nothing else and runs no script.
func (p Page) Write(to io.Writer) error {
	days := Days(p.Runs, p.Now, p.Zone)
	title := p.text("jms-sync 的一天：%s", "A day of jms-sync: %s", p.Date)
	style := strings.TrimSpace(pageStyle)
	var s strings.Builder
	fmt.Fprintf(&s, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", p.htmlLanguage())
	fmt.Fprintf(&s, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '%s'; base-uri 'none'; form-action 'none'\">\n", hashOf(style))
	s.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	fmt.Fprintf(&s, "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n", html.EscapeString(title), style, html.EscapeString(title))
	p.writeParagraph(&s, p.text("JumpServer：%s，组织：%s；%s 生成，时区 %s", "JumpServer: %s, organisation: %s; made %s, time zone %s",
		p.Server, p.Organisation, p.Now.In(p.Zone).Format(time.DateTime), p.Zone))
	for _, note := range p.Notes {
		fmt.Fprintf(&s, "<p class=\"note\" role=\"note\">%s</p>\n", html.EscapeString(note))
	}
	p.writeTiles(&s, days)
	p.writeCharts(&s, days)
	p.writeRuns(&s)
	p.writeDays(&s, days)
	s.WriteString("</main>\n</body>\n</html>\n")
	_, err := io.WriteString(to, s.String())
	return err
}

func (p Page) text(zh, en string, args ...any) string { return p.Language.Textf(zh, en, args...) }

// hashOf returns the hash by which the page's policy allows its style.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// htmlLanguage returns the language as HTML names it.
func (p Page) htmlLanguage() string {
	if p.Language == language.Chinese {
		return "zh-CN"
	}
	return "en"
}

func (p Page) writeParagraph(s *strings.Builder, text string) {
	fmt.Fprintf(s, "<p>%s</p>\n", html.EscapeString(text))
}

// kind is one number of a day, with its name and style.
type kind struct {
	name, class string
	of          func(Day) int
}

func (p Page) kinds() []kind {
	return []kind{
		{p.text("新建", "created"), "created", func(d Day) int { return d.Created }},
		{p.text("更新", "updated"), "updated", func(d Day) int { return d.Updated }},
		{p.text("停用", "deactivated"), "deactivated", func(d Day) int { return d.Deactivated }},
		{p.text("删除", "deleted"), "deleted", func(d Day) int { return d.Deleted }},
		{p.text("暂缓", "held"), "held", func(d Day) int { return d.Held }},
		{p.text("失败的变更", "failed changes"), "failed", func(d Day) int { return d.Failed }},
	}
}

// changeKinds is how many of kinds are changes that were made.
const changeKinds = 4

// writeTiles writes the numbers of the day.
func (p Page) writeTiles(s *strings.Builder, days []Day) {
	n := slices.IndexFunc(days, func(d Day) bool { return d.Date == p.Date })
	if n < 0 || days[n].Runs == 0 {
		p.writeParagraph(s, p.text("这一天没有记录下来的同步。", "No run of this day is recorded."))
		return
	}
	d := days[n]
	s.WriteString("<dl class=\"tiles\">\n")
	tile := func(name, value, detail string) {
		fmt.Fprintf(s, "<div><dt>%s</dt><dd>%s <small>%s</small></dd></div>\n", html.EscapeString(name), html.EscapeString(value), html.EscapeString(detail))
	}
	tile(p.text("同步", "runs"), strconv.Itoa(d.Runs), p.outcomesText(d))
	for _, k := range p.kinds() {
		tile(k.name, strconv.Itoa(k.of(d)), "")
	}
	tile(p.text("时长的中位数", "median duration"), formatSeconds(d.Median), p.text("最长 %s", "longest %s", formatSeconds(d.Longest)))
	s.WriteString("</dl>\n")
}

// outcomesText returns how many runs of which outcomes a day had.
func (p Page) outcomesText(d Day) string {
	var parts []string
	for _, o := range p.outcomes() {
		if d.Outcomes[o.outcome] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", o.name, d.Outcomes[o.outcome]))
		}
	}
	return strings.Join(parts, p.text("，", ", "))
}

// outcomeStyle is an outcome with its name and style.
type outcomeStyle struct{ outcome, name, class string }

func (p Page) outcomes() []outcomeStyle {
	var all []outcomeStyle
	for _, o := range []report.Outcome{report.OK, report.Held, report.Partial, report.Failed, report.TooLate} {
		all = append(all, outcomeStyle{string(o), OutcomeName(string(o), p.Language), "outcome-" + string(o)})
	}
	return all
}

func (p Page) writeCharts(s *strings.Builder, days []Day) {
	whole := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	changes := chart{title: p.text("180 天的变更", "Changes of 180 days"), stacked: true, format: whole}
	for _, k := range p.kinds()[:changeKinds] {
		changes.series = append(changes.series, series{k.name, k.class, valuesOf(days, func(d Day) float64 { return float64(k.of(d)) })})
	}
	durations := chart{title: p.text("180 天的时长", "Durations of 180 days"), format: formatSeconds, series: []series{
		{p.text("最长", "longest"), "longest", valuesOf(days, func(d Day) float64 { return d.Longest })},
		{p.text("中位数", "median"), "median", valuesOf(days, func(d Day) float64 { return d.Median })},
	}}
	outcomes := chart{title: p.text("180 天的结果", "Outcomes of 180 days"), stacked: true, format: whole}
	for _, o := range p.outcomes() {
		outcomes.series = append(outcomes.series, series{o.name, o.class, valuesOf(days, func(d Day) float64 { return float64(d.Outcomes[o.outcome]) })})
	}
	for _, c := range []chart{changes, durations, outcomes} {
		c.marked = p.Date
		for _, d := range days {
			c.dates = append(c.dates, d.Date)
		}
		fmt.Fprintf(s, "<figure>\n<figcaption>%s<span class=\"legend\">", html.EscapeString(c.title))
		for _, one := range c.series {
			fmt.Fprintf(s, "<span><i class=\"%s\"></i>%s</span>", one.class, html.EscapeString(one.name))
		}
		fmt.Fprintf(s, "</span></figcaption>\n%s</figure>\n", c.svg())
	}
}

func valuesOf(days []Day, value func(Day) float64) []float64 {
	values := make([]float64, 0, len(days))
	for _, d := range days {
		values = append(values, value(d))
	}
	return values
}

// writeRuns writes the table of the day's runs.
func (p Page) writeRuns(s *strings.Builder) {
	header := []string{p.text("开始", "began"), "RUN", p.text("结果", "outcome"), p.text("时长", "duration"), p.text("实例", "instances")}
	for _, k := range p.kinds() {
		header = append(header, k.name)
	}
	var rows [][]string
	for _, run := range RunsOf(p.Runs, p.Date, p.Zone) {
		rows = append(rows, []string{
			run.Started.In(p.Zone).Format(time.TimeOnly), report.RunID(run.Started), OutcomeName(run.Outcome, p.Language),
			formatSeconds(run.Duration.Seconds()), strconv.Itoa(run.Total), strconv.Itoa(run.Created), strconv.Itoa(run.Updated),
			strconv.Itoa(run.Deactivated), strconv.Itoa(run.Deleted), strconv.Itoa(run.Held), strconv.Itoa(run.Failed),
		})
	}
	if len(rows) == 0 {
		return
	}
	p.writeTable(s, p.text("这一天的同步（一次的全部：jms-sync history RUN）", "The runs of the day (all of one: jms-sync history RUN)"), header, rows)
}

// writeDays writes the values of the charts as a table, which is folded.
func (p Page) writeDays(s *strings.Builder, days []Day) {
	header := []string{p.text("日期", "date"), p.text("同步", "runs")}
	for _, k := range p.kinds() {
		header = append(header, k.name)
	}
	header = append(header, p.text("中位数", "median"), p.text("最长", "longest"))
	var rows [][]string
	for _, d := range slices.Backward(days) {
		if d.Runs == 0 {
			continue
		}
		row := []string{d.Date, fmt.Sprintf("%d (%s)", d.Runs, p.outcomesText(d))}
		for _, k := range p.kinds() {
			row = append(row, strconv.Itoa(k.of(d)))
		}
		rows = append(rows, append(row, formatSeconds(d.Median), formatSeconds(d.Longest)))
	}
	fmt.Fprintf(s, "<details>\n<summary>%s</summary>\n", html.EscapeString(p.text("图中的数值", "The values of the charts")))
	p.writeTable(s, p.text("每一天", "Day by day"), header, rows)
	s.WriteString("</details>\n")
}

func (p Page) writeTable(s *strings.Builder, caption string, header []string, rows [][]string) {
	fmt.Fprintf(s, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n<table>\n<caption>%s</caption>\n<thead><tr>",
		html.EscapeString(caption), html.EscapeString(caption))
	for _, cell := range header {
		fmt.Fprintf(s, "<th scope=\"col\">%s</th>", html.EscapeString(cell))
	}
	s.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range rows {
		fmt.Fprintf(s, "<tr><th scope=\"row\">%s</th>", html.EscapeString(row[0]))
		for _, cell := range row[1:] {
			fmt.Fprintf(s, "<td>%s</td>", html.EscapeString(cell))
		}
		s.WriteString("</tr>\n")
	}
	s.WriteString("</tbody>\n</table>\n</div>\n")
}

// formatSeconds writes a duration in seconds.
func formatSeconds(seconds float64) string {
	if seconds < 10 && seconds != 0 {
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(seconds, 'f', 0, 64) + " s"
}
