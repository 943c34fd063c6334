package doctor_test

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestPlatforms: each platform that an account names exists and fits the system; otherwise doctor says how to
// create it.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	named := func(system doctor.System, name, account string) doctor.Platform {
		return doctor.Platform{System: system, Name: name, Account: account}
	}
	all := map[string]inventory.Platform{
		"Windows": {Type: "windows", SupportsZones: true}, "Linux-2222": {Type: "linux", SupportsZones: true},
		"BSD": {Type: "unix"}, "Closed": {Type: "linux"},
	}
	for name, c := range map[string]struct {
		platforms []doctor.Platform
		want      []string
		without   string
	}{
		"there": {
			[]doctor.Platform{named(doctor.Linux, "Linux-2222", "a"), named(doctor.Windows, "Windows", "a"), named(doctor.Other, "BSD", "b"), named(doctor.Linux, "BSD", "b")},
			[]string{"✓ platforms: Linux-2222, Windows and BSD are there"}, "✗ platform",
		},
		"one": {[]doctor.Platform{named(doctor.Linux, "BSD", "b")}, []string{"✓ platforms: BSD are there"}, "✗ platform"},
		"missing": {
			[]doctor.Platform{named(doctor.Linux, "Linux-22222", "a"), named(doctor.Linux, "Linux-22222", "b"), named(doctor.Windows, "Win", "a"), named(doctor.Other, "Mac", "a")},
			[]string{
				"✗ platform Linux-22222: JumpServer does not have it: new hosts of account a, b (Linux) cannot be made",
				"type Linux, protocol ssh with the port that is wanted (say 2222)", "✗ platform Win:", "type Windows, protocol rdp", "✗ platform Mac:", "type Unix or Other",
			}, "✓ platforms",
		},
		"a built-in one": {[]doctor.Platform{named(doctor.Linux, "Windows-none", "a"), named(doctor.Windows, "Linux", "a")}, []string{"✗ platform Windows-none"}, "its type is"},
		"of another type": {
			[]doctor.Platform{named(doctor.Linux, "Windows", "a"), named(doctor.Windows, "Linux-2222", "a")},
			[]string{"✗ platform Windows: its type is windows, and it is configured for Linux hosts", "✗ platform Linux-2222: its type is linux, and it is configured for Windows hosts"}, "✓ platforms",
		},
		"without gateways": {[]doctor.Platform{named(doctor.Linux, "Closed", "z"), named(doctor.Windows, "Windows", "z")},
			[]string{"! platforms: Closed have gateways switched off", "a built-in platform cannot be changed"}, "✓ platforms"},
		"without gateways, and no zone": {[]doctor.Platform{named(doctor.Linux, "Closed", "a"), named(doctor.Windows, "Windows", "z")},
			[]string{"✓ platforms: Closed and Windows are there"}, "!  platforms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := doctor.JumpServerSettings{URL: "https://jms.example", VerifiesTLS: true, LookupHost: newHostLookup(""), Now: fixedNow, Platforms: c.platforms,
				AccountZones: map[string]string{"z": "z1"}, Accounts: []string{"z"}}
			text, _ := runCheck(t, doctor.JumpServerCheck(fakeBastion{own: all, zones: []inventory.Zone{{ID: "z1", Name: "z", Gateways: 1}}}, s))
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			if strings.Contains(text, c.without) {
				t.Errorf("%q in\n%s", c.without, text)
			}
		})
	}
}
