package plan

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// dice makes a world's choices: from the fuzzer's bytes while there are some, then from a seeded generator.
type dice struct {
	data []byte
	rng  *rand.Rand
}

func newDice(seed uint64, data []byte) *dice {
	return &dice{data: data, rng: rand.New(rand.NewPCG(seed, 7))}
}

// intN returns a number in [0, k).
func (d *dice) intN(k int) int {
	if len(d.data) > 0 {
		b := d.data[0]
		d.data = d.data[1:]
		return int(b) % k
	}
	return d.rng.IntN(k)
}

// oneIn reports true once in k.
func (d *dice) oneIn(k int) bool { return d.intN(k) == 0 }

func pick[T any](d *dice, from ...T) T { return from[d.intN(len(from))] }

// name returns one of few names, so that they collide: in other spellings, suffixed, temporary, long and empty
// ones.
func (d *dice) name() string {
	return pick(d, "web", "web", "Web", "wéb", "db", "a", "A", "b", "c", "Web-I-1", " web ", "", "web-i-1", "web-i-2", "a-i-3", "b-i-1-jms-swap",
		"a-i-2-jms-swap", "web-i-1-2", "网站🚀", strings.Repeat("汉", 128), strings.Repeat("汉", 130), strings.Repeat("x", 124)+"-i-1")
}

func (d *dice) ip() string {
	return pick(d, "10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.1.2", "192.168.0.1", "2001:db8::1", "47.0.0.1")
}

// The accounts of generated worlds: two of one owner, one of another, one that the run does not ask, and one that
// the configuration no longer has.
const (
	unqueriedName = "narrowed"
	formerAccount = "former"
	otherOwner    = "2000000000000002"
)

func ownersOfAccounts() map[string]string {
	return map[string]string{"one": owner, "two": owner, "three": otherOwner}
}

// randomWorld returns instances and assets that mostly belong together.
func randomWorld(d *dice) *world {
	w := newWorld()
	w.listings, w.mariadb = nil, d.oneIn(2)
	w.rules = Rules{
		Accounts: map[string]Account{
			"one": {Type: "阿里云", Enabled: true}, "two": {Type: "aliyun", Zone: "z-1", Enabled: true},
			"three": {Type: "alibaba", Enabled: true}, unqueriedName: {Type: "aliyun", Enabled: !d.oneIn(3)},
		},
		Mode: pick(d, ModeDelete, ModeDelete, ModeDeactivate), Grace: pick(d, 0, time.Hour, 7*24*time.Hour),
		Now: now(), HostNames: d.oneIn(6), NoDelete: d.oneIn(10), Partial: d.oneIn(8), UTF8MB3: d.oneIn(4),
	}
	if d.oneIn(5) {
		w.rules.Whitelist = parsePrefixes("10.0.0.0/24", "2001:db8::/64")
	}
	if d.oneIn(5) {
		w.rules.Protected = parsePrefixes("10.0.1.0/24", "47.0.0.1")
	}
	if d.oneIn(6) {
		w.rules.ProtectedNames = pick(d, []string{"web*"}, []string{"?", "db"}, []string{"a-i-*"})
	}
	if d.oneIn(3) {
		w.rules.Manage = FieldPolicies{
			Name: pick(d, "", WriteAlways, WriteOnCreate), Address: pick(d, "", WriteAlways, WriteOnCreate),
			Zone: pick(d, "", WriteIfMissing, WriteAlways, WriteOnCreate), AdoptedName: pick(d, "", WriteAlways, WriteOnCreate),
		}
	}
	if d.oneIn(8) {
		w.rules.OwnHosts = []string{"10.0.0.2"}
	}
	w.limits = Limits{
		Percent: pick(d, 0, 20, 50, 100), Min: pick(d, 0, 1, 3, 100), PerRun: pick(d, 0, 2, 5, 100), AllowEmpty: d.oneIn(2),
	}
	w.limits.Fleet = Share{w.limits.Percent, 2 * w.limits.Min}
	w.proof = randomProofs(d.intN(1000))
	w.allRegions = d.oneIn(2)
	if d.oneIn(6) { // a name that moved to another cloud
		moved := w.rules.Accounts["three"]
		moved.Cloud = inventory.AWS
		w.rules.Accounts["three"] = moved
	}
	fleet := d.fleet(3 + d.intN(10))
	d.listings(w, fleet)
	d.assets(w, fleet)
	return w
}

