package doctor_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestEveryAdviceHasACure: for every advice of the client, doctor says what to do, in both languages, and never
// mentions rights or another key.
func TestEveryAdviceHasACure(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../inventory/advice.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`\bAdvice = "([a-z_]+)"`).FindAllSubmatch(source, -1)
	if len(found) < 13 {
		t.Fatalf("%d advices were found", len(found))
	}
	seen := map[string]string{}
	for _, m := range found {
		fault := &inventory.Error{Kind: inventory.Front, Advice: inventory.Advice(m[1]), Message: "a page"}
		for _, call := range []string{"reach", "rights", "organisation", "root"} {
			check := doctor.JumpServerCheck(fakeBastion{fails: map[string]error{call: fault}}, doctor.JumpServerSettings{VerifiesTLS: true, Now: fixedNow})
			for _, line := range check.Run(t.Context()) {
				if !strings.Contains(line.Found.EN, "a page") {
					continue
				}
				if line.Fix.ZH == "" || line.Fix.EN == "" || line.Verdict != doctor.Failure || strings.Contains(line.Fix.EN, "grant") || strings.Contains(line.Fix.EN, "compare access_key_id") {
					t.Errorf("%s: %s: %+v", m[1], call, line)
				}
				seen[line.Fix.EN] = string(m[1])
			}
		}
	}
	if len(seen) != len(found) {
		t.Errorf("%d advices have %d cures: %v", len(found), len(seen), seen)
	}
}

// TestOtherProxy: users who reached JumpServer through the setting proxy are told that it no longer applies.
func TestOtherProxy(t *testing.T) {
	t.Parallel()
	away := &inventory.Error{Kind: inventory.Temporary, Message: "refused"}
	for name, c := range map[string]struct {
		server doctor.JumpServerSettings
		want   bool
	}{
		"no proxy":              {doctor.JumpServerSettings{}, false},
		"proxy":                 {doctor.JumpServerSettings{HasOtherProxy: true}, true},
		"proxy, and one by env": {doctor.JumpServerSettings{HasOtherProxy: true, Proxied: true}, false},
	} {
		c.server.VerifiesTLS, c.server.Now, c.server.URL, c.server.LookupHost = true, fixedNow, "https://no.example", newHostLookup("no.example")
		text, _ := runCheck(t, doctor.JumpServerCheck(fakeBastion{fails: map[string]error{"reach": away}}, c.server))
		if n := strings.Count(text, "set jumpserver.proxy"); n > 0 != c.want || c.want && n != 2 { // of the name, and of the connection
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestOrganisations: the community edition has one, whatever it lists; the other edition has those that the key may
// use.
func TestOrganisations(t *testing.T) {
	t.Parallel()
	wrong := &inventory.Error{Kind: inventory.Organisation, Message: "DEFAULT answers"}
	for want, reached := range map[string]inventory.ServerInfo{
		"this is the community edition, which has DEFAULT only":      {Community: true},
		"check jumpserver.org_id, and the role of the key's user in": {Licensed: true},
		"check jumpserver.org_id, and the role of the key's user":    {},
	} {
		text, _ := runCheck(t, doctor.JumpServerCheck(fakeBastion{reached: reached, fails: map[string]error{"organisation": wrong}}, doctor.JumpServerSettings{VerifiesTLS: true, Now: fixedNow}))
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

// TestZoneRight: the right to view zones has the name that this version uses, and is needed only if an account has
// a zone.
func TestZoneRight(t *testing.T) {
	t.Parallel()
	denied := &inventory.Error{Kind: inventory.Denied, Message: "403"}
	for field, right := range map[string]string{"domain": "grant assets.view_domain\n", "zone": "grant assets.view_zone\n", "-": "see to the step"} {
		b := fakeBastion{field: field, fails: map[string]error{"zones": denied}}
		s := serverWithZones()
		s.VerifiesTLS, s.Now = true, fixedNow
		if text, _ := runCheck(t, doctor.JumpServerCheck(b, s)); !strings.Contains(text, right) || strings.Contains(text, "version") == (field == "-") {
			t.Errorf("%s: %s", field, text)
		}
		text, _ := runCheck(t, doctor.JumpServerCheck(b, doctor.JumpServerSettings{VerifiesTLS: true, Now: fixedNow}))
		if strings.Contains(text, "zone of") || strings.Contains(text, "zones:") || strings.Contains(text, "view_") || strings.Contains(text, "version") == (field == "-") {
			t.Errorf("%s: %s", field, text)
		}
	}
	busy := &inventory.Error{Kind: inventory.Front, Advice: inventory.Blocked, Message: "405"}
	if text, _ := runCheck(t, doctor.JumpServerCheck(fakeBastion{fails: map[string]error{"zones": busy}}, doctor.JumpServerSettings{VerifiesTLS: true, Now: fixedNow})); !strings.Contains(text, "! zones: they cannot be read") {
		t.Error(text)
	}
}
