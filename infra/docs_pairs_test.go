package infra

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// documentPairs returns the documents that exist in both languages, Chinese first.
func documentPairs(t *testing.T) [][2]string {
	t.Helper()
	all := readDocuments(t)
	var found [][2]string
	for name := range all {
		if dir, base := path.Split(name); dir == "docs/" || base == "README.md" && dir == "infra/" {
			english := dir + strings.TrimSuffix(base, ".md") + ".en.md"
			switch {
			case strings.HasSuffix(base, ".en.md") || all[english] != "":
				if all[english] != "" {
					found = append(found, [2]string{name, english})
				}
			case base != "benchmarks.md" && base != "invariants.md": // in both languages themselves, or generated
				t.Errorf("%s has no %s", name, english)
			}
		}
	}
	return found
}

// TestBothLanguages: a pair has the same sections, commands, samples, variables and links.
func TestBothLanguages(t *testing.T) {
	t.Parallel()
	all := readDocuments(t)
	// Texts for people may differ: comments, and what is put into a file.
	comment := regexp.MustCompile(`(?m) *#.*$|(?s)<<'EOC'\n.*?\nEOC$`)
	for _, pair := range documentPairs(t) {
		shape := func(name string) (levels, commands string, named map[string]bool) {
			document, named := all[name], map[string]bool{}
			for line := range strings.Lines(fence.ReplaceAllString(document, "")) {
				if heading.MatchString(strings.TrimRight(line, "\n")) {
					levels += strconv.Itoa(strings.IndexByte(line, ' '))
				}
			}
			for _, m := range fence.FindAllStringSubmatch(document, -1) {
				if m[1] == "sh" || m[1] == "yaml" {
					commands += strconv.Itoa(strings.Count(strings.TrimSpace(comment.ReplaceAllString(m[2], "")), "\n")) + m[1] + " "
				}
			}
			for _, v := range variable.FindAllString(document, -1) {
				named[v] = true
			}
			return levels, commands, named
		}
		levels, commands, named := shape(pair[0])
		levelsEN, commandsEN, namedEN := shape(pair[1])
		if levels != levelsEN {
			t.Errorf("%s has sections of the levels %s, %s %s", pair[0], levels, pair[1], levelsEN)
		}
		if commands != commandsEN {
			t.Errorf("%s has the blocks %s, %s %s", pair[0], commands, pair[1], commandsEN)
		}
		for _, c := range []struct {
			here, there map[string]bool
			lacks       string
		}{{named, namedEN, pair[1]}, {namedEN, named, pair[0]}} {
			for v := range c.here {
				if !c.there[v] {
					t.Errorf("%s does not name %s", c.lacks, v)
				}
			}
		}
	}
}

// TestRunbookKnowsEveryHold: both runbooks explain each reason of a held removal and each kind of failure, in the
// program's words up to the first part that varies.
func TestRunbookKnowsEveryHold(t *testing.T) {
	t.Parallel()
	all := readDocuments(t)
	checked := 0
	look := func(zh, en string) {
		for name, words := range map[string]string{"docs/runbook.md": zh, "docs/runbook.en.md": en} {
			words, _, _ = strings.Cut(words, "%")
			if !strings.Contains(all[name], words) {
				t.Errorf("%s does not explain %q", name, words)
			}
			checked++
		}
	}
	reasons := regexp.MustCompile(`texts\{\s*"((?:暂缓)[^"]*)",\s*"([^"]*)"`)
	for _, m := range reasons.FindAllSubmatch(readRepoFile(t, root+"/core/reason/texts.go"), -1) {
		look(string(m[1]), string(m[2]))
	}
	kinds := regexp.MustCompile(`inventory\.\w+: +\{"([^"]+)", "([^"]+)"\}`)
	for _, m := range kinds.FindAllSubmatch(readRepoFile(t, root+"/core/report/texts.go"), -1) {
		look("| "+string(m[1])+" `", "| "+string(m[2])+" `")
	}
	if checked < 2*(9+13) {
		t.Errorf("only %d words were found: the search is broken", checked)
	}
}

// TestEveryDeployVariableIsDocumented compares the table of docs/deploy.md with s.yaml.
func TestEveryDeployVariableIsDocumented(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"deploy.md", "deploy.en.md"} {
		document := string(readRepoFile(t, root+"/docs/"+file))
		for _, m := range envCall.FindAllStringSubmatch(string(readRepoFile(t, root+"/s.yaml")), -1) {
			row := "| `" + m[1] + "` | `" + m[2] + "` |"
			if strings.HasPrefix(m[1], "DEPLOY_") && !strings.Contains(document, row) {
				t.Errorf("%s lacks %s", file, row)
			}
		}
	}
}
