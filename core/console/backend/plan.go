package backend

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// hooksOf returns the hooks of a session that a person watches.
func hooksOf(w console.Watch, dry bool) session.Hooks {
	var one sync.Mutex
	return session.Hooks{
		Stage: func(name string) {
			one.Lock()
			defer one.Unlock()
			if w.Stage != nil {
				w.Stage(console.Stage{Name: name, Text: console.NewText(stageText(name, dry))})
			}
		},
		Progress: func(done, total int) {
			one.Lock()
			defer one.Unlock()
			if w.Progress != nil {
				w.Progress(console.Progress{Done: done, Total: total})
			}
		},
	}
}

// stageText returns what a stage is called. A dry run writes nothing in the stage of writes.
func stageText(name string, dry bool) language.Text {
	if dry && name == "apply" {
		return language.New("核对（什么都不写入）", "going through the changes (nothing is written)")
	}
	text, known := map[string]language.Text{
		"jumpserver": language.New("读取 JumpServer", "reading JumpServer"),
		"clouds":     language.New("读取云上的实例", "listing the clouds"),
		"plan":       language.New("计划", "planning"),
		"apply":      language.New("写入", "applying"),
		"access":     language.New("查询谁获得、谁失去访问", "asking who gains and who loses access"),
		"notify":     language.New("通知", "notifying"),
	}[name]
	if !known {
		return language.New(name, name)
	}
	return text
}

// Plan implements console.Backend.
func (b *Backend) Plan(ctx context.Context, o console.PlanOrder, watch console.Watch) (console.PlanResult, error) {
	s, err := b.open(ctx, hooksOf(watch, true))
	if err != nil {
		return console.PlanResult{}, err
	}
	defer s.Close()
	out := s.Plan(ctx, session.PlanRequest{Accounts: o.Accounts, Regions: o.Regions, Only: o.Only, Review: true, Access: o.Access})
	if out.Err != nil {
		return console.PlanResult{}, runFailure(out)
	}
	r := out.Report
	lines := map[string]int{}
	for n, l := range out.Review {
		lines[lineKey(l.Account, l.Region, l.InstanceID, l.AssetID)] = n
	}
	sendRows(r, watch, func(report.Change) bool { return true }, func(c report.Change) (*int, bool) {
		at, is := lines[lineKey(c.Account, c.Region, c.InstanceID, c.AssetID)]
		if !is || !appliesTo(c, out.Review[at]) {
			return nil, false
		}
		return &at, out.Review[at].Held != ""
	})
	result := console.PlanResult{
		Run: rowOf(r), Actions: actionTexts(), Scopes: scopesOf(r), Errors: errorsOf(r), Access: r.Access, MadeRules: s.Config().Mapping != nil,
	}
	if r.Pause != nil {
		text := pauseText(r)
		result.Pause = &text
	}
	s.keepPlan(ctx, out, &result)
	return result, nil
}

// lineKey names the asset of a line of a review, or of a change. An asset that is yet to be made has no id.
func lineKey(account, region, instance, asset string) string {
	return account + "\n" + region + "\n" + instance + "\n" + asset
}

// appliesTo reports whether a line of a review makes what a row shows. A held removal is shown as held, and in the review as
// what it would do.
func appliesTo(c report.Change, l plan.ReviewLine) bool {
	return c.Action == l.Action && l.Held == "" || c.Action == plan.Hold && l.Held != ""
}

// keepPlan puts what a person may apply into the store, and says where that cannot be.
func (s opened) keepPlan(ctx context.Context, out engine.RunResult, result *console.PlanResult) {
	if s.Store() == nil {
		why := console.NewText(language.New("没有状态存储：只能看，不能执行", "there is no state store: the plan can be seen, and not applied"))
		result.NotKept = &why
		return
	}
	p := session.NewReviewedPlan(s.Config().JumpServer, out.Review, false, s.Now())
	text, err := json.Marshal(p)
	if err == nil {
		err = s.Store().SavePlan(ctx, p.Hash, text, s.Now())
	}
	if err != nil {
		why := problemText(language.New("计划没有存下来，不能执行", "the plan was not kept and cannot be applied"), err)
		result.NotKept = &why
		return
	}
	until := p.CreatedAt.Add(session.ReviewedPlanTTL)
	result.ID, result.Until = p.Hash, &until
}