// randomProofs returns answers by asset, always the same: mostly absent; else there, unknown or not asked.
func randomProofs(seed int) func(Change) (Proof, bool) {
	return func(c Change) (Proof, bool) {
		h := fnv.New32a()
		fmt.Fprint(h, seed, c.AssetID)
		switch h.Sum32() % 32 {
		case 0:
			return Proof{}, true
		case 1:
			return Proof{Err: errors.New("denied")}, true
		case 2:
			return Proof{Absent: true}, false
		case 5:
			return Proof{Closed: "soft_deleted"}, true
		case 3, 4:
			return Proof{Absent: true, Weak: errors.New("not asked twice")}, true
		}
		return Proof{Absent: true}, true
	}
}

// machine is an instance that once ran, and may still run.
type machine struct {
	inventory.Instance
	running          bool
	listedByAccounts []string // accounts that list it
}

func (d *dice) fleet(count int) []machine {
	fleet := make([]machine, 0, count)
	for n := range count {
		account := pick(d, "one", "one", "two", "three")
		m := machine{running: !d.oneIn(3), listedByAccounts: []string{account}}
		m.Instance = inventory.Instance{
			Scope: scopeOf(account, pick(d, beijing, beijing, shanghai)), Owner: ownersOfAccounts()[account],
			ID: fmt.Sprint("i-", n), Name: d.name(), OSType: pick(d, "linux", "windows", ""),
		}
		if d.oneIn(4) {
			m.HostName = d.name()
		}
		if !d.oneIn(8) {
			m.PrivateIPs = []string{d.ip()}
		}
		if d.oneIn(4) {
			m.PublicIPs = []string{d.ip()}
		}
		switch (n*7 + len(m.Name)*3 + len(m.HostName)) % 12 { // no dice, so that the worlds of all seeds stay
		case 0:
			inBin(&m.Instance)
		case 1:
			going(&m.Instance)
		}
		if (n+len(m.Name))%4 == 3 {
			m.IPv6s = []string{fmt.Sprintf("2408::%x", n)}
		}
		m.AddressesPartial = (n+len(m.Name)+len(m.PrivateIPs))%8 == 7
		if d.oneIn(40) {
			m.ID = "i-" + strings.Repeat(string(rune('a'+n)), 62+d.intN(2))
		}
		if m.Owner == owner && d.oneIn(3) {
			m.listedByAccounts = []string{"one", "two"}
		}
		fleet = append(fleet, m)
	}
	return fleet
}

// listings lists most scopes and fails or omits some.
func (d *dice) listings(w *world, fleet []machine) {
	for _, account := range []string{"one", "two", "three"} {
		if d.oneIn(20) {
			w.addFailedListing(scopeOf(account, "*"), pick(d, "", ownersOfAccounts()[account]))
		}
		for _, region := range []string{beijing, shanghai} {
			switch d.intN(16) {
			case 0: // not asked for, or no longer named by the cloud
			case 1:
				w.addFailedListing(scopeOf(account, region), pick(d, "", ownersOfAccounts()[account]))
			default:
				var seen []inventory.Instance
				for _, m := range fleet {
					if elsewhere := d.oneIn(60); m.running && m.listedBy(account) && (m.Region == region || elsewhere) {
						seen = append(seen, m.Instance)
					}
				}
				w.addListing(scopeOf(account, region), ownersOfAccounts()[account], seen...)
			}
		}
	}
}

func (m machine) listedBy(account string) bool {
	for _, by := range m.listedByAccounts {
		if by == account {
			return true
		}
	}
	return false
}

