package plan

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// The account of most tests.
const (
	prod    = "aliyun-prod"
	owner   = "1000000000000001"
	beijing = "cn-beijing"
)

// now is the time of every run in these tests.
func now() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }

// world is one run's input. Tests fill it with instances and assets and check the result of approve.
type world struct {
	rules       Rules
	limits      Limits
	assets      []inventory.Asset
	listings    []inventory.Listing
	proof       func(Change) (Proof, bool) // false: not asked
	allRegions  bool                       // see Input
	regions     []string                   // likewise
	currentForm bool                       // addAssets turns assets of an earlier version into present ones
	mariadb     bool                       // JumpServer calls two spellings of a name equal
	// What JumpServer shows besides assets; nodes by path, nil = not read.
	zones     []inventory.Zone
	templates []inventory.AccountTemplate
	nodes     map[string]string
	edit      func(*inventory.JumpServerAssets) // of what is read; may be nil
}

// nameKey is equal for two names that JumpServer calls equal.
func (w *world) nameKey(name string) string {
	if w.mariadb {
		return inventory.FoldName(name)
	}
	return name
}

// newWorld returns a world with the account prod, whose region beijing was read and is empty. Its guard lets
// everything pass and every candidate is proved absent.
func newWorld() *world {
	w := &world{
		rules: Rules{
			Accounts: map[string]Account{prod: {Type: "阿里云", Enabled: true}},
			Mode:     ModeDelete, Grace: 7 * 24 * time.Hour, Now: now(), Lang: language.Chinese,
		},
		limits: Limits{Percent: 100, Min: 1000, Fleet: Share{100, 1000}, PerRun: 1000, AllowEmpty: true},
		proof:  func(Change) (Proof, bool) { return Proof{Absent: true}, true },
	}
	w.addListing(scopeOf(prod, beijing), owner)
	return w
}

func scopeOf(account, region string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: region}
}

// addListing adds a complete listing of a scope with these instances.
func (w *world) addListing(at inventory.Scope, owner string, instances ...inventory.Instance) {
	l := inventory.Listing{Scope: at, Owner: owner}
	for _, i := range instances {
		i.Scope, i.Owner = at, owner
		l.Instances = append(l.Instances, i)
	}
	w.listings = append(w.listings, l)
}

// addFailedListing adds a failed listing of a scope.
func (w *world) addFailedListing(at inventory.Scope, owner string) {
	w.listings = append(w.listings, inventory.Listing{Scope: at, Owner: owner, Err: errors.New("throttled")})
}

// addInstances adds instances to the listing of prod in beijing.
func (w *world) addInstances(instances ...inventory.Instance) {
	w.listings[0].Instances = append(w.listings[0].Instances, instances...)
}

// addAssets adds assets to JumpServer.
func (w *world) addAssets(assets ...inventory.Asset) {
	for _, a := range assets {
		if w.currentForm {
			toCurrentForm(&a)
		}
		w.assets = append(w.assets, a)
	}
}

func (w *world) plan() Plan { return Build(w.input(), w.rules) }

func (w *world) input() Input {
	platforms := map[string]inventory.Platform{
		"Linux":   {ID: 1, Name: "Linux", Type: "linux", SupportsZones: true, Protocols: []inventory.Protocol{{Name: "ssh", Port: 22}, {Name: "sftp", Port: 22}}},
		"Windows": {ID: 5, Name: "Windows", Type: "windows", SupportsZones: true, Protocols: []inventory.Protocol{{Name: "rdp", Port: 3389}}},
		"Other":   {ID: 9, Name: "Other", Type: "other"}, "NoZones": {ID: 23, Name: "NoZones", Type: "linux"}, "Gateway": {ID: 20, Name: "Gateway", Type: "linux", SupportsZones: true},
		"Rocky": {ID: 21, Name: "Rocky", Type: "linux", SupportsZones: true}, "BSD": {ID: 22, Name: "BSD", Type: "unix", SupportsZones: true},
	}
	current := inventory.JumpServerAssets{Assets: w.assets, Platforms: platforms, Zones: w.zones, Templates: w.templates}
	for _, path := range slices.Sorted(maps.Keys(w.nodes)) {
		current.Nodes = append(current.Nodes, inventory.Node{ID: w.nodes[path], Path: path})
	}
	if w.edit != nil {
		w.edit(&current)
	}
	return Input{Current: current, Listings: w.listings, AllRegions: w.allRegions, Regions: w.regions}
}

func (w *world) approve() Approved {
	p := w.plan()
	return p.Approve(w.limits, w.proofs(p))
}

// proofs returns the clouds' answers about a plan's candidates.
func (w *world) proofs(p Plan) Proofs {
	proofs := Proofs{}
	for _, c := range p.Candidates() {
		if proof, asked := w.proof(c); asked {
			proofs[c.AssetID] = proof
		}
	}
	return proofs
}

// instanceInProd returns a running Linux instance of prod in beijing.
func instanceInProd(id, name, ip string, edits ...func(*inventory.Instance)) inventory.Instance {
	i := inventory.Instance{
		Scope: scopeOf(prod, beijing), Owner: owner, ID: id, Name: name, OSType: "linux", Status: "running",
	}
	if ip != "" {
		i.PrivateIPs = []string{ip}
	}
	for _, edit := range edits {
		edit(&i)
	}
	return i
}

