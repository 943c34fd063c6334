package walk

import (
	"testing"
)

// pages are the pages that are walked, in both languages, each with its world.
func pages() map[string]func(*world) []step {
	return map[string]func(*world) []step{
		"docs/quickstart": walkQuickStart,
		"docs/deploy":     walkDeploy,
		"docs/migration":  walkMigration,
		"docs/runbook":    walkRunbook,
	}
}

// TestWalks: a newcomer who follows a page, in either language, gets to its end, and sees what the page shows.
func TestWalks(t *testing.T) {
	t.Parallel()
	b := newBinaries(t)
	for page, steps := range pages() {
		for _, suffix := range []string{".md", ".en.md"} {
			t.Run(page+suffix, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, page+suffix, b)
				w.walk(readPage(t, page+suffix), steps(w))
			})
		}
	}
}
