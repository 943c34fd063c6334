package jumpservertest

import (
	"slices"
	"testing"
)

// firstPart returns the files of the first part of the recordings, each with the number of its entries, and the
// entries that no test compares, with the reason.
func firstPart() map[string]struct {
	entries int
	left    map[string]string
} {
	const state = "the state after what is compared; the test of the topic looks at it"
	type file = struct {
		entries int
		left    map[string]string
	}
	return map[string]file{
		"auth.json": {32, nil}, "organisation.json": {6, nil}, "permissions.json": {6, nil}, "language.json": {4, nil}, // TestHeaders
		"hosts_single.json": {73, deeper()["hosts_single.json"]}, "hosts_update.json": {36, nil}, "hosts_bulk.json": {36, nil}, // TestDeeper
		"hosts_bulk_put.json": {4, nil}, "nodes_display_edges.json": {15, nil}, "nodes.json": {31, nil},
		"hosts_bulk_protocols.json": {18, map[string]string{
			"bulk_patch_comment": "a repair in between was not recorded", "bulk_patch_labels": "likewise",
			"sync_platform_protocols": "not imitated, as it changes assets that are not ours", "state_after_bulk_create": state,
			"state_after_single_patches": state, "state_after_bulk_patch_comment": state, "state_after_bulk_patch_protocols": state,
			"state_after_bulk_put": state, "state_after_bulk_patch_labels": state, "state_after_bulk_patch_one": state,
			"state_after_bulk_create_one": state, "state_before_sync_platform_protocols": state, "state_after_sync_platform_protocols": state,
		}},
		"hosts_bulk_protocols_matrix.json": {1, nil},                                  // TestProtocolMatrix
		"hosts_list.json":                  {49, nil}, "hosts_delete.json": {14, nil}, // TestLists, TestRemovals
		"labels_zones.json": {14, nil}, "platforms.json": {8, nil}, "nodes_cleanup.json": {9, nil}, // TestLabelsZonesPlatforms, TestNodesWithHosts
		"limits.json": {12, map[string]string{
			"state_start": state, "state_after_bulk": state, "walk": state, "walk_by_name": state,
			"walk_by_date_created": "pages by a field that is not unique lose rows on PostgreSQL by chance; the fault LosesRow does",
		}},
		"concurrency.json":        {8, map[string]string{"node_paths_after": state, "node_paths_after2": state, "node_paths_after3": state}}, // TestAtOnce
		"concurrency_detail.json": {8, map[string]string{"duplicate_node_paths": state, "node_made_first": "existing_node is the same to the emulator"}},
		"recordings-v4.7.0.json":  {67, nil}, "recordings-v4.10.16.json": {67, nil}, // TestBothVersions
	}
}

// TestFirstPart counts the entries of the first part, so that none is missed.
func TestFirstPart(t *testing.T) {
	t.Parallel()
	for name, file := range firstPart() {
		all := load(t, name)
		if len(all) != file.entries {
			t.Errorf("%s: %d entries, want %d", name, len(all), file.entries)
		}
		for left := range file.left {
			if !slices.ContainsFunc(all, func(e exchange) bool { return e.Name == left }) {
				t.Errorf("%s has no entry %s that could be left out", name, left)
			}
		}
		for _, e := range all {
			if _, is := file.left[e.Name]; !is && e.Request.Method == "" && name != "concurrency.json" && name != "concurrency_detail.json" && name != "hosts_bulk_protocols_matrix.json" {
				t.Errorf("%s: %s is no exchange, and not left out for a reason", name, e.Name)
			}
		}
	}
}
