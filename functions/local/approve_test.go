package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// newDeskWithState returns a desk whose command has a state store. Its test is not parallel: a variable of the process
// names the store.
func newDeskWithState(t *testing.T) *desk {
	t.Setenv("JMS_SYNC_STATE", "file://"+t.TempDir())
	return newDesk(t)
}

// releaseInstances releases instances of cn-beijing, from one number up to another.
func (d *desk) releaseInstances(from, to int) {
	for n := from; n < to; n++ {
		d.Account.Remove("cn-beijing", alibabatest.SampleInstance(n).ID)
	}
}

// activeHosts returns the number of active hosts with a region's label.
func (d *desk) activeHosts() int {
	n := 0
	for _, h := range d.Hosts() {
		if h.Active {
			n++
		}
	}
	return n
}

// TestApprove: removals are held, approved by a prefix, and applied with proof; later ones wait; then the approval is
// used up.
func TestApprove(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(10, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 4)
	r := d.runSync(exitPartial, report.Held)
	if r.Held != 4 || len(r.HeldSets) != 1 || r.HeldSets[0].Assets != 4 || !r.HeldSets[0].Stored {
		t.Fatalf("%+v", r)
	}
	hash := r.HeldSets[0].Hash
	if card := d.wantCards(2); !strings.Contains(card, "jms-sync approve "+hash) || !strings.Contains(card, "4/10") {
		t.Error(card)
	}
	d.run(exitDone, "held")
	d.wantPrinted(hash, "4 个资产", "未批准", "aliyun-prod/cn-beijing")
	d.run(exitDone, "held", hash[:12])
	for n := range 4 {
		i := alibabatest.SampleInstance(n)
		d.wantPrinted(i.Name + "  " + i.ID + "  " + i.PrivateIPs[0] + "  aliyun-prod ") // the node's name
	}
	d.run(exitDone, "held", hash[:12], "--json")
	if text := d.stdout.String(); strings.Count(text, `"address": "10.0.0.`) != 4 || strings.Count(text, `"node": "aliyun-prod"`) != 4 {
		t.Error(text)
	}
	d.run(exitFailed, "held", strings.Repeat("0", 64))
	d.run(exitDone, "held", "--json")
	var listed struct{ Held []heldEntry }
	if err := json.Unmarshal(d.stdout.Bytes(), &listed); err != nil || len(listed.Held) != 1 || len(listed.Held[0].Removals) != 4 || listed.Held[0].ApprovedUntil != nil {
		t.Errorf("%v\n%s", err, &d.stdout)
	}
	for args, code := range map[string]int{hash[:7]: exitUsage, "web-0": exitUsage, strings.Repeat("0", 64): exitFailed} {
		d.run(code, "approve", args)
		if d.stderr.Len() == 0 {
			t.Errorf("approve %s says nothing", args)
		}
	}
	d.run(exitDone, "approve", hash[:8])
	d.wantPrinted("已批准 4 个资产", alibabatest.SampleInstance(0).ID, alibabatest.SampleInstance(3).ID)
	d.run(exitDone, "held")
	d.wantPrinted("已批准，")

	d.Account.Put("cn-beijing", alibabatest.SampleInstance(0))            // one is back
	d.releaseInstances(4, 8)                                              // and four more are gone
	d.run(exitPartial, "plan", "-o", filepath.Join(d.dir, "looked.json")) // uses nothing up
	d.wantPrinted("演练不保存")
	r = d.runSync(exitPartial, report.Held)
	if r.Deactivated != 3 || r.Held != 4 || d.activeHosts() != 7 || len(r.HeldSets) != 1 || r.HeldSets[0].Hash == hash {
		t.Fatalf("%+v", r)
	}
	d.releaseInstances(0, 1) // the one that was back: its approval is over
	r = d.runSync(exitPartial, report.Held)
	if r.Deactivated != 0 || r.Held != 5 || d.activeHosts() != 7 {
		t.Errorf("%+v", r)
	}
	second := r.HeldSets[0].Hash
	d.run(exitDone, "reject", second)
	d.run(exitFailed, "approve", second)
	r = d.runSync(exitPartial, report.Held)
	if r.Held != 5 || r.HeldSets[0].Hash != second {
		t.Errorf("held again after it was rejected: %+v", r)
	}
}

