package enginetest

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
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/state"
)

// The accounts of event tests, with account_id set as their events name them.
const (
	ProdOwner = "1690700000000030"
	TestOwner = "1690700000000031"
)

// EventWorld is a world that hears events: real clients, and waits that pass at once.
type EventWorld struct {
	*World
	Outbox *delivery.Outbox
	Window *state.ReportQueue
	// identities is what a warm process remembers of its keys.
	Identities *cloud.OwnerCache
	Waits      []time.Duration
	// duringWait is called in each wait, with its number from 1.
	DuringWait  func(h *EventWorld, wait int)
	Redelivers  bool // see EventHandler.Redelivers
	hostsBefore []jumpservertest.Host
}

// NewEventWorld makes a world whose three web servers were synced by a full run.
func NewEventWorld(t *testing.T, settings map[string]any) *EventWorld {
	t.Helper()
	return NewEventWorldOn(t, settings, jumpservertest.V410, jumpservertest.PostgreSQL)
}

// NewEventWorldOn is NewEventWorld with a version and a database of JumpServer.
func NewEventWorldOn(t *testing.T, settings map[string]any, version jumpservertest.Version, database jumpservertest.Database) *EventWorld {
	t.Helper()
	s := Setup{Settings: settings, Accounts: []AccountSpec{
		{Name: "aliyun-prod", Owner: ProdOwner, Account: ProdOwner},
		{Name: "aliyun-test", Owner: TestOwner, Account: TestOwner, Regions: []string{"cn-hangzhou"}},
	}}
	s.JumpServer.Database = database
	h := &EventWorld{Identities: cloud.NewOwnerCache(), World: NewWorld(t, s, version)}
	for n := 1; n <= 3; n++ {
		h.EditClouds(CloudEdit{Put: []Instance{{ID: fmt.Sprintf("i-b%d", n), Name: fmt.Sprintf("web-%d", n), IP: fmt.Sprintf("10.0.0.%d", n)}}})
	}
	h.EditClouds(CloudEdit{Account: "aliyun-test", Region: "cn-hangzhou", Put: []Instance{{ID: "i-t1", Name: "test-1", IP: "10.2.0.1"}}})
	h.RunFull()
	return h
}

// EditClouds edits what runs in the clouds.
func (h *EventWorld) EditClouds(all ...CloudEdit) {
	h.T.Helper()
	for _, e := range all {
		h.EditCloud(e)
	}
}

// RunFull makes a full run, which must succeed.
func (h *EventWorld) RunFull() engine.RunResult {
	h.T.Helper()
	out := h.NewEngine().Run(h.T.Context(), engine.Request{})
	if out.Err != nil || out.Report.Failures > 0 {
		h.T.Fatalf("the full run: %v\n%s", out.Err, Describe(out.Report))
	}
	h.SeenMessages = len(h.Robot.Messages())
	return out
}

// NewEventHandler returns a handler whose waits pass at once.
func (h *EventWorld) NewEventHandler() reconcile.EventHandler {
	h.T.Helper()
	e := h.NewEngine()
	e.Cards.Outbox, e.Cards.Queue = h.Outbox, h.Window
	return reconcile.EventHandler{
		Engine: e, Clouds: h.NewFleet(h.LoadConfig()).WithOwnerCache(h.Identities), Bastion: h.Client, Redelivers: h.Redelivers,
		Sleep: func(ctx context.Context, d time.Duration) error {
			h.Waits = append(h.Waits, d)
			h.RunClock.Advance(d)
			if h.DuringWait != nil {
				h.DuringWait(h, len(h.Waits))
			}
			return ctx.Err()
		},
	}
}

// HandleEvents runs a batch of events with a minute's time.
func (h *EventWorld) HandleEvents(events ...string) reconcile.EventReport {
	h.T.Helper()
	return h.HandleEventsFor(time.Minute, events...)
}

// HandleEventsFor runs a batch of events with this time.
func (h *EventWorld) HandleEventsFor(limit time.Duration, events ...string) reconcile.EventReport {
	h.T.Helper()
	v := h.NewEventHandler()
	ctx, cancel := context.WithDeadline(h.T.Context(), h.RunClock.Now().Add(limit))
	defer cancel()
	h.Waits = nil
	h.hostsBefore = h.JumpServer.Hosts(jumpservertest.DefaultOrg)
	h.JumpServer.ResetCounts()
	return v.Run(ctx, ParseEvents(events...))
}

// ParseEvents decodes events as Alibaba Cloud delivers them.
func ParseEvents(events ...string) []cloud.ParsedEvent {
	return alibaba.Events([]byte("["+strings.Join(events, ",")+"]"), cloud.Origin{})
}

