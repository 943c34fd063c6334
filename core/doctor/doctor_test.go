package doctor_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// fakeBastion answers as configured; its zero value is a server without problems that does not show its rights.
type fakeBastion struct {
	reached inventory.ServerInfo
	rights  inventory.Rights
	zones   []inventory.Zone
	field   string // "" = zone, "-" = unknown
	count   int
	own     map[string]inventory.Platform // platforms beside Linux and Other
	form    inventory.LabelForm
	narrow  bool
	fails   map[string]error
}

func (b fakeBastion) Reach(context.Context) (inventory.ServerInfo, error) {
	return b.reached, b.fails["reach"]
}
func (b fakeBastion) Rights(context.Context) (inventory.Rights, error) {
	return b.rights, b.fails["rights"]
}
func (b fakeBastion) Organisation(context.Context) (id, name string, err error) {
	return "1", "ops", b.fails["organisation"]
}
func (b fakeBastion) Organisations(context.Context) ([]inventory.Org, error) {
	return nil, b.fails["organisations"]
}
func (b fakeBastion) ListPlatforms(context.Context) (map[string]inventory.Platform, error) {
	all := map[string]inventory.Platform{"Linux": {SupportsZones: true}, "Other": {SupportsZones: true}}
	maps.Copy(all, b.own)
	return all, b.fails["platforms"]
}
func (b fakeBastion) Zones(context.Context) ([]inventory.Zone, string, error) {
	field := cmp.Or(b.field, "zone")
	return b.zones, strings.Trim(field, "-"), b.fails["zones"]
}
func (b fakeBastion) RootNodeName(context.Context) (string, error) { return "DEFAULT", b.fails["root"] }
func (b fakeBastion) CountAssets(context.Context) (int, error)     { return b.count, b.fails["count"] }

func (b fakeBastion) LabelForm(context.Context) (inventory.LabelForm, error) {
	return b.form, b.fails["labels"]
}

func (b fakeBastion) UsesUTF8MB3(context.Context) (bool, error) { return b.narrow, b.fails["narrow"] }

func fixedNow() time.Time { return time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC) }

func newHostLookup(fails string) func(context.Context, string) ([]string, error) {
	return func(_ context.Context, host string) ([]string, error) {
		if host == fails {
			return nil, errors.New("no such host")
		}
		return []string{"192.0.2.1"}, nil
	}
}

// runCheck runs one check and returns its text in English.
func runCheck(t *testing.T, c doctor.Check) (string, doctor.Verdict) {
	t.Helper()
	found := doctor.RunChecks(t.Context(), []doctor.Check{c}, time.Minute)
	var b strings.Builder
	if err := doctor.WriteText(&b, found, "en"); err != nil {
		t.Fatal(err)
	}
	return b.String(), doctor.WorstVerdict(found)
}

