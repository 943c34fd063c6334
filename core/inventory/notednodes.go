package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// NodeNote returns how a comment notes a node that a configured path means: "<id>=<mark>", with a mark of the path. So the
// node is known when people rename it, also without a state store.
func NodeNote(id, path string) string {
	hash := sha256.Sum256([]byte(path))
	return strings.ToLower(id) + "=" + hex.EncodeToString(hash[:4])
}

// NotedAt returns the id of the node that a comment notes for a configured path; "" = none.
func NotedAt(comment, path string) string {
	mark := NodeNote("", path)
	for _, note := range NodeNotes(comment) {
		if id, isIt := strings.CutSuffix(note, mark); isIt {
			return id
		}
	}
	return ""
}

// NoteNodes returns a comment with one line that says which nodes the rules put the asset into, "node_ids: <id>,<id>=<mark>";
// without notes, one that has no such line. All other lines stay as they are.
func NoteNodes(comment string, notes []string) string {
	lines := strings.Split(comment, "\n")
	at := slices.IndexFunc(lines, notesNodes)
	lines = slices.DeleteFunc(lines, notesNodes)
	if len(notes) == 0 {
		if at < 0 {
			return comment
		}
		return strings.Join(lines, "\n")
	}
	line := KeyNodes + " " + strings.Join(notes, ",")
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

// NotedNodes returns the ids of the nodes that a comment notes, in lower case; noted is false if it has no line for them.
func NotedNodes(comment string) (ids []string, noted bool) {
	for _, note := range NodeNotes(comment) {
		id, _, _ := strings.Cut(note, "=")
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, slices.ContainsFunc(strings.Split(comment, "\n"), notesNodes)
}

// NodeNotes returns the notes of nodes in a comment, as NoteNodes takes them, in lower case.
func NodeNotes(comment string) []string {
	var notes []string
	for line := range strings.Lines(comment) {
		if !notesNodes(line) {
			continue
		}
		_, value, _ := strings.Cut(line, ":")
		for note := range strings.SplitSeq(value, ",") {
			note = strings.ToLower(strings.TrimSpace(note))
			if note != "" && !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}

// notesNodes reports whether a line of a comment notes nodes.
func notesNodes(line string) bool {
	key := strings.TrimSuffix(KeyNodes, ":")
	name, _, found := strings.Cut(line, ":")
	return found && strings.EqualFold(strings.TrimSpace(name), key)
}
