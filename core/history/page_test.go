package history

import (
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/state"
)

var update = flag.Bool("update", false, "write the goldens anew")

// someRuns returns runs, six a day up to now: their numbers differ, and each outcome is among them.
func someRuns(count int, now time.Time) []state.RunFigures {
	outcomes := []string{"ok", "ok", "held", "ok", "partial", "failed", "ok"}
	var runs []state.RunFigures
	for n := range count {
		at := now.Add(-time.Duration(count-1-n) * 4 * time.Hour)
		runs = append(runs, state.RunFigures{
			At: at, Started: at.Add(-time.Minute), Outcome: outcomes[n%len(outcomes)], Duration: time.Duration(3000+n%97*250) * time.Millisecond,
			Total: 400 + n/10, Created: n % 5, Updated: n % 3, Deactivated: n % 7 / 5, Deleted: n % 11 / 9, Held: n % 13 / 11 * 4, Failed: n % 17 / 16,
		})
	}
	return runs
}

func newPage(lang language.Lang) Page {
	now := time.Date(2026, 11, 28, 14, 35, 7, 0, time.UTC)
	return Page{
		Server: "jms.example.com", Organisation: "<Default> & Co", Date: "2026-11-28", Runs: someRuns(100, now), Now: now,
		Zone: time.FixedZone("Asia/Shanghai", 8*3600), Language: lang, Notes: []string{"<script>alert(1)</script>"},
	}
}

// TestPage: the page is what the goldens show, well formed, and runs and loads nothing.
func TestPage(t *testing.T) {
	t.Parallel()
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		var out strings.Builder
		if err := newPage(lang).Write(&out); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "day."+string(lang)+".html")
		if *update {
			if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || out.String() != string(want) {
			t.Errorf("%s differs (%v); -update writes it anew", golden, err)
		}
		d := xml.NewDecoder(strings.NewReader(strings.Replace(out.String(), "<!doctype html>", "", 1)))
		d.Strict, d.AutoClose = false, xml.HTMLAutoClose
		for err = nil; err == nil; _, err = d.Token() {
		}
		if err.Error() != "EOF" {
			t.Errorf("%s is not well formed: %v", lang, err)
		}
		if found := regexp.MustCompile(`(?i)<script|<link|<img|\ssrc=|href=|url\(|\son[a-z]+=`).FindString(out.String()); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
}

// TestDays: a run counts on the day on which it began where people are; what is held is not added up.
func TestDays(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 8*3600)
	now := time.Date(2026, 11, 28, 1, 0, 0, 0, zone)
	midnight := time.Date(2026, 11, 28, 0, 0, 0, 0, zone)
	days := Days([]state.RunFigures{
		{Started: midnight.Add(-time.Second), Outcome: "ok", Created: 1, Held: 3, Duration: 4 * time.Second},
		{Started: midnight, Outcome: "held", Created: 2, Held: 3, Duration: 3 * time.Second},
		{Started: midnight.Add(time.Minute), Outcome: "held", Created: 4, Held: 5, Duration: 1 * time.Second},
		{Started: midnight.Add(2 * time.Minute), Outcome: "ok", Duration: 2 * time.Second},
		{Started: now.AddDate(-1, 0, 0), Outcome: "ok", Created: 100},
	}, now, zone)
	if len(days) != 180 || days[179].Date != "2026-11-28" || days[0].Date != "2026-06-02" {
		t.Fatalf("%d days, %s to %s", len(days), days[0].Date, days[len(days)-1].Date)
	}
	yesterday, today := days[178], days[179]
	if yesterday.Created != 1 || yesterday.Median != 4 || today.Runs != 3 || today.Created != 6 || today.Held != 5 || today.Outcomes["held"] != 2 ||
		today.Median != 2 || today.Longest != 3 {
		t.Errorf("%+v\n%+v", yesterday, today)
	}
}

// TestChartHeights: a bar is as high as its value, stacked ones stand on each other, and quarters are whole numbers.
func TestChartHeights(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]float64{0: 4, 3: 4, 5: 8, 9: 12, 12: 12, 13: 20, 41: 80, 81: 120, 1000: 1200, 50000: 80000} {
		if got := niceTop(value); got != want {
			t.Errorf("%g: %g, want %g", value, got, want)
		}
	}
	c := chart{dates: []string{"2026-11-28"}, stacked: true, format: func(float64) string { return "" }, series: []series{
		{"a", "a", []float64{2}}, {"b", "b", []float64{6}}, {"c", "c", []float64{0}},
	}}
	picture := c.svg()
	for _, bar := range []string{`class="a" x="146.40" y="142.50" width="723.20" height="43.50"`, `class="b" x="146.40" y="12.00" width="723.20" height="130.50"`} {
		if !strings.Contains(picture, bar) {
			t.Errorf("no %s in\n%s", bar, picture)
		}
	}
	if strings.Contains(picture, `class="c"`) {
		t.Error("nothing is drawn as a bar")
	}
}
