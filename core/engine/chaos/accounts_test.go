package chaos

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/secret"
)

// tenant is one account of a cloud as it truly is, whether it is configured or not.
type tenant struct {
	cloud *emulatedCloud
	owner string
	// strange says that no configured key should open it.
	strange bool
}

// account is an entry of the configuration, with its key.
type account struct {
	first    string  // its first name, by which faults and its key name it
	own      *tenant // the cloud account that its key should open
	stranger *tenant // the one that it opens when a person mistakes the key
	opens    *tenant // the one that it opens now
	now      setting
	correct  setting // what people configured at first, and in the end
}

// setting is what the configuration says of an account.
type setting struct {
	name, spelling    string
	removed, disabled bool
	regions, excluded []string // no regions = all but the excluded ones
	owner             string   // account_id
	project           string   // of Huawei, by its name
	endpoint          string   // a host; "" = that of the cloud
}

func (a *account) keyID() string  { return canary + "keyid-" + a.first }
func (a *account) secret() string { return canary + "secret-" + a.first }

// lineName names the line to a region of the account's cloud, for faults.
func (a *account) lineName(region string) string {
	return string(a.own.cloud.cloud) + " " + a.first + " " + region
}

func (a *account) isAsked() bool { return !a.now.removed && !a.now.disabled }

// makeAccounts makes one to three accounts of one to three clouds, in one or two regions each.
func (w *world) makeAccounts() {
	chosen := w.clouds
	if w.rand.IntN(2) == 0 { // worlds with one cloud have more that meets
		chosen = []*emulatedCloud{w.clouds[w.rand.IntN(len(w.clouds))]}
	}
	for n, name := range []string{"one", "two", "three"}[:1+w.rand.IntN(3)] {
		c := enginetest.Pick(w.rand, chosen...)
		a := &account{first: name, own: &tenant{cloud: c, owner: c.owner(n)}, stranger: &tenant{cloud: c, owner: c.owner(90 + n), strange: true}}
		if n > 0 && w.rand.IntN(4) == 0 && w.accounts[0].own.cloud == c { // another key of the same cloud account
			a.own = w.accounts[0].own
		}
		a.correct = setting{name: name, spelling: enginetest.Pick(w.rand, c.spellings...), regions: c.regions[:1+w.rand.IntN(2)]}
		if w.rand.IntN(2) == 0 {
			a.correct.owner = a.own.owner
		}
		if c.cloud == huaweiCSP && w.rand.IntN(3) == 0 {
			a.correct.project, a.correct.regions = teamProject, c.regions[:1]
		}
		a.now = a.correct
		w.accounts = append(w.accounts, a)
		if w.rand.IntN(2) == 0 {
			m := w.newMachine(a.stranger, c.regions[0], 9000+n, "other", "10.0.9.9")
			m.MistakenOwner = a.own.owner
			w.addMachine(m)
		}
		w.setKey(a, a.own)
	}
}

// setKey makes an account's key open a cloud account.
func (w *world) setKey(a *account, opens *tenant) {
	a.opens = opens
	a.own.cloud.letOpen(a.keyID(), a.secret(), opens.owner, w.machines)
}

// planAccounts returns what the rules know of the accounts of a site.
func (s *site) planAccounts() map[string]plan.Account {
	known := map[string]plan.Account{}
	for _, a := range s.accounts {
		if !a.now.removed {
			known[a.now.name] = plan.Account{
				Type: a.now.spelling, Enabled: !a.now.disabled, Cloud: a.own.cloud.cloud, Regions: a.now.regions, ExcludeRegions: a.now.excluded, Owner: a.now.owner,
			}
		}
	}
	return known
}

func (s *site) newFleet() cloud.Fleet {
	w := s.world
	var all []cloud.Account
	for _, a := range s.accounts {
		if !a.isAsked() {
			continue
		}
		c := a.own.cloud
		at := cloud.Account{
			Cloud: c.cloud, Name: a.now.name, AccessKeyID: secret.New(a.keyID()), AccessKeySecret: secret.New(a.secret()),
			AccountID: a.now.owner, Regions: a.now.regions, ExcludeRegions: a.now.excluded, Endpoint: "http://" + string(c.cloud), Transport: w.cloudTransport(a), Want: w.rules.Mapping.Want(),
		}
		if a.now.endpoint != "" {
			at.Endpoint = "http://" + a.now.endpoint
		}
		if c.cloud == azureCSP {
			at.TenantID = azureTenant
		}
		if a.now.project != "" {
			at.ProjectID = projectID(c, a.keyID(), a.now.project)
		}
		all = append(all, at)
	}
	return cloud.Open(all, cloudProviders()).WithLogger(w.Logger())
}

// reaches reports whether an account, as it is correctly configured, lists a machine.
func (a *account) reaches(m *machine) bool {
	return m.tenant == a.own && (len(a.correct.regions) == 0 || slices.Contains(a.correct.regions, m.Region)) &&
		(a.own.cloud.cloud != huaweiCSP || (a.correct.project == teamProject) == m.inTeam)
}

// reaches reports whether the site, as it is correctly configured, lists a machine.
func (s *site) reaches(m *machine) bool {
	return slices.ContainsFunc(s.accounts, func(a *account) bool { return a.reaches(m) })
}

// swapKey makes the key of a line's account open another account, which has nothing or another machine. It stays so until
// all is healed.
func (w *world) swapKey(line string) {
	for _, a := range w.accounts {
		if strings.HasPrefix(line, a.lineName("")) && !a.opens.strange {
			w.emulator.Lock()
			w.setKey(a, a.stranger)
			w.emulator.Unlock()
		}
	}
}
