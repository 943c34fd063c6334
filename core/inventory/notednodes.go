package inventory

import (
	"slices"
	"strings"
)

// NoteNodes returns a comment with one line that says which nodes the rules put the asset into, "node_ids: <id>,<id>";
// without ids, one that has no such line. All other lines stay as they are.
func NoteNodes(comment string, ids []string) string {
	lines := strings.Split(comment, "\n")
	at := slices.IndexFunc(lines, notesNodes)
	lines = slices.DeleteFunc(lines, notesNodes)
	if len(ids) == 0 {
		if at < 0 {
			return comment
		}
		return strings.Join(lines, "\n")
	}
	line := KeyNodes + " " + strings.Join(ids, ",")
	switch {
	case at >= 0:
		lines = slices.Insert(lines, at, line)
	case strings.TrimSpace(comment) == "":
		return line
	default:
		lines = append(strings.Split(strings.TrimRight(comment, "\r\n "), "\n"), line)
	}
	return strings.Join(lines, "\n")
}

// NotedNodes returns the nodes that a comment notes, in lower case; noted is false if it has no line for them.
func NotedNodes(comment string) (ids []string, noted bool) {
	for line := range strings.Lines(comment) {
		if !notesNodes(line) {
			continue
		}
		noted = true
		_, value, _ := strings.Cut(line, ":")
		for id := range strings.SplitSeq(value, ",") {
			id = strings.ToLower(strings.TrimSpace(id))
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, noted
}

// notesNodes reports whether a line of a comment notes nodes.
func notesNodes(line string) bool {
	key := strings.TrimSuffix(KeyNodes, ":")
	name, _, found := strings.Cut(line, ":")
	return found && strings.EqualFold(strings.TrimSpace(name), key)
}