func TestJumpServer(t *testing.T) {
	t.Parallel()
	denied := &inventory.Error{Kind: inventory.Denied, Message: "403"}
	busy := &inventory.Error{Kind: inventory.Throttled, Message: "429"}
	for name, c := range map[string]struct {
		bastion fakeBastion
		server  doctor.JumpServerSettings
		want    string // a line

	}{
		"a name that is known":  {fakeBastion{}, doctor.JumpServerSettings{URL: "https://jms.example"}, "✓ DNS: jms.example is known"},
		"a name that is not":    {fakeBastion{}, doctor.JumpServerSettings{URL: "https://no.example"}, "✗ DNS: no.example cannot be looked up"},
		"a proxy looks it up":   {fakeBastion{count: 7}, doctor.JumpServerSettings{URL: "https://no.example", Proxied: true}, "✓ assets: 7,"},
		"a certificate in time": {fakeBastion{reached: inventory.ServerInfo{CertExpires: fixedNow().AddDate(1, 0, 0)}}, doctor.JumpServerSettings{}, "✓ TLS: the certificate is valid until 2027-11-26"},
		"a certificate at its end": {
			fakeBastion{reached: inventory.ServerInfo{CertExpires: fixedNow().AddDate(0, 0, 9)}}, doctor.JumpServerSettings{}, "! TLS: the certificate expires on 2026-12-05"},
		"a clock ahead":       {fakeBastion{reached: inventory.ServerInfo{Clock: fixedNow().Add(7 * time.Minute)}}, doctor.JumpServerSettings{}, "! clock: this machine's clock is 7m0s away"},
		"a platform missing":  {fakeBastion{}, doctor.JumpServerSettings{}, "✗ platforms: Windows is missing"},
		"a licence":           {fakeBastion{count: 9000, reached: inventory.ServerInfo{Licensed: true}}, doctor.JumpServerSettings{}, "✓ assets: 9000 (enterprise edition)"},
		"a gateway":           {fakeBastion{zones: []inventory.Zone{{ID: "Z1", Name: "idc", Gateways: 2}}}, serverWithZones(), "✓ zone of account a: idc, 2 gateways"},
		"no zones":            {fakeBastion{}, serverWithZones(), "→ the organisation has no zone at all"},
		"other zones":         {fakeBastion{zones: []inventory.Zone{{ID: "z2", Name: "idc"}}}, serverWithZones(), "empty it: idc = z2"},
		"zones not shown":     {fakeBastion{fails: map[string]error{"zones": denied}}, serverWithZones(), "✗ zones: they cannot be read: 403"},
		"labels of today":     {fakeBastion{form: inventory.LabelFormChecked}, serverWithLabels("prod", "", ""), "✓ labels: v4.10.17 or later: neither blank, nor with a colon or comma; all 1 that may be written fit"},
		"labels of before":    {fakeBastion{form: inventory.LabelFormFree}, serverWithLabels("prod", "123", "cn-x"), "✓ labels: before v4.10.17: up to 64 characters; all 3 that may be written fit later versions too"},
		"labels of a riddle":  {fakeBastion{}, serverWithLabels("prod", "", ""), "✓ labels: JumpServer does not tell which it takes"},
		"labels not asked":    {fakeBastion{fails: map[string]error{"labels": busy}}, serverWithLabels("prod", "", ""), "! labels: it cannot be asked which labels JumpServer takes: 429"},
		"a name with emoji":   {fakeBastion{narrow: true}, serverWithLabels("prod-😀", "", ""), "✗ the name of account prod-😀: JumpServer's database cannot hold signs of four bytes"},
		"what to do about it": {fakeBastion{narrow: true}, serverWithLabels("prod-😀", "", ""), "→ rename the account (clouds[].name), or give JumpServer's database utf8mb4"},
		"emoji are held":      {fakeBastion{}, serverWithLabels("prod-😀", "", ""), "✓ labels"},
		"emoji are not known": {fakeBastion{fails: map[string]error{"narrow": busy}}, serverWithLabels("prod-😀", "", ""), "! the name of account prod-😀: it cannot be asked"},
		"a name with a colon": {fakeBastion{form: inventory.LabelFormFree}, serverWithLabels("a:b", "", ""), "✗ labels of account a:b: jms-account cannot have the value \"a:b\""},
		"its fix":             {fakeBastion{form: inventory.LabelFormChecked}, serverWithLabels("a,b", "", ""), "→ rename the account (clouds[].name)"},
		"an owner's":          {fakeBastion{form: inventory.LabelFormChecked}, serverWithLabels("a", "1:2", ""), "→ correct account_id"},
		"a region's":          {fakeBastion{form: inventory.LabelFormChecked}, serverWithLabels("a", "1", " cn"), "→ correct the region's id"},
		"who edits labels":    {fakeBastion{}, doctor.JumpServerSettings{DeletesAssets: true}, "✓ rights on labels: labels alone have nobody else's asset deactivated"},
		"and can delete":      {fakeBastion{}, doctor.JumpServerSettings{DeletesAssets: true, DeletesAdopted: true}, "! rights on labels: sync.removal.adopted: delete: whoever"},
		"root not shown":      {fakeBastion{fails: map[string]error{"root": denied}}, doctor.JumpServerSettings{}, "→ grant assets.view_node"},
		"not counted":         {fakeBastion{fails: map[string]error{"count": busy}}, doctor.JumpServerSettings{}, "→ too many requests"},
		"no rights at all":    {fakeBastion{rights: inventory.Rights{Permissions: []string{}}}, doctor.JumpServerSettings{}, "✗ rights: assets.add_asset is missing"},
		"deletion not wanted": {fakeBastion{rights: inventory.Rights{Permissions: []string{inventory.DeleteAssets}}}, doctor.JumpServerSettings{}, "! rights: assets.delete_asset is there, but"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.server.VerifiesTLS, c.server.LookupHost, c.server.Now = true, newHostLookup("no.example"), fixedNow
			text, worst := runCheck(t, doctor.JumpServerCheck(c.bastion, c.server))
			if !strings.Contains(text, c.want) || worst != doctor.Failure { // there is no platform Windows
				t.Errorf("%s, want %q:\n%s", worst, c.want, text)
			}
		})
	}
}

