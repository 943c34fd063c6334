package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/plan"
)

// sampleHash is the set that is on hold.
const sampleHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// hostile is a host whose name would act if it were taken for markup.
const hostile = `<img src=x onerror="document.title='taken'">`

// backend is an estate without clouds: it answers as the real one, and notes what was ordered.
type backend struct {
	rows     int // of a plan
	approved bool
	paused   *console.Pause
	orders   []string
	entries  []console.AuditEntry
	down     bool // the store cannot be reached
}

func now() time.Time { return time.Date(2026, 11, 28, 22, 35, 0, 0, time.UTC) }

func at(before time.Duration) *time.Time {
	t := now().Add(-before)
	return &t
}

func text(zh, en string) console.Text { return console.Text{ZH: zh, EN: en} }

func (b *backend) About(context.Context) console.About {
	return console.About{Server: "jump.example.com", Organisation: "Default", Environment: "PRODUCTION", Language: "zh", Zone: "Asia/Shanghai", Store: true}
}

func (b *backend) failure() error {
	if !b.down {
		return nil
	}
	return &console.Failure{Problem: console.Problem{Code: console.CodeStore, ZH: "状态存储连不上，什么都没有做", EN: "the state store cannot be reached; nothing was done"}, Status: 503}
}

func run(days int, outcome string, zh, en string) console.RunRow {
	began := now().AddDate(0, 0, -days)
	return console.RunRow{
		ID: began.Format("20060102T150405Z"), StartedAt: began, Duration: 14.2 + float64(days%7), Outcome: outcome, OutcomeText: text(zh, en), Scopes: 4,
		Counts: console.RunCounts{Total: 1920, Created: days % 5, Updated: days % 3, Deactivated: days % 2, Unchanged: 1840, Held: 5},
	}
}

