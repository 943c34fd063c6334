package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/report"
)

const theirs = "5d3a3f8e-0d0f-4c7f-9a55-0c1f1f0c9a14"

// forge adds a database that is nobody's of ours, on which somebody who may set labels wrote all of our labels
// for an instance of the first account.
func forge(h *enginetest.EventWorld, instance, address string, more ...string) {
	h.T.Helper()
	h.JumpServer.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
		ID: theirs, Name: "oracle", Address: address, Comment: "finance; ask Li", Active: true, Nodes: []string{"/DEFAULT/db"},
		Labels: append([]string{
			"jms-cloud:alibaba", "jms-account:aliyun-prod", "jms-owner:" + enginetest.ProdOwner, "jms-region:cn-beijing",
			"jms-instance:" + instance, "jms-asset:" + theirs,
		}, more...),
	})
}

func forged(h *enginetest.EventWorld) jumpservertest.Host {
	h.T.Helper()
	hosts := h.JumpServer.Hosts(jumpservertest.DefaultOrg)
	at := slices.IndexFunc(hosts, func(host jumpservertest.Host) bool { return host.ID == theirs })
	if at < 0 {
		h.T.Fatal("it was deleted")
	}
	return hosts[at]
}

// untouched demands that the asset is as it was.
func untouched(h *enginetest.EventWorld, was jumpservertest.Host) {
	h.T.Helper()
	if now := forged(h); now.Active != was.Active || now.Comment != was.Comment || now.Name != was.Name ||
		now.Address != was.Address || !slices.Equal(now.Labels, was.Labels) {
		h.T.Errorf("%+v became %+v", was, now)
	}
}

func tells(rep report.Report, instance, reason string) bool {
	return slices.ContainsFunc(rep.Changes, func(c report.Change) bool {
		return c.Action == "skip" && c.InstanceID == instance && strings.Contains(c.Reason, reason)
	})
}

// TestForgedLabels (case 14): labels alone give nobody the asset, whether its instance is gone or there, and whatever
// removal may do; the run's card says so.
// Invariants: 2.
func TestForgedLabels(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]map[string]any{
		"by default": {}, "no grace": {"grace": "0s"}, "adopted ones are deleted": {"grace": "0s", "adopted": "delete"},
	} {
		for deactivated, labels := range map[string][]string{"active": nil, "deactivated": {"jms-gone:20250101T0000Z", "jms-due:20250108T0000Z"}} {
			t.Run(name+", "+deactivated, func(t *testing.T) {
				t.Parallel()
				h := enginetest.NewEventWorld(t, map[string]any{"sync": map[string]any{"removal": settings}})
				forge(h, "i-gone", "10.5.5.5", labels...)
				was := forged(h)
				for range 2 {
					out := h.RunFull()
					if out.Report.Deactivated+out.Report.Deleted+out.Report.Updated != 0 || !tells(out.Report, "i-gone", "都不能证明") {
						t.Errorf("%s", enginetest.Describe(out.Report))
					}
				}
				if sent := h.Robot.Messages(); !strings.Contains(sent[len(sent)-1].Text, "（oracle）") {
					t.Errorf("the card: %+v", sent[len(sent)-1])
				}
				h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-gone Deleted")), "ignored: 都不能证明")
				h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-gone Deleted"), enginetest.StateEvent("i-b1 Running")), "ignored: 都不能证明", "done: ")
				out := operator.Retire(t.Context(), h.NewEngine(), operator.Action{RetireAdopted: true, Write: true})
				if out.Err != nil || out.Report.Deactivated+out.Report.Deleted != 0 || !tells(out.Report, "i-gone", "都不能证明") {
					t.Errorf("retire: %v\n%s", out.Err, enginetest.Describe(out.Report))
				}
				untouched(h, was)
				h.SeenMessages = len(h.Robot.Messages())
				h.Close()
			})
		}
	}
}

