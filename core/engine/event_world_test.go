package engine_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/state"
)

// The accounts of event tests, with account_id set as their events name them.
const (
	prodOwner = "1690700000000030"
	testOwner = "1690700000000031"
)

// eventWorld is a world that hears events: real clients, and waits that pass at once.
type eventWorld struct {
	*world
	outbox *delivery.Outbox
	window *state.ReportQueue
	// identities is what a warm process remembers of its keys.
	identities *cloud.OwnerCache
	waits      []time.Duration
	// duringWait is called in each wait, with its number from 1.
	duringWait  func(h *eventWorld, wait int)
	redelivers  bool // see EventHandler.Redelivers
	hostsBefore []jumpservertest.Host
}

// newEventWorld makes a world whose three web servers were synced by a full run.
func newEventWorld(t *testing.T, settings map[string]any) *eventWorld {
	t.Helper()
	return newEventWorldOn(t, settings, jumpservertest.V410, jumpservertest.PostgreSQL)
}

func newEventWorldOn(t *testing.T, settings map[string]any, version jumpservertest.Version, database jumpservertest.Database) *eventWorld {
	t.Helper()
	s := scenario{Settings: settings, Accounts: []accountSpec{
		{Name: "aliyun-prod", Owner: prodOwner, Account: prodOwner},
		{Name: "aliyun-test", Owner: testOwner, Account: testOwner, Regions: []string{"cn-hangzhou"}},
	}}
	s.JumpServer.Database = database
	h := &eventWorld{identities: cloud.NewOwnerCache(), world: newWorld(t, s, version)}
	for n := 1; n <= 3; n++ {
		h.editClouds(cloudEdit{Put: []instance{{ID: fmt.Sprintf("i-b%d", n), Name: fmt.Sprintf("web-%d", n), IP: fmt.Sprintf("10.0.0.%d", n)}}})
	}
	h.editClouds(cloudEdit{Account: "aliyun-test", Region: "cn-hangzhou", Put: []instance{{ID: "i-t1", Name: "test-1", IP: "10.2.0.1"}}})
	h.runFull()
	return h
}

func (h *eventWorld) editClouds(all ...cloudEdit) {
	h.t.Helper()
	for _, e := range all {
		h.editCloud(e)
	}
}

// runFull makes a full run, which must succeed.
func (h *eventWorld) runFull() engine.RunResult {
	h.t.Helper()
	out := h.newEngine().Run(h.t.Context(), engine.Request{})
	if out.Err != nil || out.Report.Failures > 0 {
		h.t.Fatalf("the full run: %v\n%s", out.Err, describe(out.Report))
	}
	h.seenMessages = len(h.robot.Messages())
	return out
}

func (h *eventWorld) newEventHandler() reconcile.EventHandler {
	h.t.Helper()
	e := h.newEngine()
	e.Cards.Outbox, e.Cards.Queue = h.outbox, h.window
	return reconcile.EventHandler{
		Engine: e, Clouds: h.newFleet(h.loadConfig()).WithOwnerCache(h.identities), Bastion: h.client, Redelivers: h.redelivers,
		Sleep: func(ctx context.Context, d time.Duration) error {
			h.waits = append(h.waits, d)
			h.runClock.advance(d)
			if h.duringWait != nil {
				h.duringWait(h, len(h.waits))
			}
			return ctx.Err()
		},
	}
}

// handleEvents runs a batch of events with a minute's time.
func (h *eventWorld) handleEvents(events ...string) reconcile.EventReport {
	h.t.Helper()
	return h.handleEventsFor(time.Minute, events...)
}

func (h *eventWorld) handleEventsFor(limit time.Duration, events ...string) reconcile.EventReport {
	h.t.Helper()
	v := h.newEventHandler()
	ctx, cancel := context.WithDeadline(h.t.Context(), h.runClock.now().Add(limit))
	defer cancel()
	h.waits = nil
	h.hostsBefore = h.jumpserver.Hosts(jumpservertest.DefaultOrg)
	h.jumpserver.ResetCounts()
	return v.Run(ctx, parseEvents(events...))
}

func parseEvents(events ...string) []cloud.ParsedEvent {
	return alibaba.Events([]byte("["+strings.Join(events, ",")+"]"), cloud.Origin{})
}

// stateEvent makes an event of the first account and cn-beijing: "i-b1 Running".
func stateEvent(text string) string { return stateEventIn(prodOwner, "cn-beijing", text) }

func stateEventIn(owner, region, text string) string {
	id, state, _ := strings.Cut(text, " ")
	return fmt.Sprintf(`{"id":"event of %s","source":"acs.ecs","specversion":"1.0","type":"ecs:Instance:StateChange",
		"subject":"acs:ecs:%s:%s:instance/%s","aliyunaccountid":"%s","aliyunregionid":"%s",
		"data":{"resourceId":"%s","resourceType":"ALIYUN::ECS::Instance","state":"%s"}}`, text, region, owner, id, owner, region, id, state)
}

