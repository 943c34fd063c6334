package infra

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// changelogKinds are the sections of a version, in their order (https://keepachangelog.com/en/1.1.0/).
func changelogKinds() []string {
	return []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
}

// changelogMistakes returns what in a changelog is not in the form of Keep a Changelog.
func changelogMistakes(text string) []string {
	var wrong []string
	complain := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf(format, args...))
	}
	if !strings.HasPrefix(text, "# Changelog\n") || !strings.Contains(text, "https://keepachangelog.com/") || !strings.Contains(text, "https://semver.org/") {
		complain("the head: a title, the form and the meaning of versions")
	}
	version, kinds := "", []string(nil)
	last, links := time.Time{}, regexp.MustCompile(`(?m)^\[([^\]]+)\]: https://`).FindAllStringSubmatch(text, -1)
	heading := regexp.MustCompile(`^## \[(\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)\] - (\d{4}-\d{2}-\d{2})$`)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		kind, isKind := strings.CutPrefix(line, "### ")
		m := heading.FindStringSubmatch(line)
		switch {
		case line == "## [Unreleased]" && version == "":
			version = "Unreleased"
		case m != nil && version != "":
			at, err := time.Parse(time.DateOnly, m[2])
			if err != nil || !last.IsZero() && at.After(last) {
				complain("%s: the newest version stands first, with its date", line)
			}
			if !slices.ContainsFunc(links, func(l []string) bool { return l[1] == m[1] }) {
				complain("%s: no link for it at the end", line)
			}
			version, kinds, last = m[1], nil, at
		case strings.HasPrefix(line, "## "):
			complain("%s: a version is [Unreleased], first and once, or [1.2.3] - 2026-01-31", line)
		case isKind:
			if !slices.Contains(changelogKinds(), kind) || slices.Contains(kinds, kind) {
				complain("%s of %s: one of %v, once", line, version, changelogKinds())
			}
			kinds = append(kinds, kind)
		case strings.HasPrefix(line, "- ") && len(kinds) == 0:
			complain("%.40s: stands in no section", line)
		}
	}
	if version == "" {
		complain("there is no [Unreleased]")
	}
	return wrong
}

// TestChangelog: the changelog has the form of Keep a Changelog, which make release and those who read it rely on.
func TestChangelog(t *testing.T) {
	t.Parallel()
	for _, wrong := range changelogMistakes(string(readRepoFile(t, root+"/CHANGELOG.md"))) {
		t.Error(wrong)
	}
	const head = "# Changelog\n\n[Keep a Changelog](https://keepachangelog.com/en/1.1.0/), [versions](https://semver.org/).\n\n"
	for text, want := range map[string]int{
		head + "## [Unreleased]\n\n### Added\n\n- a\n\n## [1.2.0] - 2026-11-29\n\n### Fixed\n\n- b\n\n## [1.1.0] - 2026-01-02\n\n[1.2.0]: https://x\n[1.1.0]: https://y\n": 0,
		"# Changelog\n\n## [Unreleased]\n":                          1,
		head + "## Unreleased\n":                                    2,
		head + "## [Unreleased]\n\n- a\n":                           1,
		head + "## [Unreleased]\n\n### New\n\n- a\n":                1,
		head + "## [Unreleased]\n\n### Added\n\n- a\n\n### Added\n": 1,
		head + "## [Unreleased]\n\n## [1.0.0] - yesterday\n":        1,
		head + "## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n":       1,
		head + "## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n## [1.1.0] - 2026-02-01\n[1.0.0]: https://x\n[1.1.0]: https://y\n": 1,
	} {
		if got := changelogMistakes(text); len(got) != want {
			t.Errorf("%d mistakes in\n%s%q", want, text, got)
		}
	}
}
