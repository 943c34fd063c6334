package check

import (
	"encoding/json"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// TestBoard: the board is what Grafana's own schema of dashboards has, without a field that Grafana does not know; no two
// panels share an id or overlap, each fits the 24 columns and says what it shows.
func TestBoard(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(readFile(t, "../board.json"), &fields); err != nil {
		t.Fatal(err)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(fields["panels"], &raw); err != nil || len(raw) < 15 {
		t.Fatalf("%d panels, %v", len(raw), err)
	}
	fields["panels"] = json.RawMessage("[]")
	rest, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	var board dashboard.Dashboard
	wantSchema(t, "the board", board.UnmarshalJSONStrict(rest))
	wantSchema(t, "the board", board.Validate())
	if board.Uid == nil || *board.Uid != "jms-sync" || len(board.Templating.List) != 3 {
		t.Errorf("%d variables", len(board.Templating.List))
	}
	taken, ids := map[[2]uint32]string{}, map[uint32]bool{}
	for _, one := range raw {
		var p dashboard.Panel
		wantSchema(t, string(one), p.UnmarshalJSONStrict(one))
		wantSchema(t, string(one), p.Validate())
		if p.GridPos == nil || p.Title == nil || p.Id == nil || len(p.Targets) == 0 {
			t.Fatalf("a panel without a place, a title, an id or a query: %s", one)
		}
		if ids[*p.Id] || *p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%q: id %d, at %+v", *p.Title, *p.Id, *p.GridPos)
		}
		ids[*p.Id] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]uint32{p.GridPos.X + x, p.GridPos.Y + y}
				if taken[at] != "" {
					t.Fatalf("%q lies on %q", *p.Title, taken[at])
				}
				taken[at] = *p.Title
			}
		}
	}
}

// wantSchema fails for what the schema's code found. It returns lists of errors that are empty, too.
func wantSchema(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil && err.Error() != "" {
		t.Errorf("%s: %v", what, err)
	}
}
