package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/report/page"
)

// block is the data of a page, as page.js reads it.
type block struct {
	Lang    string
	Zone    string
	Counts  map[string]int
	Rows    [][]any
	LeftOut int `json:"left_out"`
	Texts   [][2]string
	Places  [][3]string
	Faces   map[string]struct {
		Outcome string
		Errors  []struct{ Kind, Message string }
		Open    []report.OpenGroup
		Held    []struct{ Text, Command, Show string }
		Scopes  []struct{ Kind, Message string }
	}
}

func blockOf(t *testing.T, text string) block {
	t.Helper()
	_, rest, found := strings.Cut(text, `<script type="application/json" id="data">`)
	data, behind, ends := strings.Cut(rest, "</script>")
	var b block
	err := json.Unmarshal([]byte(data), &b)
	if !found || !ends || err != nil || !strings.HasSuffix(behind, "</html>\n") {
		t.Fatalf("the page is not whole: %v", err)
	}
	return b
}

// TestPageHasAllOfTheRun: every change stands there with its reason in both languages, its place and its values.
func TestPageHasAllOfTheRun(t *testing.T) {
	t.Parallel()
	r := report.Build(input(language.English, 4))
	b := blockOf(t, write(t, 4, page.Options{Lang: language.English, Location: shanghai()}))
	if b.Lang != "en" || b.Zone != "Asia/Shanghai" || b.LeftOut != 0 || len(b.Rows) != len(r.Changes) || b.Counts["created"] != 4 || b.Counts["held"] != 5 {
		t.Errorf("%s %s, %d left out, %d rows of %d, %v", b.Lang, b.Zone, b.LeftOut, len(b.Rows), len(r.Changes), b.Counts)
	}
	if b.Rows[0][0] != "fail" || b.Rows[len(b.Rows)-1][0] != "skip" {
		t.Errorf("the first row is %v and the last %v", b.Rows[0], b.Rows[len(b.Rows)-1])
	}
	zh := report.Build(input(language.Chinese, 4))
	for n, c := range r.Changes {
		at := slices.IndexFunc(b.Rows, func(row []any) bool { return row[4] == c.AssetID })
		if at < 0 {
			t.Fatalf("%s is missing", c.Name)
		}
		row := b.Rows[at]
		text, place := b.Texts[int(row[1].(float64))], b.Places[int(row[2].(float64))]
		if row[0] != string(c.Action) || row[5] != c.Name || text != [2]string{zh.Changes[n].Reason, c.Reason} || place != [3]string{string(c.Cloud), c.Account, c.Region} {
			t.Errorf("%v says %v and %v of %+v", row, text, place, c)
		}
	}
	at := slices.IndexFunc(b.Rows, func(row []any) bool { return row[0] == "update" })
	if got, _ := json.Marshal(b.Rows[at][8]); string(got) != `[["name","old-web-20","web-20"],["address","10.9.9.9","10.0.0.20"]]` {
		t.Errorf("the values of an update are %s", got)
	}
	face := b.Faces["en"]
	if face.Held[0].Command != "jms-sync approve 0123456789ab" || face.Held[0].Show != "jms-sync held 0123456789ab" || face.Outcome != "done in part" {
		t.Errorf("%+v", face.Held)
	}
	if b.Faces["zh"].Scopes[2].Kind != "被限流" || face.Scopes[2].Kind != "throttled" || len(face.Open) != 2 || b.Faces["zh"].Open[0].Text == face.Open[0].Text {
		t.Errorf("the faces are %+v", b.Faces)
	}
}

// TestWhatCameLaterIsShown: an error that was added to the report stands in both languages.
func TestWhatCameLaterIsShown(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	r := report.Build(input(language.Chinese, 0)).WithNotifyError(errors.New("robot: no answer"))
	if err := page.Write(&text, r, page.Options{}); err != nil {
		t.Fatal(err)
	}
	for lang, face := range blockOf(t, text.String()).Faces {
		if last := face.Errors[len(face.Errors)-1]; last.Message != "robot: no answer" {
			t.Errorf("%s: the last error is %+v", lang, last)
		}
	}
}

