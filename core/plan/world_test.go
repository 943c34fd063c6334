package plan

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// The account that most tests speak of.
const (
	prod    = "aliyun-prod"
	owner   = "1000000000000001"
	beijing = "cn-beijing"
)

// now is the time of every run in these tests.
func now() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }

// world is one run's input. Tests fill it with lists and holds and read the answer of approve.
type world struct {
	rules    Rules
	limits   Limits
	assets   []inventory.Asset
	listings []inventory.Listing
	proof    func(Change) (Proof, bool) // false: not asked
	asNew    bool                       // holds makes of assets of an earlier version such as are made now
	mariadb  bool                       // JumpServer takes two spellings of a name for one
}

// key is what makes two names one in JumpServer.
func (w *world) key(name string) string {
	if w.mariadb {
		return inventory.Fold(name)
	}
	return name
}

// newWorld has the account prod, whose region beijing was read and is empty; its guard lets
// everything pass and every candidate is proved absent.
func newWorld() *world {
	w := &world{
		rules: Rules{
			Accounts: map[string]Account{prod: {Type: "阿里云", Enabled: true}},
			Mode:     ModeDelete, Grace: 7 * 24 * time.Hour, Now: now(), Lang: Chinese,
		},
		limits: Limits{Percent: 100, Min: 1000, PerRun: 1000, AllowEmpty: true},
		proof:  func(Change) (Proof, bool) { return Proof{Absent: true}, true },
	}
	w.read(scope(prod, beijing), owner)
	return w
}

func scope(account, region string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: region}
}

// read adds a complete listing of a scope, with these instances put into it.
func (w *world) read(at inventory.Scope, owner string, instances ...inventory.Instance) {
	l := inventory.Listing{Scope: at, Owner: owner}
	for _, i := range instances {
		i.Scope, i.Owner = at, owner
		l.Instances = append(l.Instances, i)
	}
	w.listings = append(w.listings, l)
}

// fails adds a failed listing of a scope.
func (w *world) fails(at inventory.Scope, owner string) {
	w.listings = append(w.listings, inventory.Listing{Scope: at, Owner: owner, Err: errors.New("throttled")})
}

// lists puts instances into the listing of prod in beijing.
func (w *world) lists(instances ...inventory.Instance) {
	w.listings[0].Instances = append(w.listings[0].Instances, instances...)
}

// holds puts assets into JumpServer.
func (w *world) holds(assets ...inventory.Asset) {
	for _, a := range assets {
		if w.asNew {
			asNew(&a)
		}
		w.assets = append(w.assets, a)
	}
}

func (w *world) plan() Plan { return Build(w.input(), w.rules) }

func (w *world) input() Input {
	platforms := map[string]inventory.Platform{
		"Linux": {ID: 1, Name: "Linux", Type: "linux", Zones: true}, "Windows": {ID: 5, Name: "Windows", Type: "windows", Zones: true},
		"Other": {ID: 9, Name: "Other", Type: "other"}, "Gateway": {ID: 20, Name: "Gateway", Type: "linux", Zones: true},
		"Rocky": {ID: 21, Name: "Rocky", Type: "linux", Zones: true}, "BSD": {ID: 22, Name: "BSD", Type: "unix", Zones: true},
	}
	return Input{Bastion: inventory.Bastion{Assets: w.assets, Platforms: platforms}, Listings: w.listings}
}

func (w *world) approve() Approved {
	p := w.plan()
	proofs := Proofs{}
	for _, c := range p.Candidates() {
		if proof, asked := w.proof(c); asked {
			proofs[c.AssetID] = proof
		}
	}
	return p.Approve(w.limits, proofs)
}

// vm is a running Linux instance of prod in beijing.
func vm(id, name, ip string, edits ...func(*inventory.Instance)) inventory.Instance {
	i := inventory.Instance{
		Scope: scope(prod, beijing), Owner: owner, ID: id, Name: name, OSType: "linux", Status: "running",
	}
	if ip != "" {
		i.PrivateIPs = []string{ip}
	}
	for _, edit := range edits {
		edit(&i)
	}
	return i
}

// host is the asset that a run of an earlier version made for an instance.
func host(i inventory.Instance, edits ...func(*inventory.Asset)) inventory.Asset {
	a := inventory.Asset{
		ID: inventory.AssetID(i.Cloud, i.Region, i.ID), Name: i.Name, Address: address(i), Platform: (Rules{}).platform(i),
		Labels: labelsOf(i), Comment: "instance_id: " + i.ID, Active: true, Host: true,
	}
	for _, edit := range edits {
		edit(&a)
	}
	return a
}

