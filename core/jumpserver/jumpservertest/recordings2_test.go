package jumpservertest

import (
	"regexp"
	"slices"
	"testing"
)

// topics are those of the second part of the recordings, with the number of their entries on all versions.
func topics() map[string]int {
	return map[string]int{
		"access": 178, "access_more": 58, "filters_and_tasks": 86, "labels_platforms_options": 60, "limit_5000": 22,
		"nodes_of_a_host": 114, "operate_logs": 84, "operate_logs_deletes": 14, "org_create": 6, "organisations": 165,
		"other_kinds": 132, "other_kinds_lists": 50, "rights": 8, "spot_checks": 168, "verify": 46, "zones_gateways_labels": 124,
		"account_templates": 122, "accounts_later": 72, "accounts_more": 40,
	}
}

// leftOut are the entries that are not replayed, by a pattern for topic, version, name, method and path, and why.
func leftOut() [][2]string {
	return [][2]string{
		{`/api/v1/perms/users/[^/]+/(nodes/|assets/[^/]+/)`, "how a user sees one host, and nodes, is not imitated: nobody reads it"},
		{`/api/v1/perms/asset-permissions/[^/]+/accounts/`, "the accounts of a rule are not imitated: nobody reads them"},
		{`/api/v1/audits/`, "the operate log is not imitated"},
		{`/api/v1/(terminal/sessions|tickets|authentication)/`, "sessions, tickets and keys are not imitated"},
		{`check_assets_amount_task`, "tasks are not imitated"},
		{`nodes/category/tree/`, "the tree of categories is not imitated: nobody reads it"},
		{`databases/suggestions/`, "suggestions are not imitated: nobody reads them"},
		{`^nodes_of_a_host v4\.7\.0 node_(move_ancestor|rename_sync) `, "v4.7.0 makes a cycle of nodes, which is not imitated"},
		{`^filters_and_tasks v4\.7\.0 tree_after_cycle `, "v4.7.0 makes a cycle of nodes, which is not imitated"},
		{`^(verify|filters_and_tasks|accounts_more) \S+ (perm_list_times|log_of_each_change|push_tasks|tasks_by_creates) `, "a summary of times, tasks or logs"},
		{`^(account_templates \S+ tpl_options|accounts_later \S+ (push_task|create_times)|accounts_more \S+ (patch_same_template_secret|bulk_update_secret)) `, "a summary"},
		{`^nodes_of_a_host \S+ assets_amount `, "a summary of how late the tree's numbers are"},
		{`^operate_logs_deletes \S+ deletes_in_the_log `, "a summary of the operate log"},
	}
}

func reasonFor(topic string, v Version, e entry) string {
	text := topic + " " + string(v) + " " + e.Name + " "
	if e.Request != nil {
		text += e.Request.Method + " " + e.Request.Path
	}
	at := slices.IndexFunc(leftOut(), func(l [2]string) bool { return regexp.MustCompile(l[0]).MatchString(text) })
	if at < 0 {
		return ""
	}
	return leftOut()[at][1]
}

// TestSecondPart replays the second part of the recordings on all its versions. Every entry is either
// compared or left out for a reason.
func TestSecondPart(t *testing.T) {
	t.Parallel()
	for topic, entries := range topics() {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			seen := 0
			for _, version := range Versions() {
				if version == V410 && topic != "labels_platforms_options" {
					continue
				}
				seen += playTopic(t, topic, version)
			}
			if seen != entries {
				t.Errorf("%d entries, want %d", seen, entries)
			}
		})
	}
}

func playTopic(t *testing.T, topic string, version Version) (entries int) {
	r := newReplay(t, topic, version)
	played, left := 0, map[string]int{}
	for n, e := range r.all {
		reason := reasonFor(topic, version, e)
		before, special := r.special()[topic+" "+e.Name]
		switch {
		case reason != "":
			left[reason]++
		case special:
			before(n, e)
			played++
		case e.Request == nil || e.Request.Method == "" || e.Response == nil:
			t.Errorf("%s %s: %s is neither compared nor left out for a reason", topic, version, e.Name)
		default:
			r.play(n, e)
			played++
		}
	}
	t.Logf("%s: %d compared, %d left out: %v", version, played, len(r.all)-played, left)
	return len(r.all)
}