// assets adds, for most machines, what a former run left, and for some what people made of it.
func (d *dice) assets(w *world, fleet []machine) {
	taken := map[string]bool{"": true}
	add := func(a inventory.Asset) {
		if w.rules.UTF8MB3 {
			a.Name = inventory.DropFourByteRunes(a.Name)
		}
		a.Name = truncateName(sanitizeName(a.Name), maxNameLength)
		if !taken[w.nameKey(a.Name)] {
			taken[w.nameKey(a.Name)] = true
			w.addAssets(a)
		}
	}
	for n, m := range fleet {
		if d.oneIn(4) || !hasStorableLabels(m.Instance) {
			continue
		}
		if d.oneIn(8) {
			m.Account = pick(d, formerAccount, unqueriedName, "one", "two", "three")
		}
		if d.oneIn(20) {
			m.Owner = otherOwner
		}
		a := hostOf(m.Instance)
		a.Name = d.name()
		if d.oneIn(2) {
			a.Name = m.Name
		}
		if a.Address == "" || d.oneIn(4) {
			a.Address = d.ip()
		}
		if d.oneIn(5) {
			adoptedAs(fmt.Sprint("adopted-", n))(&a)
		}
		d.edit(&a)
		add(a)
		if d.oneIn(20) { // a person adopted one more asset of the instance
			adoptedAs(fmt.Sprint("second-", n))(&a)
			a.Name += " 2"
			add(a)
		}
	}
	for n := range d.intN(4) {
		a := foreignHost(fmt.Sprint("foreign-", n), d.name(), pick(d, "", "mine", fmt.Sprint("instance_id: i-", d.intN(8))), d.oneIn(2))
		a.Host = !d.oneIn(3)
		add(a)
	}
}

// edit changes an asset as people and earlier runs may.
func (d *dice) edit(a *inventory.Asset) {
	if d.oneIn(6) {
		withExtraLabel("team", "a")(a)
	}
	a.Zone = pick(d, "", "", "z-1", "z-9")
	a.Active = !d.oneIn(6)
	if d.oneIn(10) {
		withExtraLabel(inventory.LabelOff, "person")(a)
	}
	switch d.intN(12) {
	case 0, 1, 2:
		deactivatedFor(pick(d, time.Minute, 2*time.Hour, 8*24*time.Hour))(a)
		a.Active = d.oneIn(5)
		if values := []string{inventory.ClosedNow, stamp(time.Minute), stamp(8 * 24 * time.Hour), "soon"}; len(a.Name)%3 == 0 {
			withExtraLabel(inventory.LabelClosed, values[len(a.Address)%4])(a)
		}
		if d.oneIn(2) {
			dueAfter(pick(d, -time.Hour, 5*time.Minute, 9*24*time.Hour))(a)
		} else if d.oneIn(4) {
			withExtraLabel(inventory.LabelDue, pick(d, inventory.DueNever, "soon"))(a)
		}
	case 3:
		withExtraLabel(inventory.LabelGone, pick(d, "monday", "2099-01-01T00:00:00Z"))(a)
	}
	if isAdopted(*a) && d.oneIn(4) { // or somebody who may set labels wrote them all
		a.Comment = pick(d, "", "a database", "instance_id: i-other")
	}
	switch d.intN(40) {
	case 0:
		withoutLabel(pick(d, inventory.LabelOwner, inventory.LabelInstance))(a)
	case 1:
		withExtraLabel(inventory.LabelRegion, "twice")(a)
	case 2:
		a.ID += "-clone"
	case 5:
		withoutLabel(inventory.LabelAsset)(a)
	case 3:
		a.Platform = "Gateway"
	case 4:
		a.Host = false
	}
	if d.oneIn(6) {
		withExtraLabel(inventory.LabelMissing, pick(d, formatTime(now().Add(-time.Hour)), inventory.FormatLabelTime(now().Add(-time.Minute)), "monday"))(a)
	}
	switch {
	case d.oneIn(2):
		toCurrentForm(a)
	case d.oneIn(8):
		a.Comment = pick(d, "", "mine", "account_id: "+otherOwner)
	}
	if d.oneIn(12) { // people's text replaces ours
		a.Comment = pick(d, "", "mine", "instance_id: i-0", "account_id: "+otherOwner)
	}
	if d.oneIn(12) {
		withExtraLabel(inventory.LabelKeep, "audit")(a)
	}
	if d.oneIn(4) {
		withExtraLabel("last", "z")(a)
	}
}

// FuzzPlan lets the fuzzer choose the world.
func FuzzPlan(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(strings.Repeat("\x00\x01\x02\x03", 40)))
	f.Add([]byte(strings.Repeat("\xff\x10\x07", 60)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range properties() {
			p.check(t, randomWorld(newDice(uint64(len(data)), data)))
		}
	})
}