// StateEvent makes an event of the first account and cn-beijing: "i-b1 Running".
func StateEvent(text string) string { return StateEventIn(ProdOwner, "cn-beijing", text) }

// StateEventIn makes an event of a region of an account: "i-b1 Running".
func StateEventIn(owner, region, text string) string {
	id, state, _ := strings.Cut(text, " ")
	return fmt.Sprintf(`{"id":"event of %s","source":"acs.ecs","specversion":"1.0","type":"ecs:Instance:StateChange",
		"subject":"acs:ecs:%s:%s:instance/%s","aliyunaccountid":"%s","aliyunregionid":"%s",
		"data":{"resourceId":"%s","resourceType":"ALIYUN::ECS::Instance","state":"%s"}}`, text, region, owner, id, owner, region, id, state)
}

// ExpectEvents compares the outcomes with "outcome: a part of the reason".
func (h *EventWorld) ExpectEvents(answer reconcile.EventReport, want ...string) {
	h.T.Helper()
	if len(answer.Results) != len(want) {
		h.T.Fatalf("%d results, want %d: %+v", len(answer.Results), len(want), answer.Results)
	}
	for n, e := range answer.Results {
		outcome, reason, _ := strings.Cut(want[n], ": ")
		if string(e.Outcome) != outcome || !strings.Contains(e.Reason, reason) {
			h.T.Errorf("event %d (%s %s) is %s: %s; want %s", n, e.ID, e.Description, e.Outcome, e.Reason, want[n])
		}
	}
	if failed := slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, "failed") }); answer.NeedsRedelivery() != failed {
		h.T.Errorf("Failed() is %t", answer.NeedsRedelivery())
	}
}

// ExpectHost looks at the host of an instance: "name address on|off gone|-".
func (h *EventWorld) ExpectHost(instance, want string) {
	h.T.Helper()
	host, there := h.FindHost(h.AssetOf(instance))
	if want == "" {
		if there {
			h.T.Errorf("%s has an asset: %+v", instance, host)
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
		h.T.Errorf("%s has the asset %q, want %q", instance, got, want)
	}
}

// ExpectUntouched makes sure that no host changed, save those of the named instances.
func (h *EventWorld) ExpectUntouched(but ...string) {
	h.T.Helper()
	except := map[string]bool{}
	for _, id := range but {
		except[h.AssetOf(id)] = true
	}
	rest := func(all []jumpservertest.Host) []jumpservertest.Host {
		return slices.DeleteFunc(slices.Clone(all), func(host jumpservertest.Host) bool { return except[host.ID] })
	}
	if was, is := rest(h.hostsBefore), rest(h.JumpServer.Hosts(jumpservertest.DefaultOrg)); !reflect.DeepEqual(was, is) {
		h.T.Errorf("hosts changed:\n%+v\nwere\n%+v", is, was)
	}
}

// ExpectMessages counts the cards since it was called last, and looks for words in them.
func (h *EventWorld) ExpectMessages(number int, words ...string) {
	h.T.Helper()
	all := h.Robot.Messages()
	fresh := all[h.SeenMessages:]
	h.SeenMessages = len(all)
	if len(fresh) != number {
		h.T.Errorf("%d messages, want %d", len(fresh), number)
	}
	for _, w := range words {
		if !slices.ContainsFunc(fresh, func(m dingtalktest.Message) bool { return strings.Contains(m.Title+m.Text, w) }) {
			h.T.Errorf("no card says %q: %+v", w, fresh)
		}
	}
}

// ExpectNoFullList makes sure that no request of the last batch listed all hosts.
func (h *EventWorld) ExpectNoFullList(requests []string) {
	h.T.Helper()
	for _, r := range requests {
		if strings.HasPrefix(r, "GET /api/v1/assets/hosts/?") && !strings.Contains(r, "search=") &&
			!strings.Contains(r, "ids=") && !strings.Contains(r, "labels=") {
			h.T.Errorf("a full list: %s", r)
		}
		if strings.Contains(r, "/api/v1/assets/assets/") {
			h.T.Errorf("a list of all assets: %s", r)
		}
	}
}

// ChangeInstance changes one instance that is in the cloud.
func (h *EventWorld) ChangeInstance(id string, change func(*alibabatest.Instance)) {
	h.T.Helper()
	a := h.Account("aliyun-prod")
	i := h.machineByID(a, "cn-beijing", id)
	change(&i)
	h.putMachine(a, "cn-beijing", i)
}

// SyncSettings returns settings of the group sync.
func SyncSettings(group map[string]any) map[string]any {
	return map[string]any{"sync": group}
}

// Releasing returns what ends instances.
func Releasing(ids ...string) func(h *EventWorld) {
	return func(h *EventWorld) { h.EditClouds(CloudEdit{Remove: ids}) }
}
