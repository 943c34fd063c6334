package walk

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const repository = "../../.."

var (
	fenceLine = regexp.MustCompile("^( *)```(.*)$")
	heredoc   = regexp.MustCompile(`<<'?(\w+)'?$`)
	comment   = regexp.MustCompile(`\s+#\s.*$`)
)

// command is one command of a page, with what the page shows of its output.
type command struct {
	line  int
	text  string   // without its comment
	shown []string // nil = the page shows nothing
}

// readPage returns the commands of a page, in their order.
func readPage(t *testing.T, page string) []command {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, page))
	if err != nil {
		t.Fatal(err)
	}
	return parsePage(string(text))
}

// parsePage returns the commands of a page. A block of sh or bash is commands, which may go on after a backslash, a pipe or to the end of a here
// document. In a block of console a command begins with "$ ", goes on with "> ", and its output follows.
func parsePage(text string) []command {
	var found []command
	var block []string
	kind, indent, begin := "", "", 0
	for n, line := range strings.Split(text, "\n") {
		m := fenceLine.FindStringSubmatch(line)
		switch {
		case m != nil && kind == "":
			kind, indent, begin, block = m[2]+" ", m[1], n+2, nil
		case m != nil:
			switch kind {
			case "sh ", "bash ", "shell ":
				found = append(found, parseScript(block, begin)...)
			case "console ":
				found = append(found, parseConsole(block, begin)...)
			}
			kind = ""
		case kind != "":
			block = append(block, strings.TrimPrefix(line, indent))
		}
	}
	return found
}

func parseScript(block []string, begin int) []command {
	var found []command
	var open []string
	end, first := "", begin
	for n, line := range block {
		if len(open) == 0 {
			if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
				continue
			}
			first = begin + n
		}
		if end == "" {
			line = comment.ReplaceAllString(line, "")
		}
		open = append(open, line)
		m := heredoc.FindStringSubmatch(line)
		switch {
		case end != "" && line != end, end == "" && (strings.HasSuffix(line, `\`) || strings.HasSuffix(line, "|")):
			continue
		case end == "" && m != nil:
			end = m[1]
			continue
		}
		found, open, end = append(found, command{line: first, text: strings.Join(open, "\n")}), nil, ""
	}
	return found
}

func parseConsole(block []string, begin int) []command {
	var found []command
	for n, line := range block {
		if text, is := strings.CutPrefix(line, "$ "); is {
			found = append(found, command{line: begin + n, text: comment.ReplaceAllString(text, ""), shown: []string{}})
			continue
		}
		if len(found) == 0 {
			continue
		}
		last := &found[len(found)-1]
		if more, is := strings.CutPrefix(line, "> "); is && len(last.shown) == 0 {
			last.text += "\n" + more
			continue
		}
		last.shown = append(last.shown, line)
	}
	return found
}

// TestParsePage: commands, what goes on, comments and outputs are told apart.
func TestParsePage(t *testing.T) {
	t.Parallel()
	const page = "a\n```sh\nmake demo   # shows it\n# nothing\ncat >f <<'EOC'\na: b # c\nEOC\none \\\n  two\n```\n```yaml\nnot: this\n```\n" +
		"  ```console\n  $ s one   # why\n  > two\n  out $ 1\n    in\n  $ three\n  ```\n"
	got := parsePage(page)
	want := []command{
		{3, "make demo", nil}, {5, "cat >f <<'EOC'\na: b # c\nEOC", nil}, {8, "one \\\n  two", nil},
		{15, "s one\ntwo", []string{"out $ 1", "  in"}}, {19, "three", []string{}},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, c := range got {
		if c.line != want[i].line || c.text != want[i].text || strings.Join(c.shown, "|") != strings.Join(want[i].shown, "|") || (c.shown == nil) != (want[i].shown == nil) {
			t.Errorf("%+v, want %+v", c, want[i])
		}
	}
}
