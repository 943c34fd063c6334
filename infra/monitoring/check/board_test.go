package check

import (
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// TestBoard: the board is what Grafana's own schema of dashboards has, without a field that Grafana does not know; no two
// panels share an id or overlap, each fits the 24 columns and says what it shows.
func TestBoard(t *testing.T) {
	t.Parallel()
	plugins.RegisterDefaultPlugins()
	var board dashboard.Dashboard
	for _, err := range []error{board.UnmarshalJSONStrict(readFile(t, "../board.json")), board.Validate()} {
		if err != nil && err.Error() != "" { // the schema's code returns an empty list of errors too
			t.Fatal(err)
		}
	}
	if board.Uid == nil || *board.Uid != "jms-sync" || len(board.Templating.List) != 3 || len(board.Panels) < 15 {
		t.Errorf("%d variables and %d panels", len(board.Templating.List), len(board.Panels))
	}
	taken, ids := map[[2]uint32]string{}, map[uint32]bool{}
	for _, either := range board.Panels {
		p := either.Panel
		if p == nil || p.GridPos == nil || p.Title == nil || p.Id == nil {
			t.Fatal("a row, or a panel without a place, a title or an id")
		}
		title := *p.Title
		if ids[*p.Id] || title == "" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%q: id %d, %d queries, at %+v", title, *p.Id, len(p.Targets), *p.GridPos)
		}
		ids[*p.Id] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]uint32{p.GridPos.X + x, p.GridPos.Y + y}
				if taken[at] != "" {
					t.Fatalf("%q lies on %q", title, taken[at])
				}
				taken[at] = title
			}
		}
	}
}
