package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

const org = jumpservertest.DefaultOrg

// world is one small world. All that is random in it comes from its seed, and its time is that
// of the bubble in which it plays.
type world struct {
	*enginetest.Diary
	seed     uint64
	rand     *rand.Rand
	ruleRand *rand.Rand // of all that is about mapping rules, so that worlds without are as ever
	ruled    bool       // mapping rules are at play
	counters *counters

	version  jumpservertest.Version
	database jumpservertest.Database
	pageCap  int // rows of a page of JumpServer; 0 = as it likes
	clouds   []*emulatedCloud
	robot    *dingtalktest.Robot
	emulator sync.Mutex // one request of any emulator is answered at a time

	accounts              []*account
	machines              []*machine
	watched               []*enginetest.Machine // the same, as the watches know them
	sites                 []*site
	root                  *state.Store // of all sites; nil = there is none
	transports            map[string]http.RoundTripper
	rules, correctRules   plan.Rules // without accounts
	limits, correctLimits plan.Limits
	writers               int
	events                []cloud.ParsedEvent // what the clouds said so far
	schedule              faultSchedule
	cancel                context.CancelFunc // of the run under way
	deadline              time.Time          // of its work
	canLease              bool               // the store can keep a lease

	mu         sync.Mutex
	ahead      time.Duration // of our clock before everybody else's
	writes     bool          // the run under way has begun to write, and so has planned
	editNumber int           // of things that people made
	notified   notifiedCheck
	calm       bool   // the store has no faults now
	running    *site  // whose run is under way
	orders     orders // of that run
	// closedAt is when assets were deactivated; shortestGrace is the shortest that was ever configured.
	closedAt      map[string]time.Time
	shortestGrace time.Duration
}

// machine is one instance, as it truly is.
type machine struct {
	*enginetest.Machine
	tenant *tenant
	inTeam bool // it is in Huawei's second project of its region
	hadIP  bool // it has had an IPv4 address
	purged bool // its cloud's recycle bin has dropped it, see isInBin
	traits traits
}

// hasBin reports whether the machine's cloud has a recycle bin.
func (m *machine) hasBin() bool { return m.Cloud == huaweiCSP || m.Cloud == tencentCSP }

// isInBin reports whether a machine that was released is in the recycle bin of its cloud, if that has one: every second one
// goes there first.
func (m *machine) isInBin() bool {
	return !m.Alive && !m.purged && strings.ContainsAny(m.ID[len(m.ID)-1:], "02468ace")
}

func (w *world) newMachine(t *tenant, region string, n int, name, address string) *machine {
	return &machine{tenant: t, Machine: &enginetest.Machine{
		Scope: inventory.Scope{Cloud: t.cloud.cloud, Region: region}, ID: t.cloud.id(n), Name: name, Address: address, Alive: true,
	}}
}

// addMachine lets a machine run.
func (w *world) addMachine(m *machine) {
	w.machines, w.watched = append(w.machines, m), append(w.watched, m.Machine)
	for _, s := range w.sites {
		s.watch.Machines = w.watched
	}
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
		seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), counters: seen, transports: map[string]http.RoundTripper{}, closedAt: map[string]time.Time{},
		ruleRand: rand.New(rand.NewPCG(seed, 2)),
		Diary:    &enginetest.Diary{Secrets: []string{canary, jumpKey}},
	}
	w.version = enginetest.Pick(w.rand, jumpservertest.Versions()...)
	w.pageCap = enginetest.Pick(w.rand, 0, 0, 3, 5)
	w.database = append(jumpservertest.Databases(), jumpservertest.MariaDB, jumpservertest.PostgreSQL, jumpservertest.PostgreSQL)[w.rand.IntN(8)]
	w.robot = dingtalktest.New(dingtalktest.Options{Token: robotToken, Secret: robotSign, ReportUnexpected: w.Errorf})
	w.clouds = w.newClouds()
	w.makeRules()
	w.ruled = seen.ruled && w.ruleRand.IntN(2) == 0
	if w.ruled {
		w.makeMapping()
	}
	w.makeAccounts()
	if w.rand.IntN(2) == 0 {
		w.openStore()
	}
	w.makeSites()
	if w.ruled {
		w.seedRuled()
	}
	w.populate()
	return w
}

func (w *world) openStore() {
	able := enginetest.PickCapabilities(w.rand)
	w.canLease = able.CreateOnly
	b := &faultyBucket{Bucket: storagetest.NewMemoryBucket(able), world: w, previous: map[string]storage.Object{}, current: map[string]storage.Object{}}
	var err error
	w.root, err = state.New(b, "", state.Options{Now: w.now})
	if err != nil {
		w.Errorf("state: %v", err)
	}
}

// quiet says that what happens to the store now is none of a run's.
func (w *world) quiet(is bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calm = is
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
func (w *world) versionKey() string { return fmt.Sprint(w.version, w.database, w.pageCap, w.ruled) }

// transport returns the line to a cloud account, to JumpServer or to DingTalk.
func (w *world) transport(key string, handler http.Handler, name func(*http.Request) string) http.RoundTripper {
	if w.transports[key] == nil {
		w.transports[key] = &faultyTransport{world: w, key: key, handler: handler, name: name, lastPages: map[string][]byte{}}
	}
	return w.transports[key]
}

// cloudTransport returns the line of an account. Its endpoint, which people may mistake, decides who answers.
func (w *world) cloudTransport(a *account) http.RoundTripper {
	answer := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for _, c := range w.clouds {
			if r.URL.Host == string(c.cloud) {
				c.handler.ServeHTTP(rw, r)
				return
			}
		}
		http.Error(rw, "<html>404</html>", http.StatusNotFound)
	})
	return w.transport(a.first, answer, func(r *http.Request) string { return a.lineName(a.own.cloud.region(r)) })
}

func (w *world) newNotifier() notify.Notifier {
	robot, err := dingtalk.New(
		dingtalk.Settings{Webhook: secret.New("http://dingtalk" + dingtalktest.WebhookPath + "?access_token=" + robotToken), Secret: secret.New(robotSign)},
		post.Options{Transport: w.transport(dingTalk, w.robot, func(*http.Request) string { return dingTalk }), Now: w.now})
	if err != nil {
		w.Errorf("robot: %v", err)
	}
	return robot
}
