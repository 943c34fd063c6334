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
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

// shardWorld is two accounts in two regions each, each of which is a part, and the store that they share.
type shardWorld struct {
	*enginetest.World
	bucket  *faultyBucket
	store   *state.Store
	firedAt time.Time // of the last tick
}

const perRegion = 60

// shardScopes are the parts; account and region of each.
func shardScopes() [4][2]string {
	return [4][2]string{{"one", "cn-beijing"}, {"one", "cn-hangzhou"}, {"two", "cn-beijing"}, {"two", "cn-shanghai"}}
}

// faultyBucket is a bucket that can do only so much, and fails on the keys that break names.
type faultyBucket struct {
	storage.Bucket
	abilities *storage.Capabilities
	failing   atomic.Value // a part of the keys whose calls fail
}

func (m *faultyBucket) Capabilities(ctx context.Context) storage.Capabilities {
	if m.abilities != nil {
		return *m.abilities
	}
	return m.Bucket.Capabilities(ctx)
}

func (m *faultyBucket) failOn(key string) error {
	if part, _ := m.failing.Load().(string); part != "" && strings.Contains(key, part) {
		return &inventory.Error{Kind: inventory.Temporary, Message: "broken store"}
	}
	return nil
}

func (m *faultyBucket) Get(ctx context.Context, key, etag string) (storage.Object, error) {
	if err := m.failOn(key); err != nil {
		return storage.Object{}, err
	}
	return m.Bucket.Get(ctx, key, etag)
}

func (m *faultyBucket) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	if err := m.failOn(key); err != nil {
		return "", err
	}
	return m.Bucket.Put(ctx, key, data, c)
}