// serverWithLabels returns a server with an account of these labels; "" = not configured.
func serverWithLabels(account, owner, region string) doctor.JumpServerSettings {
	m := doctor.AccountLabels{Account: account, Labels: []inventory.Label{{Name: inventory.LabelAccount, Value: account}}}
	for name, value := range map[string]string{inventory.LabelOwner: owner, inventory.LabelRegion: region} {
		if value != "" {
			m.Labels = append(m.Labels, inventory.Label{Name: name, Value: value})
		}
	}
	return doctor.JumpServerSettings{AccountLabels: []doctor.AccountLabels{m, m}}
}

func serverWithZones() doctor.JumpServerSettings {
	return doctor.JumpServerSettings{AccountZones: map[string]string{"a": "z1"}, Accounts: []string{"a"}}
}

// TestStopsAtTheOrganisation: nothing is read of an organisation that is not the configured one.
func TestStopsAtTheOrganisation(t *testing.T) {
	t.Parallel()
	wrong := &inventory.Error{Kind: inventory.Organisation, Message: "another one answers"}
	text, worst := runCheck(t, doctor.JumpServerCheck(fakeBastion{fails: map[string]error{"organisation": wrong}}, doctor.JumpServerSettings{VerifiesTLS: true, Now: fixedNow}))
	if worst != doctor.Failure || strings.Contains(text, "root node") || !strings.Contains(text, "✗ organisation: it is wrong: another one answers") {
		t.Error(text)
	}
}

type fakeLister struct {
	regions []string
	found   []inventory.Instance
	weak    error // why only one kind of call shows the absence of an instance that cannot exist
	err     error
}

func (l fakeLister) Owner(context.Context) (string, error)     { return "42", nil }
func (l fakeLister) Regions(context.Context) ([]string, error) { return l.regions, nil }
func (l fakeLister) FindVerified(_ context.Context, _ string, ids []string) (inventory.FindResult, error) {
	found := inventory.FindResult{Instances: l.found}
	if l.weak != nil {
		found.Weak = map[string]error{ids[0]: l.weak}
	}
	return found, l.err
}

// TestOneWitness: that the second kind of call is refused is a warning, once for all regions; that it does not know
// an instance that cannot exist is none.
func TestOneWitness(t *testing.T) {
	t.Parallel()
	denied := &inventory.Error{Kind: inventory.Denied, Message: "Forbidden.RAM"}
	for _, c := range []struct {
		weak    error
		regions []string // as configured
		verdict doctor.Verdict
		want    string
	}{
		{nil, nil, doctor.OK, ""}, {&inventory.Error{Kind: inventory.NotFound, Message: "unknown"}, []string{"r1"}, doctor.OK, ""},
		{denied, nil, doctor.Warning, "! proof of absence: in 3 regions the list is the only evidence"},
		{denied, []string{"r1"}, doctor.Warning, "! proof of absence: in 1 regions the list is the only evidence"},
	} {
		a := doctor.Account{Cloud: "alibaba", Name: "a", Regions: c.regions, AbsentID: "i-none", RequiredRights: []string{"x:Read"},
			Lister: fakeLister{regions: []string{"r1", "r2", "r3"}, weak: c.weak}}
		text, worst := runCheck(t, doctor.CloudCheck(a))
		if worst != c.verdict || !strings.Contains(text, c.want) || strings.Count(text, "proof of absence") != min(1, len(c.want)) {
			t.Errorf("%v: %s\n%s", c.weak, worst, text)
		}
		if c.want != "" && (!strings.Contains(text, "Forbidden.RAM") || !strings.Contains(text, "→ grant: x:Read")) {
			t.Errorf("it does not say why, and what to do:\n%s", text)
		}
	}
}

