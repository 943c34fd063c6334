package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

const org = jumpservertest.DefaultOrg

// world is one small world. All that is random in it comes from its seed, and its time is that
// of the bubble in which it plays.
type world struct {
	seed     uint64
	rand     *rand.Rand
	counters *counters

	jumpserver *jumpservertest.Server
	version    jumpservertest.Version
	database   jumpservertest.Database
	pageCap    int // rows of a page of JumpServer; 0 = as it likes
	alibaba    *alibabatest.Server
	tencent    *tencenttest.Server
	robot      *dingtalktest.Robot
	emulator   sync.Mutex // one request of any emulator is answered at a time

	accounts   []*account
	machines   []*machine
	store      *state.Store // nil = runs remember nothing
	client     *jumpserver.Client
	transports map[string]http.RoundTripper
	rules      plan.Rules
	limits     plan.Limits
	writers    int

	schedule faultSchedule
	cancel   context.CancelFunc // of the run under way
	deadline time.Time          // of its work

	*enginetest.Diary
	watch *enginetest.HostWatch

	mu         sync.Mutex
	ahead      time.Duration        // of our clock before everybody else's
	removed    []enginetest.Removal // in the run under way
	writes     bool                 // the run under way has begun to write, and so has planned
	editNumber int                  // of things that people made
	notified   notifiedCheck
	canLease   bool // the store can keep one
}

// account is one configured account.
type account struct {
	cloud           inventory.Cloud
	name            string
	owner           string
	regions         []string
	ownerConfigured bool // its account_id is configured
	swapped         bool // its key opens another account

	inAlibaba *alibabatest.Account
	inTencent *tencenttest.Account
}

func (a *account) keyID() string  { return canary + "keyid-" + a.name }
func (a *account) secret() string { return canary + "secret-" + a.name }
func (a *account) lineName(region string) string {
	return string(a.cloud) + " " + a.name + " " + region
}

// machine is one instance, as it truly is.
type machine struct {
	*enginetest.Machine
	account *account
}

// inOtherAccount reports whether it is in the other account, which a swapped key opens; there it lives for ever.
func (m *machine) inOtherAccount() bool { return m.MistakenOwner != "" }

func newMachine(a *account, region string, n int, name, address string) *machine {
	return &machine{account: a, Machine: &enginetest.Machine{
		Scope: inventory.Scope{Cloud: a.cloud, Account: a.name, Region: region}, ID: a.instanceID(n), Name: name, Address: address, Alive: true,
	}}
}

// canary begins every secret, so that none is missed.
const canary = "Canary0"

// The secrets of JumpServer and DingTalk. The id of a JumpServer key must be a UUID.
const (
	jumpKey    = "cafecafe-0000-4000-8000-cafecafecafe"
	jumpSecret = canary + "jump"
	robotToken = canary + "token"
	robotSign  = "SEC" + canary + "sign"
)

