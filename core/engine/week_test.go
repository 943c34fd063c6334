package engine_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/state"
)

const (
	weekInterval = 5 * time.Minute
	weekRuns     = 7 * 24 * 12
)

// week is seven days of runs, one each five minutes, with the default of notification.on.
type week struct {
	*enginetest.World
	engine engine.Engine
	store  *state.Store // nil = the process remembers
	hash   string       // of what is held
	after  time.Duration
	told   []weekCard
}

// weekCard is a card, and when in the week it was sent.
type weekCard struct {
	dingtalktest.Message
	at time.Duration
}

func newWeek(t *testing.T, stored bool) *week {
	w := &week{World: enginetest.NewWorld(t, enginetest.Setup{
		Settings: map[string]any{"notification": map[string]any{"on": "change"}},
		Accounts: []enginetest.AccountSpec{{Name: "aliyun-prod", Regions: []string{"cn-beijing", "cn-shanghai", "cn-hangzhou"}}},
	}, jumpservertest.V410)}
	for n := range 5 {
		w.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(n))
		w.Accounts[0].Cloud.Put("cn-shanghai", alibabatest.SampleInstance(100+n))
		w.Accounts[0].Cloud.Put("cn-hangzhou", alibabatest.SampleInstance(200+n))
	}
	w.engine = w.NewEngine()
	quiet := slog.New(slog.DiscardHandler)
	w.engine.Log, w.engine.Cards.Log, w.engine.ApplyOptions.Log = quiet, quiet, quiet
	memory := new(delivery.ProcessMemory)
	w.engine.Cards.Conditions, w.engine.Cards.TimerInterval = memory, weekInterval
	if stored {
		w.store = w.NewStore()
		w.engine.Incremental, w.engine.Memory.Held = enginetest.Incremental(w.store, "one"), w.store.HeldStore()
		w.engine.RemovalTracking = &engine.RemovalTracking{Store: w.store, ShardKey: "run", Exclusive: true}
		w.engine.Cards.Conditions = delivery.StoredMemory{Store: w.store, Process: memory, Log: w.engine.Log}
	}
	return w
}

// run makes the next run, and takes the card that it sent.
func (w *week) run() {
	before := len(w.Robot.Messages())
	rep := w.engine.Run(w.T.Context(), engine.Request{}).Report
	if len(rep.HeldSets) > 0 {
		w.hash = rep.HeldSets[0].Hash
	}
	for _, m := range w.Robot.Messages()[before:] {
		w.T.Logf("day %.2f: %s", w.after.Hours()/24, m.Title)
		w.told = append(w.told, weekCard{m, w.after})
		w.RobotClock.Advance(4 * time.Second) // it takes 20 a minute
	}
	w.RunClock.Advance(weekInterval)
	w.BastionClock.Advance(weekInterval)
	w.after += weekInterval
}

// expectTold wants a card of the run at a time of the week, which says something.
func (w *week) expectTold(at time.Duration, says string) {
	w.T.Helper()
	for _, c := range w.told {
		if c.at == at && strings.Contains(c.Text, says) {
			return
		}
	}
	w.T.Errorf("no card says %q at %v", says, at)
}

// TestAWeekOfRuns: JumpServer is away for a day, a region is denied for most of the week, most of another region is held
// for two days, and hosts come and go. At most 20 cards say all of it, and none is lost: what lasts is told when it begins and
// when it ends, and what is written at once. So it is with a store, and where only the process remembers.
func TestAWeekOfRuns(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string]bool{"with a store": true, "in one process": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newWeek(t, stored).play() })
		})
	}
}

// expectCards wants all that happened in the week to be told, and nothing twice.
func (w *week) expectCards() {
	w.T.Helper()
	const day, hour = 24 * time.Hour, time.Hour
	if len(w.told) > 20 {
		w.T.Errorf("%d cards in a week", len(w.told))
	}
	for _, c := range []struct {
		at   time.Duration
		says string
	}{
		{0, "新增 15"},
		{12 * hour, "1 个区域读取失败"}, {18 * hour, "（自 "}, {6 * day, "恢复正常"},
		{2 * day, "同步失败"}, {2*day + 6*hour, "持续中"}, {3 * day, "恢复正常"},
		{4 * day, "4 台移除暂缓"}, {4*day + 6*hour, "移除暂缓：4 个资产"}, {5*day + 12*hour, "移除暂缓：4 个资产"},
	} {
		w.expectTold(c.at, c.says)
	}
	for n := range 5 {
		at := hostComes(n)
		if at > 2*day && at < 3*day {
			at = 3 * day // JumpServer is there again
		}
		w.expectTold(at, fmt.Sprintf("web-%05d", 300+n))
	}
}

// hostComes returns when the nth new host is there.
func hostComes(n int) time.Duration { return time.Duration(20+30*n) * time.Hour }

// play makes the runs of the week.
func (w *week) play() {
	account := w.Accounts[0].Cloud
	var endDenial func()
	for n := range weekRuns {
		switch at := time.Duration(n) * weekInterval; at {
		case 12 * time.Hour:
			endDenial = w.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-hangzhou"})
		case 2 * 24 * time.Hour:
			w.JumpServer.Fail(func(*http.Request) bool { return w.after >= 48*time.Hour && w.after < 72*time.Hour }, -1, jumpservertest.Fault{Status: http.StatusBadGateway})
		case 4 * 24 * time.Hour:
			for k := range 4 {
				account.Remove("cn-shanghai", alibabatest.SampleInstance(100+k).ID)
			}
		case 5*24*time.Hour + 12*time.Hour:
			w.letHeldGo()
		case 6 * 24 * time.Hour:
			endDenial()
		}
		for k := range 5 {
			if time.Duration(n)*weekInterval == hostComes(k) {
				account.Put("cn-beijing", alibabatest.SampleInstance(300+k))
			}
		}
		w.run()
	}
	w.expectCards()
	w.Close()
}

// letHeldGo approves what is held; without a store a person puts it back.
func (w *week) letHeldGo() {
	w.T.Helper()
	if w.store == nil {
		for k := range 4 {
			w.Accounts[0].Cloud.Put("cn-shanghai", alibabatest.SampleInstance(100+k))
		}
		return
	}
	set, err := w.store.HeldStore().Find(w.T.Context(), w.hash, w.RunClock.Now())
	if err == nil {
		_, err = w.store.HeldStore().Approve(w.T.Context(), set, w.RunClock.Now())
	}
	if err != nil {
		w.T.Fatal(err)
	}
}
