package jumpserver

import "testing"

// TestNamesOfNodes: the ids of a host's nodes, and their names, are in one order.
func TestNamesOfNodes(t *testing.T) {
	t.Parallel()
	refs := []nodeRef{{ID: "B", Name: "alpha"}, {ID: "a", Name: "zeta"}}
	if ids, names := nodesOf(refs), nodeNamesOf(refs); ids != "a,b" || names != "zeta, alpha" {
		t.Errorf("%q, %q", ids, names)
	}
}