func newWorld(seed uint64, seen *counters) *world {
	w := &world{
		seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), counters: seen, transports: map[string]http.RoundTripper{},
		Diary: &enginetest.Diary{Secrets: []string{canary, jumpKey}},
	}
	w.version = jumpservertest.Versions()[w.rand.IntN(3)]
	w.pageCap = []int{0, 0, 3, 5}[w.rand.IntN(4)]
	w.database = append(jumpservertest.Databases(), jumpservertest.MariaDB, jumpservertest.PostgreSQL, jumpservertest.PostgreSQL)[w.rand.IntN(8)]
	w.jumpserver = jumpservertest.New(jumpservertest.Options{
		Version: w.version, KeyID: jumpKey, KeySecret: jumpSecret, PageCap: w.pageCap, TB: w,
		Database: w.database, Deadlocks: w.rand.IntN(3),
	})
	w.watch = enginetest.NewHostWatch(w.Diary, w.jumpserver)
	w.alibaba = alibabatest.New(alibabatest.Options{Reporter: w, Regions: []string{"cn-a", "cn-b", "cn-hangzhou"}, PageCap: []int{0, 2, 4}[w.rand.IntN(3)]})
	w.tencent = tencenttest.New(tencenttest.Options{Reporter: w, Regions: []string{"ap-a", "ap-b", "ap-guangzhou"}})
	w.robot = dingtalktest.New(dingtalktest.Options{Token: robotToken, Secret: robotSign, ReportUnexpected: w.Errorf})
	w.limits = plan.Limits{
		Percent: 20 + w.rand.IntN(80), Min: 1 + w.rand.IntN(3), PerRun: 2 + w.rand.IntN(8), AllowEmpty: w.rand.IntN(4) == 0,
	}
	w.limits.Fleet = plan.Share{Percent: w.limits.Percent, Min: 2 * w.limits.Min}
	if w.rand.IntN(3) == 0 { // as the README shows how to let held removals pass: proof is all that is left
		w.limits = plan.Limits{Percent: 100, Min: 3, Fleet: plan.Share{Percent: 100}, PerRun: 500, AllowEmpty: true}
	}
	w.writers = 1 + w.rand.IntN(3)
	w.makeAccounts()
	w.makeRules()
	if w.rand.IntN(2) == 0 {
		w.openStore()
	}
	w.populate()
	return w
}

// makeAccounts makes one to three accounts of two clouds, in one or two regions each.
func (w *world) makeAccounts() {
	names := []string{"one", "two", "three"}[:1+w.rand.IntN(3)]
	for n, name := range names {
		a := &account{cloud: inventory.Alibaba, name: name, owner: fmt.Sprintf("100%d", n), regions: []string{"cn-a", "cn-b"}, ownerConfigured: w.rand.IntN(2) == 0}
		if n > 0 && w.rand.IntN(3) > 0 {
			a.cloud, a.regions = "tencent", []string{"ap-a", "ap-b"}
		}
		a.regions = a.regions[:1+w.rand.IntN(2)]
		w.accounts = append(w.accounts, a)
		if w.rand.IntN(2) == 0 {
			m := newMachine(a, a.regions[0], 9000+n, "other", "10.0.9.9")
			m.MistakenOwner = a.owner
			w.addMachine(m)
		}
		w.setKeyOwner(a, a.owner)
	}
}

// instanceID returns an id in the form of the account's cloud.
func (a *account) instanceID(n int) string {
	if a.cloud == "tencent" {
		return fmt.Sprintf("ins-%08d", n)
	}
	return fmt.Sprintf("i-%04d", n)
}

// setKeyOwner makes an account's key open the account of this owner, with its instances.
func (w *world) setKeyOwner(a *account, owner string) {
	a.swapped = owner != a.owner
	if a.cloud == "tencent" {
		a.inTencent = w.tencent.AddAccount(tencenttest.Key{AccountID: owner, AccessKeyID: a.keyID(), AccessKeySecret: a.secret()})
	} else {
		a.inAlibaba = w.alibaba.AddAccount(alibabatest.Key{AccountID: owner, AccessKeyID: a.keyID(), AccessKeySecret: a.secret()})
	}
	for _, m := range w.machines {
		if m.account == a && m.Alive && m.inOtherAccount() == a.swapped {
			w.syncCloud(m)
		}
	}
}

func (w *world) addMachine(m *machine) {
	w.machines = append(w.machines, m)
	w.watch.Machines = append(w.watch.Machines, m.Machine)
}

func (w *world) makeRules() {
	known := map[string]plan.Account{}
	for _, a := range w.accounts {
		known[a.name] = plan.Account{Type: string(a.cloud), Enabled: true, Cloud: a.cloud, Regions: a.regions, Owner: a.configuredOwner()}
	}
	w.rules = plan.Rules{Accounts: known, Lang: enginetest.Pick(w.rand, reason.Chinese, reason.English)}
	enginetest.PickRemoval(w.rand, &w.rules)
}

func (a *account) configuredOwner() string {
	if a.ownerConfigured {
		return a.owner
	}
	return ""
}