func newShardWorld(t *testing.T, settings map[string]any) *shardWorld {
	t.Helper()
	all := map[string]any{"sync": map[string]any{"guard": map[string]any{"percent": 100, "fleet": map[string]any{"percent": 100}}}}
	enginetest.MergeSettings(all, settings)
	w := enginetest.NewWorld(t, enginetest.Setup{Settings: all, Accounts: []enginetest.AccountSpec{
		{Name: "one", Owner: "1000000000000001", Account: "1000000000000001", Regions: []string{"cn-beijing", "cn-hangzhou"}},
		{Name: "two", Owner: "1000000000000002", Account: "1000000000000002", Regions: []string{"cn-beijing", "cn-shanghai"}},
	}}, jumpservertest.V410)
	t.Cleanup(w.Close)
	p := &shardWorld{World: w, bucket: &faultyBucket{Bucket: dir.Open(t.TempDir())}}
	p.fillRegions(perRegion)
	var err error
	p.store, err = state.New(p.bucket, "", state.Options{Now: w.RunClock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fillRegions leaves n instances in each region.
func (p *shardWorld) fillRegions(n int) {
	for number, at := range shardScopes() {
		account := p.Account(at[0]).Cloud
		account.Remove(at[1])
		for i := range n {
			account.Put(at[1], alibabatest.SampleInstance(number*perRegion+i))
		}
	}
}

// runShard makes the run of one region in the tick of now.
func (p *shardWorld) runShard(e engine.Engine, number int, change func(*engine.Engine, *engine.Request)) report.Report {
	e.ShardGroup = &engine.ShardGroup{Store: p.store, Name: "org", FiredAt: p.firedAt, CardWait: 20 * time.Minute}
	req := shardRequest(number)
	if change != nil {
		change(&e, &req)
	}
	return e.Run(p.T.Context(), req).Report
}

func shardRequest(number int) engine.Request {
	at := shardScopes()[number-1]
	return engine.Request{Accounts: at[:1], Regions: at[1:], Shard: inventory.Shard{Number: number, Count: 4}}
}

// fire makes the runs of some parts side by side, five minutes after those before, and sums them up.
func (p *shardWorld) fire(change func(*engine.Engine, *engine.Request), numbers ...int) (sum report.Report, cards []string) {
	p.T.Helper()
	p.RunClock.Advance(5 * time.Minute)
	p.firedAt = p.RunClock.Now() // one time for all: a minute may end at any moment
	p.RobotClock.Advance(5 * time.Minute)
	before := len(p.Robot.Messages())
	reports := make([]report.Report, len(numbers))
	var wait sync.WaitGroup
	for n, number := range numbers {
		e := p.NewEngine() // not in the goroutine: it makes the client once
		wait.Go(func() {
			reports[n] = p.runShard(e, number, change)
		})
	}
	wait.Wait()
	for _, m := range p.Robot.Messages()[before:] {
		cards = append(cards, m.Text)
	}
	return report.Merge(reports), cards
}

func (p *shardWorld) expectCards(what string, cards []string, n int, texts ...string) {
	p.T.Helper()
	if len(cards) != n {
		p.T.Fatalf("%s: %d cards, want %d: %s", what, len(cards), n, strings.Join(cards, "\n---\n"))
	}
	for _, text := range texts {
		if !strings.Contains(cards[0], text) {
			p.T.Errorf("%s: the card does not say %q: %s", what, text, cards[0])
		}
	}
}

func cardRow(name string, n int) string { return fmt.Sprintf("| %s | %d |", name, n) }

func TestPartsShareOneCardAndOneBudget(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, nil)
	sum, cards := p.fire(nil, 1, 2, 3, 4)
	if sum.Created != 4*perRegion {
		t.Fatalf("%+v", sum)
	}
	p.expectCards("first", cards, 1, cardRow("总计资产", 240), cardRow("新增资产", 240), "等共 240 个资产")
	// 60 in all are more than the 50 of one run; each part alone is less.
	p.fillRegions(perRegion - 15)
	sum, cards = p.fire(nil, 1, 2, 3, 4)
	if sum.Deactivated != 45 || sum.Held != 15 {
		t.Errorf("deactivated %d, held %d", sum.Deactivated, sum.Held)
	}
	p.expectCards("storm", cards, 1, cardRow("停用资产", 45), cardRow("暂缓", 15), "同时进行的其他部分或缩小的运行要移除 45 个资产，加上这一次的 15 个，超过一次运行的上限 50")
	sum, cards = p.fire(nil, 1, 2, 3, 4)
	for range 2 { // the part that is left may come before the others gave up what they had
		if sum.Held == 0 {
			break
		}
		sum, _ = p.fire(nil, 1, 2, 3, 4)
	}
	if sum.Held != 0 || p.CountInactive() != 60 {
		t.Errorf("%d deactivated in all, held %d", p.CountInactive(), sum.Held)
	}
	p.expectCards("after it", cards, 1)
}

// TestStormOverParts: 40 of each part are a storm of 160. At most one part gets what it wants, in this
// tick and in all that follow, until people raise the limit.
func TestStormOverParts(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, nil)
	p.fire(nil, 1, 2, 3, 4)
	p.fillRegions(perRegion - 40)
	for range 3 {
		sum, cards := p.fire(nil, 1, 2, 3, 4)
		if n := p.CountInactive(); n > 50 || sum.Held < 120 || len(cards) != 1 {
			t.Errorf("%d deactivated in all, held %d, %d cards", n, sum.Held, len(cards))
		}
	}
	p.ChangeSettings(map[string]any{"sync": map[string]any{"guard": map[string]any{"per_run": 160}}})
	if sum, _ := p.fire(nil, 1, 2, 3, 4); sum.Held != 0 || p.CountInactive() != 160 {
		t.Errorf("%d deactivated in all, held %d", p.CountInactive(), sum.Held)
	}
}

// TestBudgetThatCannotBeRead: nothing is removed on doubt.
func TestBudgetThatCannotBeRead(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, nil)
	p.fire(nil, 1, 2, 3, 4)
	p.fillRegions(perRegion - 1)
	p.bucket.failing.Store("budget/")
	sum, cards := p.fire(nil, 1, 2, 3, 4)
	if sum.Held != 4 || p.CountInactive() != 0 {
		t.Errorf("held %d, %d deactivated", sum.Held, p.CountInactive())
	}
	p.expectCards("held", cards, 1, "读写不了各部分共用的移除额度")
	p.bucket.failing.Store("")
	if sum, _ := p.fire(nil, 1, 2, 3, 4); sum.Held != 0 || p.CountInactive() != 4 {
		t.Errorf("held %d, %d deactivated", sum.Held, p.CountInactive())
	}
}

// TestPartsThatCannotShare: each has its share of the limit, and tells its own card.
func TestPartsThatCannotShare(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*shardWorld) func(*engine.Engine, *engine.Request){
		"no store": func(*shardWorld) func(*engine.Engine, *engine.Request) {
			return func(e *engine.Engine, _ *engine.Request) { e.ShardGroup = nil }
		},
		"no preconditions": func(p *shardWorld) func(*engine.Engine, *engine.Request) {
			p.bucket.abilities = &storage.Capabilities{}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newShardWorld(t, nil)
			apart := change(p)
			_, cards := p.fire(apart, 1, 2, 3, 4)
			p.expectCards("first", cards, 4)
			p.fillRegions(perRegion - 12)
			if sum, _ := p.fire(apart, 1, 2, 3, 4); sum.Held != 0 || p.CountInactive() != 48 {
				t.Errorf("held %d, %d deactivated", sum.Held, p.CountInactive())
			}
			p.fillRegions(perRegion - 12 - 13)
			if sum, _ := p.fire(apart, 1, 2, 3, 4); sum.Held != 52 || p.CountInactive() != 48 {
				t.Errorf("held %d, %d deactivated", sum.Held, p.CountInactive())
			}
		})
	}
}