func pauseText(r report.Report) console.Text {
	return inBoth(func(lang language.Lang) string {
		p := r.Reworded(lang).Pause
		if p == nil {
			return ""
		}
		return p.Text
	})
}

// rowsPerEvent is how many rows one event has.
const rowsPerEvent = 500

// sendRows tells those changes of a report that are wanted, as people should see them.
func sendRows(r report.Report, watch console.Watch, wanted func(report.Change) bool, tick func(report.Change) (*int, bool)) {
	if watch.Rows == nil {
		return
	}
	zh, en := r.Reworded(language.Chinese), r.Reworded(language.English)
	texts, places := map[console.Text]int{}, map[console.Place]int{}
	event := newRows()
	for _, n := range r.RowOrder() {
		c := zh.Changes[n]
		if !wanted(c) {
			continue
		}
		why := console.Text{ZH: c.Reason, EN: en.Changes[n].Reason}
		if _, known := texts[why]; !known {
			texts[why] = len(texts)
			event.Texts = append(event.Texts, why)
		}
		place := console.Place{Cloud: string(c.Cloud), Account: c.Account, Region: c.Region}
		if _, known := places[place]; !known {
			places[place] = len(places)
			event.Places = append(event.Places, place)
		}
		row := console.PlanRow{
			Action: string(c.Action), Why: texts[why], Place: places[place], Instance: c.InstanceID, Asset: c.AssetID, Name: c.Name, Address: c.Address, Platform: c.Platform,
			Values: valuesOf(zh, c),
		}
		row.Apply, row.Held = tick(c)
		event.Rows = append(event.Rows, row)
		if len(event.Rows) == rowsPerEvent {
			watch.Rows(event)
			event = newRows()
		}
	}
	if len(event.Rows) > 0 {
		watch.Rows(event)
	}
}

func newRows() console.PlanRows {
	return console.PlanRows{Texts: []console.Text{}, Places: []console.Place{}, Rows: []console.PlanRow{}}
}

func valuesOf(r report.Report, c report.Change) (values [][3]string) {
	for _, v := range r.ValuesOf(c) {
		values = append(values, [3]string{v.Field, v.Before, v.After})
	}
	return values
}

func scopesOf(r report.Report) []console.ScopeResult {
	zh, en := r.Reworded(language.Chinese), r.Reworded(language.English)
	found := []console.ScopeResult{}
	for n, s := range zh.Scopes {
		row := console.ScopeResult{Cloud: string(s.Cloud), Account: s.Account, Region: s.Region, Complete: s.Complete, Instances: s.Instances}
		if !s.Complete {
			row.Kind = kindText(s.Error.Kind)
			row.Message = console.Text{ZH: s.Error.Message, EN: en.Scopes[n].Error.Message}
		}
		found = append(found, row)
	}
	return found
}

func kindText(k inventory.Kind) console.Text {
	return inBoth(func(lang language.Lang) string { return report.KindName(k, lang) })
}

func errorsOf(r report.Report) []console.RunError {
	zh, en := r.Reworded(language.Chinese), r.Reworded(language.English)
	found := []console.RunError{}
	for n, e := range zh.Errors {
		message := console.Same(e.Message)
		if n < len(en.Errors) {
			message.EN = en.Errors[n].Message
		}
		found = append(found, console.RunError{Kind: kindText(e.Kind), Message: message, Instance: e.InstanceID, Warning: zh.IsWarningEntry(e)})
	}
	return found
}