func (w *world) openStore() {
	able := enginetest.PickCapabilities(w.rand)
	w.canLease = able.CreateOnly
	b := &faultyBucket{Bucket: storagetest.NewMemoryBucket(able), world: w, previous: map[string]storage.Object{}, current: map[string]storage.Object{}}
	var err error
	w.store, err = state.New(b, "", state.Options{Now: w.now})
	if err != nil {
		w.Errorf("state: %v", err)
	}
}

// now is our clock, which may jump; all others go right.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) setClock(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead = d
}

// versionKey names what decides how JumpServer answers what never changes.
func (w *world) versionKey() string { return fmt.Sprint(w.version, w.database, w.pageCap) }

// transport returns the line to a cloud account, to JumpServer or to DingTalk.
func (w *world) transport(key string, handler http.Handler, name func(*http.Request) string) http.RoundTripper {
	if w.transports[key] == nil {
		w.transports[key] = &faultyTransport{world: w, handler: handler, name: name, lastPages: map[string][]byte{}}
	}
	return w.transports[key]
}

func (w *world) newFleet() cloud.Fleet {
	var all []cloud.Account
	for _, a := range w.accounts {
		handler := http.Handler(w.alibaba)
		if a.cloud == "tencent" {
			handler = w.tencent
		}
		all = append(all, cloud.Account{
			Cloud: a.cloud, Name: a.name, AccessKeyID: secret.New(a.keyID()), AccessKeySecret: secret.New(a.secret()),
			AccountID: a.configuredOwner(), Regions: a.regions, Endpoint: "http://" + string(a.cloud),
			Transport: w.transport(a.name, handler, func(r *http.Request) string {
				return a.lineName(r.URL.Query().Get("RegionId") + r.Header.Get("X-TC-Region"))
			}),
		})
	}
	providers := []cloud.Provider{alibaba.Provider(cloud.RetryPolicy{}), tencent.Provider(cloud.RetryPolicy{})}
	return cloud.Open(all, providers).WithLogger(w.Logger())
}

func (w *world) openClient() *jumpserver.Client {
	if w.client != nil {
		return w.client
	}
	c, err := jumpserver.New(jumpserver.Options{
		URL: "http://jumpserver", KeyID: secret.New(jumpKey), Secret: secret.New(jumpSecret), BatchSize: 3, Log: w.Logger(), Now: w.now,
		Transport: w.transport(jumpServer, w.jumpserver, func(*http.Request) string { return jumpServer }),
	})
	if err != nil {
		w.Errorf("client: %v", err)
	}
	w.client = c
	return c
}

func (w *world) newNotifier() notify.Notifier {
	robot, err := dingtalk.New(
		dingtalk.Settings{Webhook: secret.New("http://dingtalk" + dingtalktest.WebhookPath + "?access_token=" + robotToken), Secret: secret.New(robotSign)},
		dingtalk.Options{Transport: w.transport(dingTalk, w.robot, func(*http.Request) string { return dingTalk }), Now: w.now})
	if err != nil {
		w.Errorf("robot: %v", err)
	}
	return robot
}

func (w *world) newEngine() engine.Engine {
	e := enginetest.StoryEngine{
		Clouds: w.newFleet(), Bastion: w.openClient(), Rules: w.rules, Limits: w.limits, Writers: w.writers, Now: w.now, Log: w.Logger(),
		Notifiers: []notify.Notifier{w.newNotifier()}, NotifyOn: delivery.NotifyAlways, AssetURL: "http://jumpserver/ui/", Reserve: 30 * time.Second,
	}.Engine()
	if w.store != nil {
		e.Incremental = enginetest.Incremental(w.store, "")
		e.Memory.Owners = w.store
		e.Memory.Nodes = w.store.ForInstallation("jumpserver", org).NodeIDs()
		e.RemovalTracking = &engine.RemovalTracking{Store: w.store, ShardKey: "run", Exclusive: true}
	}
	return e
}