func TestPartThatDied(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, map[string]any{"notification": map[string]any{"on": "failure"}})
	_, cards := p.fire(nil, 1, 2, 4)
	p.expectCards("one did not report", cards, 0)
	p.RunClock.Advance(20 * time.Minute)
	_, cards = p.fire(nil, 1)
	p.expectCards("later", cards, 1, "本次同步分为 4 个部分，其中 1 个没有报告结果：3/4", cardRow("新增资产", 180))
	_, cards = p.fire(nil, 2)
	p.expectCards("told once", cards, 0)
}

func TestRoundIsToldAgainWhereTheRobotFailed(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, nil)
	p.Robot.QueueFaults(dingtalktest.AnswerFaults(1, "keywords")...)
	_, cards := p.fire(nil, 1, 2, 3, 4)
	p.expectCards("refused", cards, 0)
	_, cards = p.fire(nil, 1)
	p.expectCards("by a part of the next round", cards, 1, cardRow("新增资产", 240))
}

// TestStoreWithoutRounds: where reports cannot be put down, each part tells its own card.
func TestStoreWithoutRounds(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, nil)
	p.bucket.failing.Store("rounds/")
	_, cards := p.fire(nil, 1, 2, 3, 4)
	p.expectCards("each its own", cards, 4, cardRow("新增资产", 60))
}

func TestDryPartsShareNothing(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, nil)
	_, cards := p.fire(func(_ *engine.Engine, r *engine.Request) { r.DryRun = true }, 1, 2, 3, 4)
	p.expectCards("each its own", cards, 4)
	if keys, err := p.bucket.List(t.Context(), ""); err != nil || len(keys) > 0 {
		t.Errorf("%v, %v", keys, err)
	}
}

// TestBusyPart: one whose like is still at work keeps nobody waiting.
func TestBusyPart(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, nil)
	_, cards := p.fire(nil, 1, 2, 3)
	p.expectCards("three of four", cards, 0)
	e := p.NewEngine()
	e.ShardGroup = &engine.ShardGroup{Store: p.store, Name: "org", FiredAt: p.firedAt, CardWait: 20 * time.Minute}
	e.DeliverShardReport(t.Context(), shardRequest(4), report.NewBusyReport(e.Now(), "another one works"))
	if n := len(p.Robot.Messages()); n != 1 {
		t.Errorf("%d cards", n)
	}
}

// TestQuietPartGivesUpItsRemovals: a run that ends after listing the clouds says that it wants none.
func TestQuietPartGivesUpItsRemovals(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, nil)
	remembers := func(e *engine.Engine, _ *engine.Request) {
		e.Incremental = enginetest.Incremental(p.store, "")
	}
	p.fire(remembers, 1, 2, 3, 4)
	p.Account("one").Cloud.Remove("cn-beijing", p.instanceIDs(0, 45)...)
	if sum, _ := p.fire(remembers, 1); sum.Deactivated != 45 {
		t.Fatalf("%+v", sum)
	}
	p.JumpServer.ResetCounts()
	if sum, _ := p.fire(remembers, 1); sum.Unchanged == 0 || p.JumpServer.Requests() != 1 {
		t.Errorf("no quiet run: %+v", sum)
	}
	p.RunClock.Advance(10 * time.Minute) // the labels of the 45 no longer count
	p.Account("two").Cloud.Remove("cn-beijing", p.instanceIDs(2, 10)...)
	if sum, _ := p.fire(remembers, 3); sum.Deactivated != 10 {
		t.Errorf("deactivated %d, held %d", sum.Deactivated, sum.Held)
	}
}

// instanceIDs returns the first n instances of the part at an index.
func (p *shardWorld) instanceIDs(index, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = alibabatest.SampleInstance(index*perRegion + i).ID
	}
	return ids
}

// TestPartsCountDeletesByThemselves: the deletions of all parts that fall due leave their share of per_run to what is
// newly gone.
func TestPartsCountDeletesByThemselves(t *testing.T) {
	t.Parallel()
	p := newShardWorld(t, map[string]any{"sync": map[string]any{"removal": map[string]any{"grace": "30m"}}})
	p.fire(nil, 1, 2, 3, 4)
	p.fillRegions(perRegion - 12)
	if sum, _ := p.fire(nil, 1, 2, 3, 4); sum.Deactivated != 48 || sum.Held != 0 {
		t.Fatalf("deactivated %d, held %d", sum.Deactivated, sum.Held)
	}
	p.RunClock.Advance(2 * time.Hour)
	p.RobotClock.Advance(2 * time.Hour)
	p.fillRegions(perRegion - 22)
	if sum, _ := p.fire(nil, 1, 2, 3, 4); sum.Deactivated != 40 || sum.Deleted != 48 || sum.Held != 0 {
		t.Errorf("deactivated %d, deleted %d, held %d", sum.Deactivated, sum.Deleted, sum.Held)
	}
}
