package inventory

import (
	"slices"
	"testing"
)

// TestNotedNodes: a comment says which nodes are ours, in one line, and keeps what people wrote.
func TestNotedNodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		comment string
		ids     []string
		want    string
	}{
		"none":                  {"by hand", nil, "by hand"},
		"a first one":           {"by hand", []string{"a", "b"}, "by hand\nnode_ids: a,b"},
		"of an empty comment":   {"", []string{"a"}, "node_ids: a"},
		"in its place":          {"x\nnode_ids: a\ny", []string{"b"}, "x\nnode_ids: b\ny"},
		"twice, by a person":    {"x\nnode_ids: a\ny\nNode_IDs : c", []string{"b"}, "x\nnode_ids: b\ny"},
		"taken away":            {"x\nnode_ids: a\ny", nil, "x\ny"},
		"behind trailing lines": {"x\r\n\n", []string{"a"}, "x\nnode_ids: a"},
		"of Windows":            {"x\r\nnode_ids: a\r\ny", []string{"b"}, "x\r\nnode_ids: b\ny"},
	} {
		got := NoteNodes(c.comment, c.ids)
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		ids, noted := NotedNodes(got)
		if !slices.Equal(ids, c.ids) || noted != (len(c.ids) > 0) {
			t.Errorf("%s: notes %v, %v", name, ids, noted)
		}
	}
	ids, noted := NotedNodes("node_ids: A, b ,,a\r\nNODE_IDS:c")
	if !noted || !slices.Equal(ids, []string{"a", "b", "c"}) {
		t.Errorf("%v, %v", ids, noted)
	}
	ids, noted = NotedNodes("node_ids:\nmy node_ids: x")
	if !noted || len(ids) != 0 {
		t.Errorf("%v, %v: a line without ids says that none is ours", ids, noted)
	}
	comment := NoteNodes("by hand", []string{NodeNote("A", "/DEFAULT/x"), NodeNote("b", "/DEFAULT/y"), "c"})
	ids, _ = NotedNodes(comment)
	if !slices.Equal(ids, []string{"a", "b", "c"}) || NotedAt(comment, "/DEFAULT/y") != "b" || NotedAt(comment, "/DEFAULT/z") != "" {
		t.Errorf("%q notes %v, %q", comment, ids, NotedAt(comment, "/DEFAULT/y"))
	}
}
