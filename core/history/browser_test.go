package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/browsertest"
	"github.com/jms-sync/jms-sync/core/language"
)

// TestChromium opens pages of half a year in a real browser: what is drawn is what the tables say, in both languages and
// themes, wide and on a phone.
func TestChromium(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	for _, look := range []struct {
		name, scheme  string
		lang          language.Lang
		width, height int
	}{
		{"day-zh-light", "light", language.Chinese, 1280, 900}, {"day-en-dark", "dark", language.English, 1280, 900},
		{"day-en-light", "light", language.English, 1280, 900}, {"day-zh-dark", "dark", language.Chinese, 1280, 900},
		{"day-phone-zh-dark", "dark", language.Chinese, 390, 844}, {"day-phone-en-light", "light", language.English, 390, 844},
	} {
		t.Run(look.name, func(t *testing.T) {
			b := b.On(t)
			b.OpenFile(pageFile(t, look.lang), look.width, look.height, look.scheme)
			b.Keep(look.name)
			b.CheckAccess(look.name)
			checkPage(t, b, look.width)
		})
	}
	for _, address := range b.Asked() {
		if !strings.HasPrefix(address, "file:///") || !strings.HasSuffix(address, "/day.html") {
			t.Errorf("a page asks for %s", address)
		}
	}
}

// pageFile writes the page of a day, with runs of half a year before it.
func pageFile(t *testing.T, lang language.Lang) string {
	t.Helper()
	p := newPage(lang)
	p.Runs, p.Notes = someRuns(1080, p.Now), nil
	var out strings.Builder
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "day.html")
	if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// checkPage checks that the page fits its window, that its style is used, that a bar of each kind is seen, and that the
// charts' heights add up to what the table says.
func checkPage(t *testing.T, b *browsertest.Browser, width int) {
	t.Helper()
	if wide := browsertest.Eval[int](b, "document.documentElement.scrollWidth"); wide > width {
		t.Errorf("the page is %d wide", wide)
	}
	if small := browsertest.Eval[[]string](b, smallTexts); len(small) > 0 {
		t.Errorf("too small to read: %s", strings.Join(small, "; "))
	}
	if unseen := browsertest.Eval[[]string](b, unseenBars); len(unseen) > 0 {
		t.Errorf("not seen: %s", strings.Join(unseen, "; "))
	}
	if off := browsertest.Eval[string](b, heightsOff); off != "" {
		t.Errorf("the chart and the table differ: %s", off)
	}
	browsertest.Eval[any](b, `document.querySelector("summary").focus()`)
	b.Press("Enter")
	if !browsertest.Eval[bool](b, `document.querySelector("details").open`) {
		t.Error("the table does not unfold by keyboard")
	}
	if wide := browsertest.Eval[int](b, "document.documentElement.scrollWidth"); wide > width {
		t.Errorf("with the table unfolded the page is %d wide", wide)
	}
}

// smallTexts returns the texts of charts that are drawn in less than 8 pixels.
const smallTexts = `[...document.querySelectorAll("svg text")].filter((e) => parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a < 8).map((e) => e.textContent)`

// unseenBars returns the kinds of a legend that have no bar, no colour, or another colour than their bars.
const unseenBars = `[...document.querySelectorAll(".legend i")].filter((i) => {
	const bar = i.closest("figure").querySelector("svg rect." + i.className);
	const color = getComputedStyle(i).backgroundColor;
	return i.className !== "outcome-stale" && (!bar || getComputedStyle(bar).fill !== color || color === "rgba(0, 0, 0, 0)" || bar.getBoundingClientRect().height <= 0);
}).map((i) => i.className)`

// heightsOff compares the heights of the created ones of all days, in the first chart, with their column in the table.
const heightsOff = `(() => {
	const axis = [...document.querySelectorAll("figure:first-of-type text[text-anchor=end]")].map((e) => Number(e.textContent));
	const lines = [...document.querySelectorAll("figure:first-of-type line")].map((e) => Number(e.getAttribute("y1")));
	const drawn = [...document.querySelectorAll("figure:first-of-type rect.created")].reduce((sum, e) => sum + Number(e.getAttribute("height")), 0);
	const value = drawn / (lines[0] - lines.at(-1)) * (axis.at(-1) - axis[0]);
	const said = [...document.querySelectorAll("details tbody tr")].reduce((sum, row) => sum + Number(row.children[2].textContent), 0);
	return said > 1000 && Math.abs(value - said) < 1 ? "" : value + " drawn, " + said + " in the table";
})()`