// TestWhatIsListed: doctor says what a listing covers, as the cloud's adapter describes it.
func TestWhatIsListed(t *testing.T) {
	t.Parallel()
	for sees, want := range map[string]int{"this account, region by region": 1, "": 0} {
		text, worst := runCheck(t, doctor.CloudCheck(doctor.Account{Cloud: "aws", Name: "a", Lister: fakeLister{regions: []string{"r1"}}, Visibility: language.Text{EN: sees}}))
		if worst != doctor.OK || strings.Count(text, "✓ what is listed: "+sees) != want {
			t.Errorf("%q: %s\n%s", sees, worst, text)
		}
	}
}

func TestCloud(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]fakeLister{
		"✗ regions: the cloud names none":                      {},
		"✗ region r1: an instance that cannot exist was found": {regions: []string{"r1"}, found: make([]inventory.Instance, 1)},
		"→ too many requests":                                  {regions: []string{"r1"}, err: &inventory.Error{Kind: inventory.Throttled}},
		"→ no answer in time":                                  {regions: []string{"r1"}, err: context.DeadlineExceeded},
	} {
		if text, worst := runCheck(t, doctor.CloudCheck(doctor.Account{Cloud: "aws", Name: "a", Lister: l})); worst != doctor.Failure || !strings.Contains(text, want) {
			t.Errorf("want %q:\n%s", want, text)
		}
	}
}

// TestCloudTellsWhatLabelsCannotHold: what is configured is reported with JumpServer, what the cloud says with the
// account.
func TestCloudTellsWhatLabelsCannotHold(t *testing.T) {
	t.Parallel()
	l := fakeLister{regions: []string{"r1", "r,2"}}
	const owner, region = `✗ labels of account a: jms-owner cannot have the value "42:1"`, `✗ labels of account a: jms-region cannot have the value "r,2"`
	for _, test := range []struct {
		account doctor.Account
		says    []bool
	}{
		{doctor.Account{}, []bool{true, true}},
		{doctor.Account{ID: "42:1", Regions: []string{"r,2"}}, []bool{false, false}},
	} {
		test.account.Cloud, test.account.Name, test.account.Lister = "aws", "a", ownedLister{l, "42:1"}
		text, _ := runCheck(t, doctor.CloudCheck(test.account))
		for n, want := range []string{owner, region} {
			if strings.Contains(text, want) != test.says[n] {
				t.Errorf("%q is said: %v, want %v\n%s", want, !test.says[n], test.says[n], text)
			}
		}
	}
}

// ownedLister is an account with an id of its own.
type ownedLister struct {
	fakeLister
	id string
}

func (o ownedLister) Owner(context.Context) (string, error) { return o.id, nil }

type fakeSender struct{ err error }

func (s fakeSender) Send(context.Context, notify.Message) error { return s.err }