// TestApprovalIsAsked: only yes is consent, and what is no terminal is not asked.
func TestApprovalIsAsked(t *testing.T) {
	t.Parallel()
	var d stateSession
	d.cfg.Language = "en"
	for answer, want := range map[string]bool{"y\n": true, " YES ": true, "": false, "\n": false, "n\n": false, "yep\n": false, "40\n": false} {
		var asked bytes.Buffer
		if got := d.readConsent(heldSetOf("deactivate"), strings.NewReader(answer), &asked); got != want || !strings.Contains(asked.String(), "these 40 assets") {
			t.Errorf("%q: %v %s", answer, got, &asked)
		}
	}
	var shown bytes.Buffer
	set := runstate.HeldSet{Hash: strings.Repeat("0", 64)}
	for n := range 40 {
		set.Removals = append(set.Removals, runstate.HeldRemoval{Name: fmt.Sprintf("web-%02d", n), Account: "a", Region: "r", Instance: "i"})
	}
	if !d.confirmApproval(set, false, strings.NewReader("n\n"), &shown) || strings.Contains(shown.String(), "[y/N]") {
		t.Errorf("what is no terminal was asked: %s", &shown)
	}
	if text := shown.String(); !strings.Contains(text, "web-29") || strings.Contains(text, "web-30") || !strings.Contains(text, "… 40 in all") || !strings.Contains(text, "jms-sync held 000000000000") {
		t.Error(text)
	}
}

// TestApproveNeedsAStore: without a store approve fails, and the hash is shown nevertheless.
func TestApproveNeedsAStore(t *testing.T) {
	t.Setenv("JMS_SYNC_STATE", "")
	d := newDesk(t)
	d.more = "language: en"
	d.fillInstances(10, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 4)
	r := d.runSync(exitPartial, report.Held)
	if len(r.HeldSets) != 1 || r.HeldSets[0].Stored || len(r.HeldSets[0].Hash) != 64 {
		t.Fatalf("%+v", r)
	}
	d.wantPrinted(r.HeldSets[0].Hash, "which approve needs (JMS_SYNC_STATE)")
	for _, args := range [][]string{{"held"}, {"approve", r.HeldSets[0].Hash}, {"reject", r.HeldSets[0].Hash}} {
		d.run(exitUsage, args...)
		if !strings.Contains(d.stderr.String(), "JMS_SYNC_STATE") {
			t.Error(d.stderr.String())
		}
	}
}

// heldSetOf returns a held set of 40 assets.
func heldSetOf(action string) runstate.HeldSet {
	return runstate.HeldSet{Removals: slices.Repeat([]runstate.HeldRemoval{{Action: action}}, 40)}
}

// TestConsentToMoves: who lets rules move assets is not asked about removals.
func TestConsentToMoves(t *testing.T) {
	t.Parallel()
	var d stateSession
	d.cfg.Language = "en"
	var asked strings.Builder
	if !d.readConsent(heldSetOf("move-0123456789abcdef"), strings.NewReader("y\n"), &asked) || !strings.Contains(asked.String(), "rules move these 40 assets") {
		t.Error(asked.String())
	}
	told := d.approvedText(heldSetOf("move-0123456789abcdef"), time.Now())
	if !strings.Contains(told, "rules move 40 assets") || strings.Contains(told, "removal") {
		t.Error(told)
	}
}

// TestApprovalOfRemovals: with sync.approval a single removal of many waits too.
func TestApprovalOfRemovals(t *testing.T) {
	d := newDeskWithState(t)
	d.more = "sync: {approval: removals}"
	d.fillInstances(10, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 1)
	r := d.runSync(exitPartial, report.Held)
	if r.Held != 1 || d.activeHosts() != 10 {
		t.Fatalf("%+v", r)
	}
	d.run(exitDone, "approve", r.HeldSets[0].Hash)
	r = d.runSync(exitDone, report.OK)
	if r.Deactivated != 1 || d.activeHosts() != 9 {
		t.Errorf("%+v", r)
	}
	d.releaseInstances(1, 2)
	r = d.runSync(exitPartial, report.Held)
	if r.Held != 1 || d.activeHosts() != 9 {
		t.Errorf("an approval that was used: %+v", r)
	}
}