// hostOf returns the asset that a run of an earlier version made for an instance.
func hostOf(i inventory.Instance, edits ...func(*inventory.Asset)) inventory.Asset {
	a := inventory.Asset{
		ID: inventory.AssetID(i.Cloud, i.Region, i.ID), Name: i.Name, Address: i.PrimaryAddress(), Platform: (Rules{}).platformOf(i),
		Labels: ownershipLabels(i), Comment: "instance_id: " + i.ID, Active: true, Host: true,
	}
	for _, edit := range edits {
		edit(&a)
	}
	return a
}

// toCurrentForm turns an asset of an earlier version, as hostOf returns it, into a present one: its comment names
// the instance and the owner, and no label of its own does. Other assets stay.
func toCurrentForm(a *inventory.Asset) {
	id, labelled := a.Label(inventory.LabelInstance)
	by, owned := a.Label(inventory.LabelOwner)
	if !labelled || !owned || isAdopted(*a) || a.Comment != "instance_id: "+id {
		return
	}
	a.Labels = slices.Clone(a.Labels)
	withoutLabel(inventory.LabelInstance)(a)
	a.Comment += "\naccount_id: " + by
}

// adoptedAs turns an asset into an adopted one with an id of its own.
func adoptedAs(id string) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		a.ID = id
		a.Labels = replaceLabel(*a, inventory.LabelAsset, id)
	}
}

// foreignHost returns a host that is not ours.
func foreignHost(id, name, comment string, active bool) inventory.Asset {
	return inventory.Asset{
		ID: id, Name: name, Address: "10.9.0.1", Platform: "Linux", Comment: comment, Active: active, Host: true,
	}
}

func switchedOff(a *inventory.Asset) { a.Active = false }

func withName(name string) func(*inventory.Asset) { return func(a *inventory.Asset) { a.Name = name } }

// withExtraLabel adds a label.
func withExtraLabel(name, value string) func(*inventory.Asset) {
	return func(a *inventory.Asset) { a.Labels = append(a.Labels, inventory.Label{Name: name, Value: value}) }
}

// withoutLabel removes all labels of a name.
func withoutLabel(name string) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		a.Labels = slices.DeleteFunc(a.Labels, func(l inventory.Label) bool { return l.Name == name })
	}
}

// deactivatedFor deactivates an asset as an earlier run did.
func deactivatedFor(before time.Duration) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		a.Active = false
		a.Labels = append(a.Labels, inventory.GoneLabel(now().Add(-before)))
	}
}

func parsePrefixes(texts ...string) []netip.Prefix {
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

// renderLines returns an approved plan as text, one line per change in the order of writing, then the notes and the
// number of unchanged assets.
func renderLines(a Approved) []string {
	var out []string
	for n, step := range a.Renames() {
		for _, c := range step {
			out = append(out, fmt.Sprintf("move %d %s", n+1, renderLine(c)))
		}
	}
	for _, c := range slices.Concat(a.Creates(), a.Updates(), a.Removals(), a.Notes()) {
		out = append(out, renderLine(c))
	}
	if a.Unchanged() > 0 {
		out = append(out, fmt.Sprint("unchanged ", a.Unchanged()))
	}
	return out
}

func renderLine(c Change) string {
	parts := []string{string(c.Action), c.InstanceID, string(c.Reason.Code)}
	if c.NewAsset() != nil {
		parts = append(parts, fmt.Sprintf("name=%q %s %s", c.NewAsset().Name, c.NewAsset().Address, c.NewAsset().Platform))
		if c.NewAsset().Zone != "" {
			parts = append(parts, "zone="+c.NewAsset().Zone)
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
		if p.Platform != nil {
			parts = append(parts, "platform="+*p.Platform)
		}
		if p.NodeIDs != nil || p.NodePaths != nil {
			parts = append(parts, "nodes="+strings.Join(append(p.NodeIDs, p.NodePaths...), ","))
		}
		if p.Protocols != nil {
			parts = append(parts, "port="+ProtocolText(p.Protocols))
		}
		if p.Accounts != nil {
			parts = append(parts, "accounts="+strings.Join(p.Accounts, ","))
		}
	}
	return strings.Join(parts, " ")
}

// planRow is one case: a world, and the plan for it.
type planRow struct {
	name  string
	setup func(w *world)
	want  []string
	check func(t *testing.T, a Approved) // may be nil
}

func runPlanRows(t *testing.T, rows []planRow) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name+", assets such as are made now", func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.currentForm = true
			r.setup(w)
			if got := renderLines(w.approve()); !slices.Equal(got, r.want) {
				t.Fatalf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(r.want, "\n     "))
			}
		})
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			r.setup(w)
			a := w.approve()
			if got := renderLines(a); !slices.Equal(got, r.want) {
				t.Fatalf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(r.want, "\n     "))
			}
			checkTexts(t, a)
			if r.check != nil {
				r.check(t, a)
			}
		})
	}
}

// checkTexts requires that every reason has a good text in both languages.
func checkTexts(t *testing.T, a Approved) {
	t.Helper()
	changes := slices.Concat(a.Creates(), a.Updates(), a.Removals(), a.Notes(), slices.Concat(a.Renames()...))
	for _, c := range changes {
		for _, lang := range []language.Lang{language.Chinese, language.English} {
			text := c.Reason.Text(lang)
			if text == "" || text == string(c.Reason.Code) || strings.Contains(text, "%!") {
				t.Errorf("%s %s: reason %q reads %q in %s", c.Action, c.InstanceID, c.Reason.Code, text, lang)
			}
		}
	}
}