// Apply implements console.Backend. What was ticked goes the way of jms-sync apply: listed and planned again, and made only
// where it is exactly as it was.
func (b *Backend) Apply(ctx context.Context, _ console.Person, id string, o console.ApplyOrder, watch console.Watch) (console.ApplyResult, error) {
	s, err := b.open(ctx, hooksOf(watch, false))
	if err != nil {
		return console.ApplyResult{}, err
	}
	defer s.Close()
	if s.Store() == nil {
		return console.ApplyResult{}, console.NewFailure(http.StatusServiceUnavailable, console.CodeNoStore, language.New("没有状态存储", "there is no state store"), nil)
	}
	ticked, err := s.loadTicked(ctx, id, o)
	if err != nil {
		return console.ApplyResult{}, err
	}
	out := s.Apply(ctx, ticked, nil)
	if isBusy(out.Report) {
		return console.ApplyResult{}, console.NewFailure(http.StatusConflict, console.CodeBusy, language.New("另一次同步正在进行，什么都没有做，请稍后再试",
			"another run is at work; nothing was done, try again later"), errors.New(out.Report.Errors[0].Message))
	}
	if out.Err != nil {
		return console.ApplyResult{}, runFailure(out)
	}
	ours := map[string]bool{}
	for _, line := range ticked {
		ours[line.AssetID] = true // all others were left, as the person wanted
	}
	sendRows(out.Report, watch, func(c report.Change) bool { return ours[c.AssetID] }, func(report.Change) (*int, bool) { return nil, false })
	return console.ApplyResult{Run: rowOf(out.Report), Actions: actionTexts(), Scopes: scopesOf(out.Report), Errors: errorsOf(out.Report), Asked: len(ticked)}, nil
}

// isBusy reports whether a run did nothing because another one was at work.
func isBusy(r report.Report) bool {
	return len(r.Scopes) == 0 && len(r.Errors) == 1 && r.Errors[0].Kind == "busy"
}

// loadTicked returns the lines of a kept plan that a person ticked. Held ones are approved by the number of them that the
// person said.
func (s opened) loadTicked(ctx context.Context, id string, o console.ApplyOrder) ([]plan.ReviewLine, error) {
	text, err := s.Store().LoadPlan(ctx, id, s.Now())
	switch {
	case inventory.KindOf(err) == inventory.NotFound:
		return nil, console.NewFailure(http.StatusGone, console.CodeExpired, language.New("没有这个计划，或已超过 24 小时，请重新计划", "there is no such plan, or it is older than 24 hours: plan again"), nil)
	case err != nil:
		return nil, storeFailure(err)
	}
	var p session.ReviewedPlan
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, storeFailure(err)
	}
	if err := p.Check(s.Config().JumpServer, s.Now()); err != nil || p.Hash != id {
		return nil, console.NewFailure(http.StatusConflict, console.CodeChanged, language.New("这个计划不能执行，请重新计划", "the plan cannot be applied: plan again"), err)
	}
	return tick(p, o)
}

// tick returns the lines that an order names.
func tick(p session.ReviewedPlan, o console.ApplyOrder) ([]plan.ReviewLine, error) {
	wanted := make([]bool, len(p.Changes))
	bad := console.NewFailure(http.StatusBadRequest, console.CodeBadRequest, language.New("计划里没有这样的行", "the plan has no such row"), nil)
	for _, n := range o.Rows {
		if n < 0 || n >= len(wanted) {
			return nil, bad
		}
		wanted[n] = true
	}
	for _, r := range o.Ranges {
		if r[0] < 0 || r[1] >= len(wanted) || r[0] > r[1] {
			return nil, bad
		}
		for n := r[0]; n <= r[1]; n++ {
			wanted[n] = true
		}
	}
	var lines []plan.ReviewLine
	held := 0
	for n, l := range p.WithHeldApproved().Changes {
		if !wanted[n] {
			continue
		}
		if p.Changes[n].Held != "" {
			held++
		}
		lines = append(lines, l)
	}
	if held != o.Held {
		return nil, console.NewFailure(http.StatusConflict, console.CodeChanged, language.Newf("勾选的行里有 %d 项暂缓的，不是 %d 项", "%d of the ticked rows are held, and not %d", held, o.Held), nil)
	}
	return lines, nil
}
