package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

// parted is two accounts in two regions each, each of which is a part, and the store that they share.
type parted struct {
	*world
	bucket *moody
	store  *state.Store
	fired  time.Time // of the last tick
}

const perRegion = 60

// fourParts are the parts; account and region of each.
func fourParts() [4][2]string {
	return [4][2]string{{"one", "cn-beijing"}, {"one", "cn-hangzhou"}, {"two", "cn-beijing"}, {"two", "cn-shanghai"}}
}

// moody is a bucket that can do only so much, and fails on the keys that break names.
type moody struct {
	storage.Bucket
	can     *storage.Abilities
	failing atomic.Value // a part of the keys whose calls fail
}

func (m *moody) Abilities(ctx context.Context) storage.Abilities {
	if m.can != nil {
		return *m.can
	}
	return m.Bucket.Abilities(ctx)
}

func (m *moody) fails(key string) error {
	if part, _ := m.failing.Load().(string); part != "" && strings.Contains(key, part) {
		return &inventory.Error{Kind: inventory.Temporary, Message: "broken store"}
	}
	return nil
}

func (m *moody) Get(ctx context.Context, key, etag string) (storage.Object, error) {
	if err := m.fails(key); err != nil {
		return storage.Object{}, err
	}
	return m.Bucket.Get(ctx, key, etag)
}

func (m *moody) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	if err := m.fails(key); err != nil {
		return "", err
	}
	return m.Bucket.Put(ctx, key, data, c)
}

func newParted(t *testing.T, settings map[string]any) *parted {
	t.Helper()
	all := map[string]any{"sync": map[string]any{"guard": map[string]any{"percent": 100}}}
	merge(all, settings)
	w := newWorld(t, scenario{Settings: all, Accounts: []accountSpec{
		{Name: "one", Owner: "1000000000000001", Account: "1000000000000001", Regions: []string{"cn-beijing", "cn-hangzhou"}},
		{Name: "two", Owner: "1000000000000002", Account: "1000000000000002", Regions: []string{"cn-beijing", "cn-shanghai"}},
	}}, jumpservertest.V410)
	t.Cleanup(w.close)
	p := &parted{world: w, bucket: &moody{Bucket: dir.Open(t.TempDir())}}
	p.fill(perRegion)
	var err error
	if p.store, err = state.New(p.bucket, "", state.Options{Now: w.run.now}); err != nil {
		t.Fatal(err)
	}
	return p
}

// fill leaves n instances in each region.
func (p *parted) fill(n int) {
	for number, at := range fourParts() {
		account := p.account(at[0]).cloud
		account.Remove(at[1])
		for i := range n {
			account.Put(at[1], alibabatest.Sample(number*perRegion+i))
		}
	}
}

// part makes the run of one region in the tick of now.
func (p *parted) part(e engine.Engine, number int, change func(*engine.Engine, *engine.Request)) report.Report {
	e.Sharing = &engine.Sharing{Store: p.store, Name: "org", Fired: p.fired, Wait: 20 * time.Minute}
	req := partOf(number)
	if change != nil {
		change(&e, &req)
	}
	return e.Run(p.t.Context(), req).Report
}

func partOf(number int) engine.Request {
	at := fourParts()[number-1]
	return engine.Request{Accounts: at[:1], Regions: at[1:], Part: engine.Part{Number: number, Of: 4}}
}

// tick makes the runs of some parts side by side, five minutes after those before, and sums them up.
func (p *parted) tick(change func(*engine.Engine, *engine.Request), numbers ...int) (sum report.Report, cards []string) {
	p.t.Helper()
	p.run.advance(5 * time.Minute)
	p.fired = p.run.now() // one time for all: a minute may end at any moment
	p.robotTime.advance(5 * time.Minute)
	before := len(p.robot.Messages())
	reports := make([]report.Report, len(numbers))
	var wait sync.WaitGroup
	for n, number := range numbers {
		e := p.engine() // not in the goroutine: it makes the client once
		wait.Go(func() { reports[n] = p.part(e, number, change) })
	}
	wait.Wait()
	for _, m := range p.robot.Messages()[before:] {
		cards = append(cards, m.Text)
	}
	return report.Merge(reports), cards
}