// TestForgedLabelsOfALivingInstance: it gets an asset of its own, by a run and by an event, and that one is closed
// when it is released.
func TestForgedLabelsOfALivingInstance(t *testing.T) {
	t.Parallel()
	for name, makes := range map[string]func(h *enginetest.EventWorld){
		"run": func(h *enginetest.EventWorld) { h.RunFull() },
		"event": func(h *enginetest.EventWorld) {
			h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running")), "done: 新增")
		},
		"events": func(h *enginetest.EventWorld) {
			h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running"), enginetest.StateEvent("i-b1 Running")), "done: 新增", "done: ")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.NewEventWorld(t, nil)
			forge(h, "i-new", "10.5.5.5")
			was := forged(h)
			h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.0.1.1"}}})
			makes(h)
			h.ExpectHost("i-new", "new 10.0.1.1 on -")
			enginetest.Releasing("i-new")(h)
			h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Deleted")), "done: 释放")
			h.ExpectHost("i-new", "new 10.0.1.1 off gone")
			untouched(h, was)
			h.SeenMessages = len(h.Robot.Messages())
			h.Close()
		})
	}
}

// TestForgedLabelsAndFewChanges: a run that reads only the assets of what is new makes the instance's own asset, and
// none where an earlier version adopted the one at its address.
func TestForgedLabelsAndFewChanges(t *testing.T) {
	t.Parallel()
	for address, made := range map[string]int{"10.5.5.5": 1, alibabatest.SampleInstance(2).PrivateIPs[0]: 0} {
		o := newOwnerWorld(t)
		o.Accounts[0].Regions = []string{"cn-beijing"}
		o.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(1))
		h := &enginetest.EventWorld{World: o.World}
		forge(h, alibabatest.SampleInstance(2).ID, address) // later it would change the number of our labels, and all be read
		was := forged(h)
		if rep := o.runFull(); rep.Created != 1 {
			t.Fatalf("%s", enginetest.Describe(rep))
		}
		o.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(2))
		rep := o.runFull()
		if rep.Created != made || rep.Updated+rep.Deactivated+rep.Deleted != 0 || o.countHosts() != 2+made {
			t.Errorf("%s: %s", address, enginetest.Describe(rep))
		}
		if tells(rep, alibabatest.SampleInstance(2).ID, "都不能证明") {
			t.Errorf("%s: all assets were read", address)
		}
		untouched(h, was)
	}
}

// TestAdoptedByAnEarlierVersion: labels alone say whose the asset is, which has its instance's address. It is neither
// doubled nor touched, until adopt writes the proof; then it is closed as any other.
func TestAdoptedByAnEarlierVersion(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "oracle", IP: "10.0.1.1"}}})
	forge(h, "i-new", "10.0.1.1")
	was, hosts := forged(h), len(h.JumpServer.Hosts(jumpservertest.DefaultOrg))
	if out := h.RunFull(); out.Report.Created != 0 || !tells(out.Report, "i-new", "标签不足为凭") || !tells(out.Report, "i-new", "都不能证明") {
		t.Errorf("%s", enginetest.Describe(out.Report))
	}
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Running")), "ignored: 标签不足为凭")
	untouched(h, was)
	out := operator.Adopt(t.Context(), h.NewEngine(), operator.Action{Write: true})
	if out.Err != nil || out.Report.Updated != 0 {
		t.Errorf("adopt: %v\n%s", out.Err, enginetest.Describe(out.Report))
	}
	out = operator.Adopt(t.Context(), h.NewEngine(), operator.Action{Write: true, MatchByAddress: true})
	if out.Err != nil || out.Report.Updated != 1 {
		t.Errorf("adopt --by-address: %v\n%s", out.Err, enginetest.Describe(out.Report))
	}
	want := "finance; ask Li\n由 jms-sync 认领，凭下面几行确认是哪台实例\ninstance_id: i-new\naccount_id: " + enginetest.ProdOwner + "\nregion: cn-beijing"
	if now := forged(h); now.Comment != want || now.Name != was.Name {
		t.Errorf("%+v", now)
	}
	if rep := h.RunFull().Report; rep.Created+rep.Updated+rep.Skipped != 0 || len(h.JumpServer.Hosts(jumpservertest.DefaultOrg)) != hosts {
		t.Errorf("%s", enginetest.Describe(rep))
	}
	enginetest.Releasing("i-new")(h)
	h.ExpectEvents(h.HandleEvents(enginetest.StateEvent("i-new Deleted")), "done: 释放")
	if forged(h).Active {
		t.Error("it is still active")
	}
	h.SeenMessages = len(h.Robot.Messages())
	h.Close()
}
