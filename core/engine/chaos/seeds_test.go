package chaos

import "testing"

// TestSeeds plays worlds again that once found something, in the program or in one of its broken copies (see infra/mutants).
// A change of the worlds makes others of them; then make mutants says which seeds to look for anew.
// Invariants: 17.
func TestSeeds(t *testing.T) {
	t.Parallel()
	seen := newCounters()
	for what, seed := range map[string]uint64{
		"a key of another account whose identity nobody tells":             882682,
		"a process killed after its removals and before its card":          8567844977610076394,
		"an asset that a person switches on right before its deletion":     5754373443780110934,
		"a key that is changed between a listing and its proof (once)":     90165,
		"a list that leaves out what lookups show":                         16,
		"jms-keep, in two regions":                                         3,
		"a clock that is an hour ahead":                                    101,
		"removals that wait for approval":                                  121,
		"a label lost by all assets":                                       4,
		"an account that is no longer configured":                          2,
		"a label lost, and a comment emptied":                              36,
		"an asset that a person switches on again":                         7,
		"an asset that a person made a gateway":                            31,
		"nothing may be removed":                                           76,
		"addresses outside the whitelist":                                  59,
		"assets that may only be deactivated":                              1,
		"a key that opens another account, which shows nothing":            103,
		"events of an instance that goes, with no grace":                   12,
		"a comment emptied, and nothing else":                              14,
		"labels that two organisations of one JumpServer have":             100139,
		"events of a machine that lists leave out":                         100636,
		"two configurations for one organisation, and labels lost by both": 101355,
	} {
		before := seen.violationCount()
		if playWorld(t, seed, seen); seen.violationCount() > before {
			t.Errorf("%s: seed %d", what, seed)
		}
	}
}