func (p *parted) wantCards(what string, cards []string, n int, texts ...string) {
	p.t.Helper()
	if len(cards) != n {
		p.t.Fatalf("%s: %d cards, want %d: %s", what, len(cards), n, strings.Join(cards, "\n---\n"))
	}
	for _, text := range texts {
		if !strings.Contains(cards[0], text) {
			p.t.Errorf("%s: the card does not say %q: %s", what, text, cards[0])
		}
	}
}

func row(name string, n int) string { return fmt.Sprintf("| %s | %d |", name, n) }

func TestPartsShareOneCardAndOneBudget(t *testing.T) {
	t.Parallel()
	p := newParted(t, nil)
	sum, cards := p.tick(nil, 1, 2, 3, 4)
	if sum.Created != 4*perRegion {
		t.Fatalf("%+v", sum)
	}
	p.wantCards("first", cards, 1, row("总计资产", 240), row("新增资产", 240), "等共 240 个资产")
	// 60 in all are more than the 50 of one run; each part alone is less.
	p.fill(perRegion - 15)
	sum, cards = p.tick(nil, 1, 2, 3, 4)
	if sum.Deactivated != 45 || sum.Held != 15 {
		t.Errorf("deactivated %d, held %d", sum.Deactivated, sum.Held)
	}
	p.wantCards("storm", cards, 1, row("停用资产", 45), row("暂缓", 15), "其他部分要移除 45 个资产，加上这一部分的 15 个，超过一次运行的上限 50")
	sum, cards = p.tick(nil, 1, 2, 3, 4)
	for range 2 { // the part that is left may come before the others gave up what they had
		if sum.Held == 0 {
			break
		}
		sum, _ = p.tick(nil, 1, 2, 3, 4)
	}
	if sum.Held != 0 || p.inactive() != 60 {
		t.Errorf("%d deactivated in all, held %d", p.inactive(), sum.Held)
	}
	p.wantCards("after it", cards, 1)
}

// inactive counts the assets that are off.
func (p *parted) inactive() int {
	n := 0
	for _, h := range p.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		if !h.Active {
			n++
		}
	}
	return n
}

// TestStormOverParts: 40 of each part are a storm of 160. At most one part gets what it wants, in this
// tick and in all that follow, until people raise the limit.
func TestStormOverParts(t *testing.T) {
	t.Parallel()
	p := newParted(t, nil)
	p.tick(nil, 1, 2, 3, 4)
	p.fill(perRegion - 40)
	for range 3 {
		sum, cards := p.tick(nil, 1, 2, 3, 4)
		if n := p.inactive(); n > 50 || sum.Held < 120 || len(cards) != 1 {
			t.Errorf("%d deactivated in all, held %d, %d cards", n, sum.Held, len(cards))
		}
	}
	p.set(map[string]any{"sync": map[string]any{"guard": map[string]any{"per_run": 160}}})
	if sum, _ := p.tick(nil, 1, 2, 3, 4); sum.Held != 0 || p.inactive() != 160 {
		t.Errorf("%d deactivated in all, held %d", p.inactive(), sum.Held)
	}
}

// TestBudgetThatCannotBeRead: nothing is removed on doubt.
func TestBudgetThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := newParted(t, nil)
	p.tick(nil, 1, 2, 3, 4)
	p.fill(perRegion - 1)
	p.bucket.failing.Store("budget/")
	sum, cards := p.tick(nil, 1, 2, 3, 4)
	if sum.Held != 4 || p.inactive() != 0 {
		t.Errorf("held %d, %d deactivated", sum.Held, p.inactive())
	}
	p.wantCards("held", cards, 1, "读写不了各部分共用的移除额度")
	p.bucket.failing.Store("")
	if sum, _ := p.tick(nil, 1, 2, 3, 4); sum.Held != 0 || p.inactive() != 4 {
		t.Errorf("held %d, %d deactivated", sum.Held, p.inactive())
	}
}

// TestPartsThatCannotShare: each has its share of the limit, and tells its own card.
func TestPartsThatCannotShare(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*parted) func(*engine.Engine, *engine.Request){
		"no store": func(*parted) func(*engine.Engine, *engine.Request) {
			return func(e *engine.Engine, _ *engine.Request) { e.Sharing = nil }
		},
		"no preconditions": func(p *parted) func(*engine.Engine, *engine.Request) {
			p.bucket.can = &storage.Abilities{}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParted(t, nil)
			apart := change(p)
			_, cards := p.tick(apart, 1, 2, 3, 4)
			p.wantCards("first", cards, 4)
			p.fill(perRegion - 12)
			if sum, _ := p.tick(apart, 1, 2, 3, 4); sum.Held != 0 || p.inactive() != 48 {
				t.Errorf("held %d, %d deactivated", sum.Held, p.inactive())
			}
			p.fill(perRegion - 12 - 13)
			if sum, _ := p.tick(apart, 1, 2, 3, 4); sum.Held != 52 || p.inactive() != 48 {
				t.Errorf("held %d, %d deactivated", sum.Held, p.inactive())
			}
		})
	}
}

