package main

import (
	"fmt"
	"os"
	"strings"
)

// writeNotes writes what a changelog says of a version, for the page of its release. A version that the changelog does
// not know is not released.
func writeNotes(out, version, changelog string) error {
	text, err := os.ReadFile(changelog)
	if err != nil {
		return err
	}
	heading := "## [" + strings.TrimPrefix(version, "v") + "]"
	var notes strings.Builder
	found := false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "[") && strings.Contains(line, "]: http") {
			if found {
				break
			}
			found = strings.HasPrefix(line, heading)
			continue
		}
		if found {
			notes.WriteString(line)
		}
	}
	if body := strings.TrimSpace(notes.String()); body != "" {
		return os.WriteFile(out, []byte(body+"\n"), 0o644)
	}
	return fmt.Errorf("notes: %s has no text below %q", changelog, heading)
}