// TestApprovalOfAll: nothing is written but what was reviewed, and only as it was reviewed.
func TestApprovalOfAll(t *testing.T) {
	d := newDeskWithState(t)
	d.more = "sync: {approval: all}"
	d.fillInstances(10, "cn-beijing")
	if r := d.runSync(exitPartial, report.Held); r.Held != 10 || d.JMS.Writes() != 0 || len(r.HeldSets) != 0 {
		t.Fatalf("%+v", r)
	}
	if card := d.wantCards(1); !strings.Contains(card, "暂缓的变更") || !strings.Contains(card, "sync.approval: all") {
		t.Error(card)
	}
	file := filepath.Join(d.dir, "plan.json")
	d.run(exitDone, "plan", "-o", file) // it shows what apply makes
	d.wantPrinted("新增资产 10", "10 项变更，jms-sync apply 执行；0 项暂缓的移除或移动")
	d.Account.Remove("cn-beijing", alibabatest.SampleInstance(0).ID)
	d.Account.Put("cn-beijing", alibabatest.SampleInstance(100))
	r := d.runSync(exitPartial, report.Held, "apply", file)
	if r.Created != 9 || r.Held != 1 || r.Skipped != 1 || len(d.Hosts()) != 9 {
		t.Errorf("%+v", r)
	}
	d.wantPrinted("未执行（新增）：计划文件之后有变化，现在已无需改动")
	if !strings.Contains(d.stdout.String(), "未执行（新增）：不在计划文件中") {
		t.Error(d.stdout.String())
	}
	d.releaseInstances(1, 6) // more than the guard lets pass
	if r := d.runSync(exitPartial, report.Held); r.Held != 6 || d.activeHosts() != 9 {
		t.Errorf("%+v", r)
	}
	d.run(exitPartial, "plan", "-o", file)
	if r := d.runSync(exitPartial, report.Held, "apply", file); r.Deactivated != 0 || r.Created != 1 || r.Held != 5 || d.activeHosts() != 10 {
		t.Errorf("%+v", r)
	}
	if r := d.runSync(exitDone, report.OK, "apply", file, "--include-held"); r.Deactivated != 5 || r.Created != 0 || r.Skipped != 1 || d.activeHosts() != 5 {
		t.Errorf("%+v", r)
	}
	if r := d.runSync(exitDone, report.OK); r.Held+r.Updated != 0 {
		t.Errorf("%+v", r)
	}
}

// TestPlanFileShowsWhatItDoes: 40 of 45 instances are gone. Text, table, counts and file say that 40 removals are held,
// and apply makes them only where a person agrees.
func TestPlanFileShowsWhatItDoes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(45, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 40)
	d.Account.Put("cn-beijing", alibabatest.SampleInstance(100))
	file := filepath.Join(d.dir, "plan.json")
	d.run(exitPartial, "plan", "-o", file)
	d.wantPrinted("停用资产 0", "暂缓 40、", "1 项变更，jms-sync apply 执行；40 项暂缓的移除或移动，只在 --include-held 时执行")
	if n := strings.Count(d.stdout.String(), "\n  ! aliyun-prod/cn-beijing"); n != 40 {
		t.Errorf("%d held lines in the table", n)
	}
	var whole struct {
		report.Report
		Plan reviewedPlan `json:"plan"`
	}
	if err := json.Unmarshal([]byte(d.readFile(file)), &whole); err != nil || whole.Held != 40 || whole.Deactivated != 0 {
		t.Fatalf("%v %+v", err, whole.Report)
	}
	if held := whole.Plan.heldRemovals(); len(held) != 40 || len(whole.Plan.Changes) != 41 || !strings.Contains(held[0].Held, "将失去 40/45 个资产") {
		t.Errorf("%+v", held)
	}
	for _, stdin := range []string{"", "40\n"} { // no terminal: nobody is asked
		d.stdin = stdin
		if r := d.runSync(exitPartial, report.Held, "apply", file); r.Held != 40 || r.Deactivated+r.Deleted != 0 || d.activeHosts() != 46 {
			t.Errorf("%+v", r)
		}
		d.wantPrinted("40 项暂缓的移除或移动不执行；加上 --include-held 才一并执行。")
		if n := strings.Count(d.stdout.String(), "停用  aliyun-prod/cn-beijing"); n != 40 {
			t.Errorf("%d held lines shown before\n%s", n, &d.stdout)
		}
	}
	old := whole.Plan
	old.Version = 1 // such a file does not say what is held
	old.Hash = old.computeHash()
	var text bytes.Buffer
	if err := (planFile{whole.Report, old}).JSON(&text); err != nil {
		t.Fatal(err)
	}
	d.run(exitUsage, "apply", d.saveFile("old.json", text.String()), "--include-held")
	if r := d.runSync(exitDone, report.OK, "apply", file, "--include-held"); r.Deactivated != 40 || d.activeHosts() != 6 {
		t.Errorf("%+v", r)
	}
}