func TestPartThatDied(t *testing.T) {
	t.Parallel()
	p := newParted(t, map[string]any{"notification": map[string]any{"on": "failure"}})
	_, cards := p.tick(nil, 1, 2, 4)
	p.wantCards("one did not report", cards, 0)
	p.run.advance(20 * time.Minute)
	_, cards = p.tick(nil, 1)
	p.wantCards("later", cards, 1, "本次同步分为 4 个部分，其中 1 个没有报告结果：3/4", row("新增资产", 180))
	_, cards = p.tick(nil, 2)
	p.wantCards("told once", cards, 0)
}

func TestRoundIsToldAgainWhereTheRobotFailed(t *testing.T) {
	t.Parallel()
	p := newParted(t, nil)
	p.robot.Fail(dingtalktest.Answers(1, "keywords")...)
	_, cards := p.tick(nil, 1, 2, 3, 4)
	p.wantCards("refused", cards, 0)
	_, cards = p.tick(nil, 1)
	p.wantCards("by a part of the next round", cards, 1, row("新增资产", 240))
}

// TestStoreWithoutRounds: where reports cannot be put down, each part tells its own card.
func TestStoreWithoutRounds(t *testing.T) {
	t.Parallel()
	p := newParted(t, nil)
	p.bucket.failing.Store("rounds/")
	_, cards := p.tick(nil, 1, 2, 3, 4)
	p.wantCards("each its own", cards, 4, row("新增资产", 60))
}

func TestDryPartsShareNothing(t *testing.T) {
	t.Parallel()
	p := newParted(t, nil)
	_, cards := p.tick(func(_ *engine.Engine, r *engine.Request) { r.DryRun = true }, 1, 2, 3, 4)
	p.wantCards("each its own", cards, 4)
	if keys, err := p.bucket.List(t.Context(), ""); err != nil || len(keys) > 0 {
		t.Errorf("%v, %v", keys, err)
	}
}

// TestBusyPart: one whose like is still at work keeps nobody waiting.
func TestBusyPart(t *testing.T) {
	t.Parallel()
	p := newParted(t, nil)
	_, cards := p.tick(nil, 1, 2, 3)
	p.wantCards("three of four", cards, 0)
	e := p.engine()
	e.Sharing = &engine.Sharing{Store: p.store, Name: "org", Fired: p.fired, Wait: 20 * time.Minute}
	e.Attend(t.Context(), partOf(4), report.Busy(e.Now(), "another one works"))
	if n := len(p.robot.Messages()); n != 1 {
		t.Errorf("%d cards", n)
	}
}

// TestQuietPartGivesUpItsRemovals: a run that ends after listing the clouds says that it wants none.
func TestQuietPartGivesUpItsRemovals(t *testing.T) {
	t.Parallel()
	p := newParted(t, nil)
	remembers := func(e *engine.Engine, _ *engine.Request) {
		e.Increment = &engine.Increment{Store: p.store, FullEvery: time.Hour}
	}
	p.tick(remembers, 1, 2, 3, 4)
	p.account("one").cloud.Remove("cn-beijing", p.idsOf(0, 45)...)
	if sum, _ := p.tick(remembers, 1); sum.Deactivated != 45 {
		t.Fatalf("%+v", sum)
	}
	p.jumpserver.ResetCounts()
	if sum, _ := p.tick(remembers, 1); sum.Unchanged == 0 || p.jumpserver.Requests() != 0 {
		t.Errorf("no quiet run: %+v", sum)
	}
	p.account("two").cloud.Remove("cn-beijing", p.idsOf(2, 10)...)
	if sum, _ := p.tick(remembers, 3); sum.Deactivated != 10 {
		t.Errorf("deactivated %d, held %d", sum.Deactivated, sum.Held)
	}
}

// idsOf gives the first n instances of the part at an index.
func (p *parted) idsOf(index, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = alibabatest.Sample(index*perRegion + i).ID
	}
	return ids
}