func (b *backend) Overview(context.Context) (console.Overview, error) {
	last := run(0, "held", "有变更暂缓", "changes are on hold")
	return console.Overview{
		Now: now(), MaxAge: 10800, Pause: b.paused, LastRun: &last,
		Counts: console.Counts{Instances: 1920, Assets: 1915, HeldSets: 1, HeldAssets: 5, Open: 3, Drifted: 2, Orphans: 1},
		Scopes: []console.Scope{
			{Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-beijing", LastComplete: at(10 * time.Minute), Complete: true, Listed: true, Instances: 1200, Held: 5, Open: 3, Drifted: 2},
			{Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-shanghai", LastComplete: at(26 * time.Hour), Stale: true, Listed: true, Kind: "throttled", Message: "list aliyun-prod/cn-shanghai: Throttling.User"},
			{Cloud: "aws", Account: "aws-prod", Region: "eu-central-1", LastComplete: at(10 * time.Minute), Complete: true, Listed: true, Instances: 720},
			{Cloud: "huawei", Account: "hw-new", Region: "cn-north-4"},
		},
		Quarantines: []console.Quarantine{{Account: "tencent-old", Since: *at(time.Hour), Until: *at(-time.Hour), Tries: 3, Message: "AuthFailure.SecretIdNotFound"}},
		Open: []console.OpenGroup{{Code: "unproved", Reason: "实例不在列表里，但没有证实已释放", At: *at(10 * time.Minute), Assets: []console.OpenAsset{
			{ID: "a1", Name: "web-1", Address: "10.0.0.1", Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-beijing", Instance: "i-1"},
			{ID: "a2", Name: hostile, Address: "10.0.0.2", Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-beijing", Instance: "i-2"}}}},
		Lasting:      []console.Lasting{{Kind: text("区域读取失败", "scope failed"), Account: "aliyun-prod", Region: "cn-shanghai", Text: "aliyun-prod / cn-shanghai 被限流", Since: *at(26 * time.Hour)}},
		Expected:     []console.Expected{{Account: "aws-prod", Region: "eu-central-1", Until: *at(-48 * time.Hour), UpTo: 20, Left: 12, By: "wang", Reason: "机房下线"}},
		OtherServers: []string{}, Problems: []console.Text{},
	}, b.failure()
}

func (b *backend) Runs(_ context.Context, days int) (console.Runs, error) {
	all := console.Runs{Runs: []console.RunRow{}, Days: []console.Day{}, Problems: []console.Text{}}
	for n := range days {
		r := run(n, "ok", "完成", "done")
		all.Runs = append(all.Runs, r)
		all.Days = append([]console.Day{{
			Date: r.StartedAt.In(time.FixedZone("", 8*3600)).Format(time.DateOnly), Runs: 1, Outcomes: map[string]int{"ok": 1}, Created: r.Counts.Created, Updated: r.Counts.Updated,
			Deactivated: r.Counts.Deactivated, Longest: r.Duration,
		}}, all.Days...)
	}
	return all, b.failure()
}

func (b *backend) Run(_ context.Context, id string) (console.Run, error) {
	document := `{"changes":[{"action":"deactivate","instance_id":"i-9","asset_id":"a9","name":"old-9","address":"10.0.0.9","cloud":"alibaba","account":"aliyun-prod","region":"cn-beijing","reason":"实例已释放，云已证实"}],"errors":[{"kind":"throttled","message":"Throttling.User","warning":true}]}`
	return console.Run{RunRow: run(0, "ok", "完成", "done"), Document: json.RawMessage(document), Shortened: []string{}, Actions: actions()}, b.failure()
}

func actions() map[string]console.Text {
	return map[string]console.Text{"create": text("新增", "create"), "update": text("更新", "update"), "deactivate": text("停用", "deactivate"), "delete": text("删除", "delete"), "hold": text("暂缓", "hold"), "skip": text("跳过", "skip")}
}

func (b *backend) set() console.HeldSet {
	s := console.HeldSet{
		Hash: sampleHash, Assets: 5, FirstHeld: *at(5 * time.Hour), LastHeld: *at(10 * time.Minute), ApprovableUntil: *at(-24 * time.Hour),
		Groups: []console.HeldGroup{{Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-beijing", Reason: "该区域将失去 5/12 个资产，超过 20%", Assets: 5, Names: []string{"web-0", "web-1", "web-2", "web-3", hostile}}},
	}
	if b.approved {
		s.ApprovedUntil = at(-24 * time.Hour)
	}
	return s
}

func (b *backend) Held(context.Context) (console.Held, error) {
	return console.Held{Sets: []console.HeldSet{b.set()}, Problems: []console.Text{}}, b.failure()
}

func (b *backend) HeldSet(_ context.Context, hash string) (console.HeldDetail, error) {
	if !strings.HasPrefix(sampleHash, hash) {
		return console.HeldDetail{}, &console.Failure{Problem: console.Problem{Code: console.CodeNotFound, ZH: "没有这一组", EN: "there is no such set"}, Status: 404}
	}
	d := console.HeldDetail{HeldSet: b.set(), Removals: []console.HeldRemoval{}}
	for n := range 5 {
		d.Removals = append(d.Removals, console.HeldRemoval{
			Asset: fmt.Sprint("a", n), Action: "delete", ActionText: text("删除", "delete"), Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-beijing", Instance: fmt.Sprint("i-", n),
			Name: fmt.Sprint("web-", n), Address: fmt.Sprint("10.0.0.", n), Node: "/DEFAULT/生产", Reason: "该区域将失去 5/12 个资产，超过 20%",
		})
	}
	d.Removals[4].Name = hostile
	return d, b.failure()
}

func (b *backend) Approve(_ context.Context, by console.Person, hash string, o console.HeldOrder) (console.HeldResult, error) {
	b.orders = append(b.orders, fmt.Sprint("approve ", hash[:12], " ", o.Assets, " ", by.ID, " ", o.Reason))
	b.approved = true
	return console.HeldResult{Hash: hash, Assets: o.Assets, ApprovedUntil: at(-24 * time.Hour)}, nil
}

func (b *backend) Reject(_ context.Context, by console.Person, hash string, o console.HeldOrder) (console.HeldResult, error) {
	b.orders = append(b.orders, fmt.Sprint("reject ", hash[:12], " ", o.Assets, " ", by.ID, " ", o.Reason))
	b.approved = false
	return console.HeldResult{Hash: hash, Assets: o.Assets}, nil
}

func (b *backend) Explain(_ context.Context, query, _ string) (console.Explained, error) {
	e := console.Explained{Query: query, Matches: []explain.Explanation{}, Unread: []console.ScopeResult{}, Among: []string{}}
	if query != "web-1" {
		e.Unread = []console.ScopeResult{{Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-shanghai", Kind: text("被限流", "throttled"), Message: text("Throttling.User", "Throttling.User")}}
		return e, nil
	}
	e.Total = 1
	e.Matches = append(e.Matches, explain.Explanation{
		Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-beijing", InstanceID: "i-1", AssetID: "a1",
		Instance: &explain.Instance{Name: "web-1", Status: "Running", Owner: "1234", System: "linux", PrivateIPs: []string{"10.0.0.1"}, Tags: []explain.Tag{{Key: "app", Value: "pay"}}, CreatedAt: at(900 * time.Hour)},
		Rules: []explain.Rule{
			{Rule: 1, Name: "pay", Matched: true, Set: []string{"node"}},
			{Rule: 2, Name: "windows", Unmet: &explain.Unmet{Key: "os", Have: "linux", Wanted: []string{"windows"}}}},
		Asset: &explain.Asset{Name: "web-1", Active: true, Whose: explain.Ours, Labels: []string{"jms-owner"}},
		Fields: []explain.Field{
			{Field: "name", Now: "web-1", Wanted: "web-1", Source: explain.SourceCloud, Policy: "always"},
			{Field: "node", Now: "/DEFAULT", Wanted: "/DEFAULT/pay", Source: explain.SourceRule, Rule: 1, Differs: true, Policy: "always", Changes: true, After: "/DEFAULT/pay"}},
		Verdicts: []explain.Verdict{{Action: plan.Update, Reason: "节点由规则决定", Values: []plan.FieldChange{}}},
		Access:   &access.Host{Users: 2, Ways: []access.Way{{RuleID: "r", Rule: "pay-team", Groups: []access.Person{{ID: "g", Name: "pay"}}, Users: []access.Person{{ID: "u", Name: "li"}, {ID: "v", Name: "zhang"}}}}},
	})
	return e, nil
}

func (b *backend) Doctor(context.Context) (console.Doctor, error) {
	return console.Doctor{OK: 1, Warnings: 1, Sections: []console.DoctorSection{{Title: text("JumpServer", "JumpServer"), Findings: []console.DoctorFinding{
		{Subject: text("密钥", "key"), Verdict: "ok", Found: text("有效", "works")},
		{Subject: text("时钟", "clock"), Verdict: "warning", Found: text("快 12 秒", "12 s fast"), Fix: text("校准时间", "set the clock")},
	}}}}, nil
}

func (b *backend) Config(context.Context) (console.Config, error) {
	return console.Config{Valid: false, Settings: []console.Setting{
		{Path: "jumpserver.url", Value: "https://jump.example.com", Doc: text("地址", "its address")},
		{Path: "jumpserver.key_secret", Value: "***", Secret: true, Doc: text("密钥", "its secret")},
		{Path: "sync.interval", Value: "1h", Default: true, Doc: text("间隔", "the interval")},
	}, Mistakes: []console.ConfigFinding{{Path: "clouds[0].regions", Line: 12, Text: text("不能为空", "must not be empty")}}, Warnings: []console.ConfigFinding{}}, nil
}

func (b *backend) Pause(context.Context) (console.PauseState, error) {
	return console.PauseState{Pause: b.paused}, b.failure()
}

func (b *backend) SetPause(_ context.Context, by console.Person, o console.PauseOrder) (console.PauseState, error) {
	b.orders = append(b.orders, fmt.Sprint("pause removals=", o.Removals, " ", by.ID, " ", o.Reason))
	b.paused = &console.Pause{Kind: "removals", Active: true, By: by.Name, Since: at(0), Until: o.Until, Reason: o.Reason, Text: text("移除已暂停："+o.Reason, "Removals are paused: "+o.Reason)}
	return console.PauseState{Pause: b.paused}, nil
}

func (b *backend) Resume(context.Context, console.Person) (console.PauseState, error) {
	b.orders = append(b.orders, "resume")
	b.paused = nil
	return console.PauseState{}, nil
}

func (b *backend) Plan(_ context.Context, o console.PlanOrder, w console.Watch) (console.PlanResult, error) {
	b.orders = append(b.orders, fmt.Sprint("plan ", o.Accounts, o.Regions, o.Only))
	w.Stage(console.Stage{Name: "clouds", Text: text("列出各云", "List the clouds")})
	w.Progress(console.Progress{Done: 2, Total: 4})
	const part = 1000
	texts := []console.Text{text("云上新实例", "a new instance"), text("该区域将失去 5/12 个资产，超过 20%", "the scope would lose 5 of 12 assets, over 20%")}
	places := []console.Place{{Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-beijing"}}
	for from := 0; from < b.rows; from += part {
		event := console.PlanRows{Texts: []console.Text{}, Places: []console.Place{}, Rows: []console.PlanRow{}}
		if from == 0 {
			event.Texts, event.Places = texts, places
		}
		for n := from; n < min(from+part, b.rows); n++ {
			row := console.PlanRow{Action: "create", Instance: fmt.Sprint("i-", n), Name: fmt.Sprint("web-", n), Address: fmt.Sprintf("10.%d.%d.%d", n/65536, n/256%256, n%256), Platform: "Linux", Apply: &n}
			if n < 2 {
				row.Action, row.Why, row.Held, row.Asset = "hold", 1, true, fmt.Sprint("a", n)
			}
			if n == 2 {
				row.Name, row.Action, row.Apply = hostile, "skip", nil
			}
			event.Rows = append(event.Rows, row)
		}
		w.Rows(event)
	}
	r := run(0, "held", "有变更暂缓", "changes are on hold")
	r.Counts = console.RunCounts{Total: b.rows, Created: b.rows - 3, Held: 2, Skipped: 1}
	return console.PlanResult{
		ID: "plan-1", Until: at(-24 * time.Hour), Run: r, Actions: actions(), Errors: []console.RunError{},
		Scopes: []console.ScopeResult{{Cloud: "alibaba", Account: "aliyun-prod", Region: "cn-shanghai", Kind: text("被限流", "throttled"), Message: text("Throttling.User", "Throttling.User")}},
		Access: &access.Diff{Nodes: []access.Node{{ID: "n", Path: "/DEFAULT/生产/支付", New: true, Enter: 3, Gain: []access.Holder{{Kind: access.Group, ID: "g", Name: "pay", Hosts: 3}}, GainUsers: 2, Nobody: 1}}},
	}, nil
}

func (b *backend) Apply(_ context.Context, by console.Person, plan string, o console.ApplyOrder, w console.Watch) (console.ApplyResult, error) {
	b.orders = append(b.orders, fmt.Sprint("apply ", plan, " ", o.Ranges, " held ", o.Held, " ", by.ID))
	w.Stage(console.Stage{Name: "apply", Text: text("写入", "Write")})
	r := run(0, "ok", "完成", "done")
	r.Counts = console.RunCounts{Created: len(o.Rows)}
	return console.ApplyResult{Run: r, Actions: actions(), Scopes: []console.ScopeResult{}, Errors: []console.RunError{}, Asked: len(o.Rows)}, nil
}

func (b *backend) Audit(context.Context, int) (console.Audit, error) {
	return console.Audit{Entries: []console.AuditEntry{
		{ID: "1", At: *at(time.Minute), Who: "wang@example.com", Name: "王", Role: console.Approver, Action: "approve", Target: sampleHash, Detail: "机房下线", From: "10.1.1.1", Agent: "Mozilla/5.0", Outcome: "done", EndedAt: at(0)},
		{ID: "2", At: *at(time.Hour), Who: "li@example.com", Name: hostile, Role: console.Viewer, Action: "approve", Outcome: "refused", Error: "forbidden", From: "10.1.1.2"},
	}, Problems: []console.Text{}}, b.failure()
}

func (b *backend) RecordAudit(_ context.Context, e console.AuditEntry) error {
	b.entries = append(b.entries, e)
	return nil
}