// asNew makes of an asset of an earlier version, as host returns it, one such as is made now: its comment
// names the instance and the owner, and no label of its own does. Others it leaves as they are.
func asNew(a *inventory.Asset) {
	id, labelled := a.Label(inventory.LabelInstance)
	by, owned := a.Label(inventory.LabelOwner)
	if !labelled || !owned || adopted(*a) || a.Comment != "instance_id: "+id {
		return
	}
	a.Labels = slices.Clone(a.Labels)
	stripped(inventory.LabelInstance)(a)
	a.Comment += "\naccount_id: " + by
}

// adoptedAs makes of an asset one with an id of its own, which was adopted.
func adoptedAs(id string) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		a.ID = id
		a.Labels = relabelled(*a, inventory.LabelAsset, id)
	}
}

// foreign is a host that is not ours.
func foreign(id, name, comment string, active bool) inventory.Asset {
	return inventory.Asset{
		ID: id, Name: name, Address: "10.9.0.1", Platform: "Linux", Comment: comment, Active: active, Host: true,
	}
}

func off(a *inventory.Asset) { a.Active = false }

func called(name string) func(*inventory.Asset) { return func(a *inventory.Asset) { a.Name = name } }

// labelled adds a label.
func labelled(name, value string) func(*inventory.Asset) {
	return func(a *inventory.Asset) { a.Labels = append(a.Labels, inventory.Label{Name: name, Value: value}) }
}

// stripped takes all labels of a name off.
func stripped(name string) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		a.Labels = slices.DeleteFunc(a.Labels, func(l inventory.Label) bool { return l.Name == name })
	}
}

// gone deactivates an asset as a run before did.
func gone(before time.Duration) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		a.Active = false
		a.Labels = append(a.Labels, inventory.GoneLabel(now().Add(-before)))
	}
}

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, 0, len(texts))
	for _, t := range texts {
		if !strings.Contains(t, "/") {
			ip := netip.MustParseAddr(t)
			out = append(out, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

// lines renders an approved plan, one line per change in the order of writing, then the notes and
// the number of unchanged assets.
func lines(a Approved) []string {
	var out []string
	for n, step := range a.Moves() {
		for _, c := range step {
			out = append(out, fmt.Sprintf("move %d %s", n+1, line(c)))
		}
	}
	for _, c := range slices.Concat(a.Creates(), a.Updates(), a.Removals(), a.Notes()) {
		out = append(out, line(c))
	}
	if a.Unchanged() > 0 {
		out = append(out, fmt.Sprint("unchanged ", a.Unchanged()))
	}
	return out
}

func line(c Change) string {
	parts := []string{string(c.Action), c.InstanceID, string(c.Reason.Code)}
	if c.New() != nil {
		parts = append(parts, fmt.Sprintf("name=%q %s %s", c.New().Name, c.New().Address, c.New().Platform))
		if c.New().Zone != "" {
			parts = append(parts, "zone="+c.New().Zone)
		}
	}
	if p := c.Patch; p != nil && c.Action == Update {
		if p.Name != nil {
			parts = append(parts, fmt.Sprintf("name=%q", *p.Name))
		}
		if p.Address != nil {
			parts = append(parts, "address="+*p.Address)
		}
		if p.Zone != nil {
			parts = append(parts, "zone="+*p.Zone)
		}
		if p.Labels != nil {
			parts = append(parts, "labels")
		}
		if p.Comment != nil {
			parts = append(parts, "comment")
		}
		if p.Active != nil {
			parts = append(parts, fmt.Sprint("active=", *p.Active))
		}
	}
	return strings.Join(parts, " ")
}

// row is one case: what there is, and what is to be done about it.
type row struct {
	name  string
	setup func(w *world)
	want  []string
	check func(t *testing.T, a Approved) // may be nil
}

func runRows(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name+", assets such as are made now", func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.asNew = true
			r.setup(w)
			if got := lines(w.approve()); !slices.Equal(got, r.want) {
				t.Fatalf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(r.want, "\n     "))
			}
		})
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			r.setup(w)
			a := w.approve()
			if got := lines(a); !slices.Equal(got, r.want) {
				t.Fatalf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(r.want, "\n     "))
			}
			checkWords(t, a)
			if r.check != nil {
				r.check(t, a)
			}
		})
	}
}

// checkWords demands that every reason reads well in both languages.
func checkWords(t *testing.T, a Approved) {
	t.Helper()
	changes := slices.Concat(a.Creates(), a.Updates(), a.Removals(), a.Notes(), slices.Concat(a.Moves()...))
	for _, c := range changes {
		for _, lang := range []Lang{Chinese, English} {
			text := c.Reason.Text(lang)
			if text == "" || text == string(c.Reason.Code) || strings.Contains(text, "%!") {
				t.Errorf("%s %s: reason %q reads %q in %s", c.Action, c.InstanceID, c.Reason.Code, text, lang)
			}
		}
	}
}
