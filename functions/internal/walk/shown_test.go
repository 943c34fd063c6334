package walk

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// varying matches what is different in every run, one group for each kind: what a page shows of a kind stands for any other of that kind, and an id
// that stands again for the same one. In a page "…" stands for the rest of a line or a part of it, and alone on a line for any lines.
const varying = `(\b\d{8}T\d{4,6}Z\b)|(\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)|(\b\d{4}-\d\d-\d\d\b)|` +
	`(\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)|(\b[0-9a-f]*[0-9][0-9a-f]*[a-f][0-9a-f]*\b|\b[0-9a-f]*[a-f][0-9a-f]*[0-9][0-9a-f]*\b)|` +
	`(\b\d+(?:\.\d+)?(?:ms\b|s\b| ?秒)|\b\d\d:\d\d(?::\d\d)?\b)`

var (
	varyingPattern = regexp.MustCompile(varying)
	// kinds are the patterns of one token of each group of varying.
	kinds = []string{
		`\d{8}T\d{4,6}Z`, `\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?`, `\d{4}-\d\d-\d\d`,
		`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, `[0-9a-f]{%d}`, `\d+(?:\.\d+)?(?:ms|s| ?秒)|\d\d:\d\d(?::\d\d)?`,
	}
	// isCopied matches what a reader copies from an output into a command: a run, an id, a hash.
	isCopied = regexp.MustCompile(`^(?:\d{8}T\d{4,6}Z|[0-9a-f-]{8,})$`)
	blanks   = regexp.MustCompile(`\s+`)
)

// bindings are the values of this run, by what the page shows in their place: ids and times that a reader copies from what was printed.
type bindings map[string]string

// apply returns a command with the values of this run in place of those of the page, the longest first.
func (b bindings) apply(text string) string {
	shown := slices.SortedFunc(maps.Keys(b), func(x, y string) int { return len(y) - len(x) })
	for _, s := range shown {
		text = strings.ReplaceAll(text, s, b[s])
	}
	return text
}

// bind remembers what a token of the page is in this run; a longer one binds its beginning of 8 signs too, as people type it.
func (b bindings) bind(shown, got string) error {
	if old, known := b[shown]; known && old != got {
		return fmt.Errorf("the page shows %s again, where it was %s and is %s", shown, old, got)
	}
	b[shown] = got
	if isHash := !strings.ContainsAny(shown, "-:TZ "); isHash && len(shown) > 8 {
		b[shown[:8]] = got[:8]
	}
	return nil
}

// compare compares what a page shows with what was printed.
func (b bindings) compare(shown []string, printed string) error {
	got := strings.Split(strings.TrimRight(printed, "\n"), "\n")
	return b.compareLines(shown, got)
}

func (b bindings) compareLines(shown, got []string) error {
	for len(shown) > 0 {
		if strings.TrimSpace(shown[0]) == "…" {
			if len(shown) == 1 {
				return nil
			}
			next := slices.IndexFunc(got, func(line string) bool { return bindings{}.line(shown[1], line) == nil })
			if next < 0 {
				return fmt.Errorf("no line is as %q", shown[1])
			}
			shown, got = shown[1:], got[next:]
			continue
		}
		if len(got) == 0 {
			return fmt.Errorf("the page shows %q, and no more is printed", shown[0])
		}
		if err := b.line(shown[0], got[0]); err != nil {
			return err
		}
		shown, got = shown[1:], got[1:]
	}
	if len(got) > 0 {
		return fmt.Errorf("printed but not shown: %q", got[0])
	}
	return nil
}

// line compares one line; blanks are alike.
func (b bindings) line(shown, got string) error {
	shown, got = squeeze(shown), squeeze(got)
	pattern, tokens := patternOf(shown)
	m := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(got)
	if m == nil {
		return fmt.Errorf("the page shows %q\n  and it prints %q", shown, got)
	}
	for i, token := range tokens {
		if !isCopied.MatchString(token) {
			continue
		}
		if err := b.bind(token, m[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func squeeze(line string) string { return strings.TrimSpace(blanks.ReplaceAllString(line, " ")) }

// patternOf returns a pattern for what a line of a page stands for, and the tokens of its groups.
func patternOf(shown string) (pattern string, tokens []string) {
	literal := func(text string) {
		pattern += strings.ReplaceAll(regexp.QuoteMeta(text), "…", ".*")
	}
	end := 0
	for _, m := range varyingPattern.FindAllStringSubmatchIndex(shown, -1) {
		token := shown[m[0]:m[1]]
		kind := 0
		for m[2+2*kind] < 0 {
			kind++
		}
		if kind == hashKind && len(token) < 8 || strings.HasSuffix(shown[:m[0]], "i-") {
			continue
		}
		literal(shown[end:m[0]])
		one := kinds[kind]
		if kind == hashKind {
			one = fmt.Sprintf(one, len(token))
		}
		pattern, tokens, end = pattern+"("+one+")", append(tokens, token), m[1]
	}
	literal(shown[end:])
	return pattern, tokens
}

// hashKind is the kind of tokens whose number of signs counts.
const hashKind = 4

// TestCompareShown: what varies may vary, once and the same everywhere; all else may not.
func TestCompareShown(t *testing.T) {
	t.Parallel()
	shown := []string{"| hash 263700de0123 | 2026-11-28 03:10:00 |", "…", "run 20261128T143507Z took 1.2s, web-01 i-2ze0000000000001", "approve 263700de0123…"}
	right := "| hash  aaaa00de4444   | 2027-01-02 00:00:01 |\nmore\nmore\nrun 20270101T000000Z took 12ms, web-01 i-2ze0000000000001\napprove aaaa00de4444 now\n"
	b := bindings{}
	if err := b.compare(shown, right); err != nil {
		t.Error(err)
	}
	if got := b.apply("held 263700de; run 20261128T143507Z; approve 263700de0123"); got != "held aaaa00de; run 20270101T000000Z; approve aaaa00de4444" {
		t.Error(got)
	}
	for what, wrong := range map[string]string{
		"another id":     strings.Replace(right, "approve aaaa00de4444", "approve bbbb00de4444", 1),
		"another word":   strings.Replace(right, "took", "lasted", 1),
		"another host":   strings.Replace(right, "0001\n", "0002\n", 1),
		"a line more":    right + "and this\n",
		"a line less":    strings.Replace(right, "approve aaaa00de4444 now\n", "", 1),
		"no date":        strings.Replace(right, "2027-01-02 00:00:01", "never", 1),
		"nothing at all": "",
	} {
		if err := (bindings{}).compare(shown, wrong); err == nil {
			t.Errorf("%s: taken for right", what)
		}
	}
}
