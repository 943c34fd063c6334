package reconcile_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/secret"
)

// projectWorld is a Huawei account with the lister and emulator, whose events name projects.
type projectWorld struct {
	*huaweitest.Server
	account *huaweitest.Account
	fleet   cloud.Fleet
	bastion *fakeBastion
	clock   enginetest.Clock
}

func newProjectWorld(t *testing.T, change func(*cloud.Account, *huaweitest.Account)) *projectWorld {
	t.Helper()
	server := huaweitest.New(huaweitest.Options{Reporter: t})
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		server.Close()
		web.Close()
	})
	w := &projectWorld{Server: server, bastion: &fakeBastion{assets: map[string]inventory.Asset{}}}
	w.account = server.AddAccount(huaweitest.Key{DomainID: "d1", AccessKeyID: "HST0", AccessKeySecret: "s"})
	account := cloud.Account{
		Cloud: inventory.Huawei, Name: "far", Endpoint: web.URL, AccessKeyID: secret.New("HST0"), AccessKeySecret: secret.New("s"),
	}
	change(&account, w.account)
	w.fleet = cloud.Open([]cloud.Account{account}, []cloud.Provider{huawei.Provider(cloudtest.InstantRetries())})
	return w
}

// addAsset puts an asset of a server into JumpServer, as a full run made it.
func (w *projectWorld) addAsset(region string, server huaweitest.Instance) {
	a := ownedAsset(server.ID, server.Name, "")
	a.ID = inventory.AssetID(inventory.Huawei, region, server.ID)
	for i, value := range []string{"huawei", "far", "d1", region, server.ID} {
		a.Labels[i].Value = value
	}
	a.Labels = append(a.Labels, inventory.Label{Name: inventory.LabelProject, Value: w.account.ProjectID(region)})
	w.bastion.assets[a.ID] = a
}

// TestProofIsOfTheSameProject: the account asks for another project now, or an earlier version made the
// assets: no event closes any of them, whatever it says, because nobody looks where they are.
func TestProofIsOfTheSameProject(t *testing.T) {
	t.Parallel()
	for name, project := range map[string]string{"another project": "0123456789abcdef0123456789abcdef", "not learnt": ""} {
		for _, says := range []string{"deleteServer", "startServer"} {
			t.Run(name+", "+says, func(t *testing.T) {
				t.Parallel()
				w := newProjectWorld(t, func(a *cloud.Account, far *huaweitest.Account) {
					a.Regions, a.ProjectID = []string{"cn-north-4"}, far.ProjectID("cn-north-4")
				})
				gone := huaweitest.SampleInstance(1)
				w.addAsset("cn-north-4", gone)
				a := w.bastion.assets[inventory.AssetID(inventory.Huawei, "cn-north-4", gone.ID)]
				a.Labels = a.Labels[:5]
				if project != "" {
					a.Labels = append(a.Labels, inventory.Label{Name: inventory.LabelProject, Value: project})
				}
				w.bastion.assets[a.ID] = a
				told := w.handleTraces(t, w.account.ProjectID("cn-north-4"), traceEvent(says, "d1", "", gone.ID))
				want := map[string]string{"deleteServer": "ignored: kept: ", "startServer": "later: the cloud does not show the instance, but the event does not say"}[says]
				if len(told) != 1 || !strings.HasPrefix(told[0], want) || len(w.bastion.writes) > 0 {
					t.Errorf("%q, written %q", told, w.bastion.writes)
				}
			})
		}
	}
}

func (w *projectWorld) handleTraces(t *testing.T, from string, traces ...string) []string {
	t.Helper()
	v := newFakeHandler(w.fleet, w.bastion, &w.clock, map[string]plan.Account{"far": {Cloud: inventory.Huawei}})
	v.Engine.Cards.Options.Lang = language.English
	var heard []cloud.ParsedEvent
	for _, trace := range traces {
		heard = append(heard, huawei.Events([]byte(trace), cloud.Origin{ProjectID: from})...)
	}
	ctx, cancel := context.WithDeadline(t.Context(), w.clock.Now().Add(time.Minute))
	defer cancel()
	var told []string
	for _, e := range v.Run(ctx, heard).Results {
		told = append(told, string(e.Outcome)+": "+e.Reason)
	}
	return told
}