// TestPolicy: the page runs its own script and no other, loads nothing, and no text of a host ends the block of data.
func TestPolicy(t *testing.T) {
	t.Parallel()
	text := write(t, 1, page.Options{})
	if strings.Contains(text, "onerror=document") && strings.Contains(text, "<img") || strings.Count(text, "</script>") != 2 || strings.Contains(text, "{{") {
		t.Error("a host's name became markup, or a part is missing")
	}
	policy := regexp.MustCompile(`content="(default-src 'none'; style-src '(sha256-[^']+)'; script-src '(sha256-[^']+)'; base-uri 'none'; form-action 'none')"`).FindStringSubmatch(text)
	if policy == nil {
		t.Fatal("the page has no policy, or another one")
	}
	for tag, want := range map[string]string{"<style>": policy[2], "<script>": policy[3]} {
		_, rest, _ := strings.Cut(text, tag)
		inside, _, _ := strings.Cut(rest, strings.Replace(tag, "<", "</", 1))
		sum := sha256.Sum256([]byte(inside))
		if got := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); got != want || len(inside) < 1000 {
			t.Errorf("%s of %d bytes has the hash %s, the policy allows %s", tag, len(inside), got, want)
		}
	}
	for _, outside := range []string{"http://", "https://", "@import", "url(", "innerHTML", "eval("} {
		if strings.Contains(text, outside) {
			t.Errorf("the page has %s", outside)
		}
	}
}

// TestBound: a page that must not be large has what people must act on, and says how much it lacks.
func TestBound(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	text := write(t, 50_000, page.Options{MaxBytes: most})
	b := blockOf(t, text)
	if len(text) > most || len(text) < most*3/4 || len(b.Rows)+b.LeftOut != 50_013 || b.Rows[0][0] != "fail" || b.Counts["created"] != 50_000 {
		t.Errorf("%d bytes, %d rows and %d left out", len(text), len(b.Rows), b.LeftOut)
	}
	if small := write(t, 3, page.Options{MaxBytes: most}); blockOf(t, small).LeftOut != 0 {
		t.Error("a small page lacks something")
	}
}

// TestWholePageOfABigRun: all of 50,000 changes, in less than 12 MiB.
func TestWholePageOfABigRun(t *testing.T) {
	t.Parallel()
	text := write(t, 50_000, page.Options{})
	if b := blockOf(t, text); len(b.Rows) != 50_013 || len(text) > 12<<20 {
		t.Errorf("%d rows in %d bytes", len(b.Rows), len(text))
	}
}

// TestScriptTexts: every text of the script is there in both languages, with the same arguments, and in use; and none that
// it asks for is missing.
func TestScriptTexts(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("page.js")
	if err != nil {
		t.Fatal(err)
	}
	shell, err := os.ReadFile("page.html")
	if err != nil {
		t.Fatal(err)
	}
	script := string(source)
	_, rest, _ := strings.Cut(script, "const TEXTS = {")
	table, code, _ := strings.Cut(rest, "\n  };\n")
	known := map[string]bool{}
	argument := regexp.MustCompile(`\{\d\}`)
	for line := range strings.SplitSeq(strings.Trim(table, "\n"), "\n") {
		row := regexp.MustCompile(`^    (\w+): \["([^"]+)", "([^"]+)"\],$`).FindStringSubmatch(line)
		if row == nil {
			t.Fatalf("this is no text in two languages: %s", line)
		}
		known[row[1]] = true
		if zh, en := argument.FindAllString(row[2], -1), argument.FindAllString(row[3], -1); !slices.Equal(zh, en) {
			t.Errorf("%s has the arguments %v and %v", row[1], zh, en)
		}
		if !regexp.MustCompile(`\p{Han}|^IP$`).MatchString(row[2]) || regexp.MustCompile(`\p{Han}`).MatchString(row[3]) {
			t.Errorf("%s: %q and %q", row[1], row[2], row[3])
		}
		built := strings.HasPrefix(row[1], "stage_") || strings.HasPrefix(row[1], "field_") || strings.HasPrefix(row[1], "theme_")
		if !built && !strings.Contains(code, `"`+row[1]+`"`) && !strings.Contains(code, `"`+row[1]+`#"`) && !strings.Contains(string(shell), `="`+row[1]+`"`) {
			t.Errorf("%s is not used", row[1])
		}
	}
	for _, asked := range regexp.MustCompile(`\bt\("(\w+)"[,)]|data-(?:t|label)="(\w+)"|"(\w+)#"`).FindAllStringSubmatch(code+string(shell), -1) {
		if key := asked[1] + asked[2] + asked[3]; !known[key] {
			t.Errorf("%s is no text", key)
		}
	}
	if len(known) < 80 {
		t.Errorf("%d texts were found", len(known))
	}
}