// TestHeldCountIsConsent: only the number of the held removals releases them.
func TestHeldCountIsConsent(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"40\n": true, " 40 ": true, "": false, "\n": false, "y\n": false, "4\n": false, "400\n": false, "-40": false} {
		var asked bytes.Buffer
		if got := readHeldCount(strings.NewReader(answer), &asked, 40, language.English); got != want || !strings.Contains(asked.String(), "40") {
			t.Errorf("%q: %v", answer, got)
		}
	}
	if confirmHeld(strings.NewReader("40\n"), io.Discard, 40, language.English) {
		t.Error("what is no terminal was asked")
	}
}

// TestPlanFile: a plan that is cut short, another's or too old is refused before any request.
func TestPlanFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(3, "cn-beijing")
	file := filepath.Join(d.dir, "plan.json")
	d.run(exitDone, "plan", "-o", file)
	good := d.readFile(file)
	var whole struct {
		report.Report
		Plan reviewedPlan `json:"plan"`
	}
	if err := json.Unmarshal([]byte(good), &whole); err != nil || whole.Created != 3 || len(whole.Plan.Changes) != 3 || whole.Plan.Hash != whole.Plan.computeHash() {
		t.Fatalf("%v\n%s", err, good)
	}
	again := func(edit func(*reviewedPlan)) string {
		p := whole.Plan
		edit(&p)
		p.Hash = p.computeHash()
		var out bytes.Buffer
		if err := (planFile{whole.Report, p}).JSON(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	asked := d.JMS.Requests()
	for name, text := range map[string]string{
		"no JSON": "x", "the results of a run": strings.Replace(good, `"plan": {`, `"plans": {`, 1),
		"cut":             good[:len(good)/2],
		"edited":          strings.ReplaceAll(good, whole.Plan.Changes[0].Name, "other"),
		"of yesterday":    again(func(p *reviewedPlan) { p.CreatedAt = p.CreatedAt.Add(-planTTL) }),
		"of tomorrow":     again(func(p *reviewedPlan) { p.CreatedAt = p.CreatedAt.Add(planTTL) }),
		"another version": again(func(p *reviewedPlan) { p.Version++ }),
		"another server":  again(func(p *reviewedPlan) { p.JumpServer = "https://other" }),
		"another org":     again(func(p *reviewedPlan) { p.Organisation = "x" }),
	} {
		d.run(exitUsage, "apply", d.saveFile("bad.json", text))
		if !strings.Contains(d.stderr.String(), "bad.json: ") {
			t.Errorf("%s: %s", name, &d.stderr)
		}
	}
	d.run(exitUsage, "apply", filepath.Join(d.dir, "none.json"))
	if d.JMS.Requests() != asked {
		t.Error("JumpServer was asked")
	}
	if err := os.WriteFile(file, []byte(again(func(*reviewedPlan) {})), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := d.runSync(exitDone, report.OK, "apply", file); r.Created != 3 {
		t.Errorf("%+v", r)
	}
}

// TestQuarantine: an account whose key is refused is queried once, reported once, and queried again when a person says
// so.
func TestQuarantine(t *testing.T) {
	d := newDeskWithState(t)
	d.more = "sync: {guard: {min: 4}}"
	d.fillInstances(3, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.Account.SetSecret("another-secret")
	d.runSync(exitFailed, report.Failed, "-r", "1")
	if card := d.wantCards(2); !strings.Contains(card, "密钥无效") || !strings.Contains(card, "### 同步失败") {
		t.Error(card)
	}
	d.runSync(exitFailed, report.Failed, "-r", "1") // once may be the cloud's mistake
	d.Account.SetSecret(functiontest.CloudSecret)   // as it was: nothing shows that it works again
	r := d.runSync(exitFailed, report.Failed, "-r", "1")
	if len(r.Scopes) != 2 || !strings.Contains(r.Scopes[0].Error.Message, "账号隔离中") || len(d.Hosts()) != 3 || d.activeHosts() != 3 {
		t.Fatalf("%+v", r)
	}
	if card := d.wantCards(4); strings.Contains(card, "### 同步失败") || !strings.Contains(card, "账号隔离中") {
		t.Error(card)
	}
	r = d.runSync(exitDone, report.OK, "--every-account")
	if r.Unchanged != 3 {
		t.Errorf("%+v", r)
	}
	d.runSync(exitDone, report.OK)
}
