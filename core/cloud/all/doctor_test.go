package all_test

import (
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/all"
)

// TestWhatDoctorNeeds: each cloud names the rights that a key needs, and an id that no instance has.
func TestWhatDoctorNeeds(t *testing.T) {
	t.Parallel()
	for _, p := range all.Providers() {
		if p.NonexistentID == "" || p.Permissions == nil || len(p.Permissions()) == 0 || slices.Contains(p.Permissions(), "") {
			t.Errorf("%s lacks an absent id (%q) or the rights that it needs", p.Cloud, p.NonexistentID)
		}
	}
}