// expectEvents compares the outcomes with "outcome: a part of the reason".
func (h *eventWorld) expectEvents(answer reconcile.EventReport, want ...string) {
	h.t.Helper()
	if len(answer.Results) != len(want) {
		h.t.Fatalf("%d results, want %d: %+v", len(answer.Results), len(want), answer.Results)
	}
	for n, e := range answer.Results {
		outcome, reason, _ := strings.Cut(want[n], ": ")
		if string(e.Outcome) != outcome || !strings.Contains(e.Reason, reason) {
			h.t.Errorf("event %d (%s %s) is %s: %s; want %s", n, e.ID, e.Description, e.Outcome, e.Reason, want[n])
		}
	}
	if failed := slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, "failed") }); answer.NeedsRedelivery() != failed {
		h.t.Errorf("Failed() is %t", answer.NeedsRedelivery())
	}
}

// expectHost looks at the host of an instance: "name address on|off gone|-".
func (h *eventWorld) expectHost(instance, want string) {
	h.t.Helper()
	host, there := h.findHost(h.assetOf(instance))
	if want == "" {
		if there {
			h.t.Errorf("%s has an asset: %+v", instance, host)
		}
		return
	}
	state, gone, off := "off", "-", ""
	if host.Active {
		state = "on"
	}
	for _, l := range host.Labels {
		if strings.HasPrefix(l, inventory.LabelGone+":") {
			gone = "gone"
		}
		if strings.HasPrefix(l, inventory.LabelOff+":") {
			off = "+off"
		}
	}
	if got := strings.Join([]string{host.Name, host.Address, state, gone + off}, " "); got != want {
		h.t.Errorf("%s has the asset %q, want %q", instance, got, want)
	}
}

// expectUntouched makes sure that no host changed, save those of the named instances.
func (h *eventWorld) expectUntouched(but ...string) {
	h.t.Helper()
	except := map[string]bool{}
	for _, id := range but {
		except[h.assetOf(id)] = true
	}
	rest := func(all []jumpservertest.Host) []jumpservertest.Host {
		return slices.DeleteFunc(slices.Clone(all), func(host jumpservertest.Host) bool { return except[host.ID] })
	}
	if was, is := rest(h.hostsBefore), rest(h.jumpserver.Hosts(jumpservertest.DefaultOrg)); !reflect.DeepEqual(was, is) {
		h.t.Errorf("hosts changed:\n%+v\nwere\n%+v", is, was)
	}
}

// expectMessages counts the cards since it was called last, and looks for words in them.
func (h *eventWorld) expectMessages(number int, words ...string) {
	h.t.Helper()
	all := h.robot.Messages()
	fresh := all[h.seenMessages:]
	h.seenMessages = len(all)
	if len(fresh) != number {
		h.t.Errorf("%d messages, want %d", len(fresh), number)
	}
	for _, w := range words {
		if !slices.ContainsFunc(fresh, func(m dingMessage) bool { return strings.Contains(m.Title+m.Text, w) }) {
			h.t.Errorf("no card says %q: %+v", w, fresh)
		}
	}
}

// expectNoFullList makes sure that no request of the last batch listed all hosts.
func (h *eventWorld) expectNoFullList(requests []string) {
	h.t.Helper()
	for _, r := range requests {
		if strings.HasPrefix(r, "GET /api/v1/assets/hosts/?") && !strings.Contains(r, "search=") &&
			!strings.Contains(r, "ids=") && !strings.Contains(r, "labels=") {
			h.t.Errorf("a full list: %s", r)
		}
		if strings.Contains(r, "/api/v1/assets/assets/") {
			h.t.Errorf("a list of all assets: %s", r)
		}
	}
}

// changeInstance changes one instance that is in the cloud.
func (h *eventWorld) changeInstance(id string, change func(*alibabatest.Instance)) {
	h.t.Helper()
	a := h.account("aliyun-prod")
	i := h.machineByID(a, "cn-beijing", id)
	change(&i)
	h.putMachine(a, "cn-beijing", i)
}

// expectCase compares what came of a batch with what a case wants.
func (h *eventWorld) expectCase(c eventCase, answer reconcile.EventReport) {
	h.t.Helper()
	h.expectEvents(answer, c.want...)
	var touched []string
	for id, want := range c.hosts {
		h.expectHost(id, want)
		touched = append(touched, id)
	}
	h.expectUntouched(touched...)
	waits := make([]int, len(h.waits))
	for n, d := range h.waits {
		waits[n] = int(d.Seconds())
	}
	if c.waits != nil && !slices.Equal(waits, c.waits) {
		h.t.Errorf("it waited %v seconds, want %v", waits, c.waits)
	}
	if c.card == "" {
		h.expectMessages(c.messages)
	} else {
		h.expectMessages(c.messages, c.card)
	}
}
