package chaos

import "testing"

// TestSeeds plays worlds again that once found something. A change of the worlds makes others of them, and then they
// are only a few more.
// Invariants: 17.
func TestSeeds(t *testing.T) {
	t.Parallel()
	seen := newCounters()
	for what, seed := range map[string]uint64{
		"a key of another account whose identity nobody tells":         882682,
		"the same, in a world with fewer faults":                       880024,
		"the same, before there were databases":                        3064103809938051903,
		"a process killed after its removals and before its card":      8567844977610076394,
		"an asset that a person switches on right before its deletion": 5754373443780110934,
		"a key that is changed between a listing and its proof (once)": 90165,
	} {
		before := seen.violationCount()
		if playWorld(t, seed, seen); seen.violationCount() > before {
			t.Errorf("%s: seed %d", what, seed)
		}
	}
}