func TestChannel(t *testing.T) {
	t.Parallel()
	r := doctor.ParseWebhook("https://oapi.dingtalk.com/robot/send?access_token=canary", "SECx")
	r.Sender, r.LookupHost = fakeSender{errors.New("never asked")}, newHostLookup("")
	text, worst := runCheck(t, doctor.RobotCheck(r))
	if worst != doctor.OK || !strings.Contains(text, "oapi.dingtalk.com is known") || strings.Contains(text, "canary") {
		t.Error(text)
	}
	r.LookupHost = newHostLookup("oapi.dingtalk.com")
	text, worst = runCheck(t, doctor.RobotCheck(r))
	if worst != doctor.Failure || strings.Contains(text, "posting") {
		t.Error(text)
	}
	r = doctor.ParseWebhook("https://relay.example/robot?access_token=canary", "")
	r.LookupHost, r.SendTest, r.Sender = newHostLookup(""), true, fakeSender{}
	r.Samples = make([]notify.Message, 2)
	text, worst = runCheck(t, doctor.RobotCheck(r))
	for _, want := range []string{"! signing", "! webhook: its host is relay.example", "✓ posting: 2 test messages were taken: a table and a list"} {
		if worst != doctor.Warning || !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestProbeIsRemoved: even if doctor is stopped right after it wrote the probe.
func TestProbeIsRemoved(t *testing.T) {
	t.Parallel()
	memory := storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true})
	ctx, cancel := context.WithCancel(t.Context())
	check := doctor.StateCheck(doctor.Store{Name: "s3://b/x", Prefix: "x/", ProbeName: "p", Bucket: stoppingBucket{memory, cancel}})
	_ = doctor.RunChecks(ctx, []doctor.Check{check}, time.Minute)
	if left, err := memory.List(t.Context(), ""); err != nil || len(left) > 0 || ctx.Err() == nil {
		t.Errorf("%q is left: %v", left, err)
	}
}

type stoppingBucket struct {
	storage.Bucket
	stop func()
}

func (s stoppingBucket) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	defer s.stop()
	return s.Bucket.Put(ctx, key, data, c)
}

// TestBrokenCheck: a panic is one failure, and its text, which may contain anything, is not shown.
func TestBrokenCheck(t *testing.T) {
	t.Parallel()
	text, worst := runCheck(t, doctor.Check{Title: language.Text{EN: "x"}, Run: func(context.Context) []doctor.Finding { panic("canary") }})
	if worst != doctor.Failure || strings.Contains(text, "canary") || !strings.Contains(text, "the check itself broke: a string") {
		t.Error(text)
	}
}

// TestPatience: a check that hangs ends with its timeout.
func TestPatience(t *testing.T) {
	t.Parallel()
	hangs := doctor.Check{Run: func(ctx context.Context) []doctor.Finding { <-ctx.Done(); return nil }}
	if found := doctor.RunChecks(t.Context(), []doctor.Check{hangs, hangs}, time.Millisecond); len(found) != 2 {
		t.Errorf("%+v", found)
	}
}

// unidentified is an account whose owner nobody can be asked for.
type unidentified struct{ fakeLister }

func (unidentified) Owner(context.Context) (string, error) {
	return "", &inventory.Error{Kind: inventory.Temporary, Message: "sts", Err: &inventory.NotReachedError{Text: "no such host"}}
}

// TestIdentityOutOfReach: with account_id the account is examined on, with a warning that says what is lost.
func TestIdentityOutOfReach(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"42": "account_id 42 is believed, and nobody checks that the key is that account's", "": "✗ key: it cannot be used: sts: no such host"} {
		text, worst := runCheck(t, doctor.CloudCheck(doctor.Account{Cloud: "aws", Name: "a", ID: id, Lister: unidentified{fakeLister{regions: []string{"r1"}}}}))
		if !strings.Contains(text, want) || (id == "") != (worst == doctor.Failure) || (id != "") != strings.Contains(text, "regions") {
			t.Errorf("%q: %s\n%s", id, worst, text)
		}
	}
}

// TestExcludedRegions: what is left out is said, and a name that no region has is a warning: that region is synced.
func TestExcludedRegions(t *testing.T) {
	t.Parallel()
	for excluded, want := range map[string]string{"r2": "", "r-two": "! region r-two: exclude_regions names it, and the account has no such region"} {
		text, worst := runCheck(t, doctor.CloudCheck(doctor.Account{Cloud: "aws", Name: "a", ExcludeRegions: []string{excluded}, Lister: fakeLister{regions: []string{"r1", "r2"}}}))
		if (want == "") != (worst == doctor.OK) || !strings.Contains(text, want) || strings.Contains(text, "1 are synced, exclude_regions leaves 1 out") != (want == "") {
			t.Errorf("%s: %s\n%s", excluded, worst, text)
		}
	}
}
