package engine_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// rowsOfTheField has, for each operational problem of JumpServer's cloud sync that operators meet, the scenarios of
// testdata/scenarios that play it; those of testdata/mapping name theirs themselves.
func rowsOfTheField() map[string][]string {
	return map[string][]string{
		"List truncation at 200":                        {"small-pages", "list-loses-rows", "list-heals"},
		"domain vs zone":                                {"gateway-zone"},
		"Zone silently dropped":                         {"platform-without-zones"},
		"Unmapped asset lands in the organisation root": nil,
		"PUT replaces nodes":                            {"people-edit"},
		"Required protocols missing":                    {"first-sync"},
		"Name unique per org":                           {"equal-names", "swap-of-names", "name-is-taken"},
		"Same IP in several VPCs":                       {"two-accounts-one-region"},
		"Multi-NIC / wrong IP":                          {"addresses"},
		"Private network reach":                         {"gateway-zone", "kept-by-people"},
		"SSH port differs":                              {"people-edit"},
		"Platform detection":                            {"platforms", "managed-fields"},
		"Accounts":                                      nil,
		"Permissions":                                   {"renamed-root"},
		"Deleted asset loses accounts, secrets, direct grants": {"release-and-return", "grace-shortened"},
		"Stop/start":       {"addresses"},
		"IP kept on stop?": {"addresses"},
		"Labels":           {"people-edit", "mariadb-g-labels"},
		"New assets trigger ping + fact gathering through Ansible": {"throttled-jumpserver"},
		"5,000-asset community limit":                              {"limit-of-assets", "limit-near"},
		"Node API":                                                 {"mariadb-f-node", "renamed-root"},
		"POST /assets/assets/ is refused":                          {"first-sync"},
		"Organisation header":                                      {"wrong-organisation", "organisation-changes"},
		"Wrong/expired signature, clock skew, redirects":           {"wrong-key", "front"},
		"Sync history and trust":                                   {"first-sync"},
	}
}

// TestRowsOfTheField: every problem has a scenario, every scenario that is named exists, and every scenario of rules names
// problems that there are.
func TestRowsOfTheField(t *testing.T) {
	t.Parallel()
	rows, played := rowsOfTheField(), map[string]int{}
	for name, s := range mappingScenarios(t) {
		for _, row := range s.Rows {
			if _, known := rows[row]; !known {
				t.Errorf("%s plays an unknown problem: %s", name, row)
			}
			played[row]++
		}
	}
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		for _, name := range rows[row] {
			if _, err := os.Stat("testdata/scenarios/" + name + ".json"); err != nil {
				t.Errorf("%s: %v", row, err)
			}
		}
		if len(rows[row])+played[row] == 0 {
			t.Errorf("nothing plays %q", strings.TrimSpace(row))
		}
	}
}