// traceEvent is a trace of a call on a server; project may be "".
func traceEvent(name, domain, project, server string) string {
	return fmt.Sprintf(`{"cts":{"trace_id":"t","service_type":"ECS","resource_type":"ecs","trace_name":%q,"trace_status":"normal","code":200,
		"user":{"domain":{"id":%q}},"project_id":%q,"resource_id":%q}}`, name, domain, project, server)
}

// TestEventsOfAProject: what CTS says of a project ends in the assets of the project's region, and
// those of one payload for one region are one group, however they name it.
func TestEventsOfAProject(t *testing.T) {
	t.Parallel()
	made, released, elsewhere := huaweitest.SampleInstance(1), huaweitest.SampleInstance(2), huaweitest.SampleInstance(3)
	for name, change := range map[string]func(*cloud.Account, *huaweitest.Account){
		"all regions": func(*cloud.Account, *huaweitest.Account) {},
		"one region":  func(a *cloud.Account, _ *huaweitest.Account) { a.Regions = []string{"cn-north-4"} },
		"one project": func(a *cloud.Account, far *huaweitest.Account) {
			a.Regions, a.ProjectID = []string{"cn-north-4"}, far.ProjectID("cn-north-4")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProjectWorld(t, change)
			north, east := w.account.ProjectID("cn-north-4"), w.account.ProjectID("cn-east-3")
			w.account.Put("cn-north-4", made)
			w.account.Put("cn-east-3", elsewhere)
			w.addAsset("cn-north-4", released)
			told := w.handleTraces(t, north,
				traceEvent("createServer", "d1", east, elsewhere.ID), traceEvent("deleteServer", "d1", north, released.ID),
				traceEvent("createServer", "d1", "", made.ID), traceEvent("createServer", "d1", "0123456789abcdef", made.ID),
				traceEvent("createServer", "d2", "", made.ID), traceEvent("createServer", "d1", "", ""))
			created := []string{inventory.AssetID(inventory.Huawei, "cn-north-4", made.ID)}
			want := []string{"done: new in the cloud", "done: asked for twice by its id: released", "done: new in the cloud", "ignored: no enabled account has the id d1 and lists project_id 0123456789abcdef",
				"ignored: no enabled account has the id d2 and lists project_id " + north, "ignored: it names no server: left to the timer"}
			if name == "all regions" {
				created = append(created, inventory.AssetID(inventory.Huawei, "cn-east-3", elsewhere.ID))
			} else {
				want[0] = "ignored: no enabled account has the id d1 and lists project_id " + east
			}
			if !slices.Equal(told, want) {
				t.Errorf("\n got %q\nwant %q", told, want)
			}
			var got []string
			for _, a := range w.bastion.created {
				got = append(got, a.ID)
			}
			slices.Sort(got)
			slices.Sort(created)
			if !slices.Equal(got, created) || !slices.Equal(w.bastion.writes, []string{released.Name}) {
				t.Errorf("created %q, want %q; written %q", got, created, w.bastion.writes)
			}
		})
	}
}

// TestEventsOfAHiddenServer: a release that the key may not see, as its enterprise project's grant
// is lost, closes nothing.
func TestEventsOfAHiddenServer(t *testing.T) {
	t.Parallel()
	w := newProjectWorld(t, func(*cloud.Account, *huaweitest.Account) {})
	server := huaweitest.SampleInstance(1)
	server.EnterpriseProject = "eps-1" // never granted
	w.account.Put("cn-north-4", server)
	w.addAsset("cn-north-4", server)
	told := w.handleTraces(t, w.account.ProjectID("cn-north-4"), traceEvent("deleteServer", "d1", "", server.ID))
	if len(told) != 1 || told[0][:7] != "failed:" || len(w.bastion.writes) > 0 {
		t.Errorf("%q, written %q", told, w.bastion.writes)
	}
}

// TestEventsWhenIAMIsOut: an event whose region cannot be told has failed, and comes again.
func TestEventsWhenIAMIsOut(t *testing.T) {
	t.Parallel()
	w := newProjectWorld(t, func(a *cloud.Account, _ *huaweitest.Account) { a.AccountID = "d1" })
	w.Server.Break(huaweitest.Fault{Kind: peertest.HTML503, Action: huaweitest.OwnProjects})
	told := w.handleTraces(t, w.account.ProjectID("cn-north-4"), traceEvent("createServer", "d1", "", huaweitest.SampleInstance(1).ID))
	if len(told) != 1 || told[0][:7] != "failed:" || len(w.bastion.created) > 0 {
		t.Errorf("%q", told)
	}
}
