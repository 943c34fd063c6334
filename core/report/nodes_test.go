package report_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// reportWithNodes returns a run that created one node and found another under another name.
func reportWithNodes(dry bool) report.Report {
	path := func(name string) string { return "/DEFAULT/阿里云/" + name }
	made := apply.Node{
		ConfiguredPath: path("new"), Node: inventory.Node{ID: "n-1", Created: true}, Reason: reason.New(reason.NodeNew, path("new")),
	}
	if dry {
		made.Node = inventory.Node{}
	}
	return report.Build(report.Input{
		Started: startTime(), DryRun: dry, Language: language.English, Listings: []inventory.Listing{completeListing("aliyun-prod", "cn-beijing", 1)},
		Nodes: []apply.Node{made, {
			ConfiguredPath: path("old"), Node: inventory.Node{ID: "n-2", Path: path("moved")},
			Reason: reason.New(reason.NodeElsewhere, path("old"), path("moved")),
		}},
	})
}

// TestNodesAreTold: a new node is in every text that people read, another name in those of the terminal and in the
// document; neither changes the outcome.
func TestNodesAreTold(t *testing.T) {
	t.Parallel()
	r := reportWithNodes(false)
	if r.Outcome != report.OK || len(r.Errors) > 0 || !r.HasNewProblem() || r.NeedsAttention() {
		t.Errorf("%+v", r)
	}
	card := report.NewMessage(r, report.Options{Lang: language.English}).Markdown
	summary := report.Summary(r, language.English)
	if !strings.Contains(card, "nobody has access by it yet") || strings.Contains(card, "moved") {
		t.Errorf("the card:\n%s", card)
	}
	if !strings.Contains(summary, "new node /DEFAULT/阿里云/new") || !strings.Contains(summary, "is /DEFAULT/阿里云/moved now") {
		t.Errorf("standard output:\n%s", summary)
	}
	var document struct {
		Nodes []struct {
			Path, ID, Now string
			New           bool
		}
	}
	var text strings.Builder
	if err := r.JSON(&text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text.String()), &document); err != nil || len(document.Nodes) != 2 ||
		!document.Nodes[0].New || document.Nodes[1].New || document.Nodes[1].Now != "/DEFAULT/阿里云/moved" {
		t.Errorf("%v: %+v", err, document)
	}
	if dry := reportWithNodes(true); dry.HasNewProblem() || !dry.Nodes[0].IsNew {
		t.Errorf("a dry run: %+v", dry.Nodes)
	}
}

// TestNodesOfSeveralReports: stored and delivered later they are the same; of several reports of one node there is
// one line.
func TestNodesOfSeveralReports(t *testing.T) {
	t.Parallel()
	r := reportWithNodes(false)
	data, err := report.Marshal(r, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := report.Unmarshal(data)
	if err != nil || !reflect.DeepEqual(kept.Nodes, r.Nodes) || !kept.HasNewProblem() {
		t.Errorf("%v: %+v", err, kept.Nodes)
	}
	if n := len(report.Merge([]report.Report{r, kept}).Nodes); n != 4 {
		t.Errorf("%d nodes of two events", n)
	}
	if round := report.MergeShards(startTime(), []report.Report{r, kept}, nil, 2, language.Chinese); !reflect.DeepEqual(round.Nodes, r.Nodes) {
		t.Errorf("%+v", round.Nodes)
	}
}
