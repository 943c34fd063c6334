package main

import (
	"encoding/xml"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func sampleFigures() []*figure {
	first := &figure{
		part: "a", title: bilingual{"首次同步", "First sync"}, head: []bilingual{{"写入者", "writers"}, {"秒", "seconds"}, {"比值", "ratio"}},
		notes: []bilingual{{"注意 a|b。", "Mind a|b."}},
	}
	first.addRow(sameText("1"), medianText("%.1f", []float64{9, 10, 11}), sameText(""))
	first.addRow(bilingual{"自适应|8", "adaptive"}, medianText("%.1f", []float64{2}), medianText("%.1f", []float64{5}))
	first.addBar(bilingual{"自适应 / 一个 <&>", "adaptive against one"}, []float64{4, 5, 6})
	second := &figure{part: "c", title: sameText("List"), head: []bilingual{sameText("way")}, rows: [][]bilingual{{sameText("x")}}}
	second.addBar(bilingual{"读取", "list"}, []float64{123.4})
	second.addBar(bilingual{"更差", "worse"}, []float64{0.5})
	second.addBar(bilingual{"没有", "none"}, nil)
	return []*figure{first, second}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	got := renderMarkdown(bilingual{"机器", "machine"}, "b.svg", sampleFigures())
	golden := filepath.Join("testdata", "bench.md.golden")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not as %s:\n%s", golden, got)
	}
}

// TestReplaceMarked: what people wrote around the figures stays, and a second time changes nothing.
func TestReplaceMarked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"new":    {"", "# 基准 · Benchmarks\n\n" + beginMarker + "\nX\n" + endMarker + "\n"},
		"marked": {"a\n" + beginMarker + "\nold\n" + endMarker + "\nb\n", "a\n" + beginMarker + "\nX\n" + endMarker + "\nb\n"},
		"people": {"a\n\n", "a\n\n" + beginMarker + "\nX\n" + endMarker + "\n"},
		"broken": {"a\n" + beginMarker + "\nb\n", "a\n" + beginMarker + "\nb\n\n" + beginMarker + "\nX\n" + endMarker + "\n"},
	} {
		got := replaceMarked(c.file, "X\n")
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if again := replaceMarked(got, "X\n"); name != "broken" && again != got {
			t.Errorf("%s: the second time %q", name, again)
		}
	}
}

// parsedSVG is what the test reads of a picture.
type parsedSVG struct {
	Width float64 `xml:"width,attr"`
	Rects []struct {
		Class string  `xml:"class,attr"`
		Times float64 `xml:"data-times,attr"`
		X     float64 `xml:"x,attr"`
		Y     float64 `xml:"y,attr"`
		Width float64 `xml:"width,attr"`
	} `xml:"rect"`
	Texts []string `xml:"text"`
}

// TestDrawing: the bars are as long as the logarithms of the ratios, and begin at 1.
func TestDrawing(t *testing.T) {
	t.Parallel()
	text := renderSVG(sampleFigures())
	var picture parsedSVG
	if err := xml.Unmarshal([]byte(text), &picture); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	ratios := []float64{5, 123.4, 0.5}
	var bars int
	unit := 0.0 // pixels of a factor of ten
	for _, r := range picture.Rects {
		if r.Class != "bar" {
			continue
		}
		if bars == len(ratios) {
			t.Fatalf("more than %d bars", bars)
		}
		length := r.Width / math.Abs(math.Log10(ratios[bars]))
		if unit == 0 {
			unit = length
		}
		if r.Times != ratios[bars] || math.Abs(length-unit) > 1 {
			t.Errorf("bar %d: %+v, want %v times at %.1f pixels a decade", bars, r, ratios[bars], unit)
		}
		if r.X < 0 || r.X+r.Width > picture.Width {
			t.Errorf("bar %d is outside: %+v", bars, r)
		}
		bars++
	}
	if first, last := picture.Rects[1], picture.Rects[3]; bars != 3 || math.Abs(last.X+last.Width-first.X) > 0.2 {
		t.Errorf("%d bars; they do not begin at one place: %+v, %+v", bars, first, last)
	}
	all := strings.Join(picture.Texts, "\n")
	for _, want := range []string{"(a) 自适应 / 一个 <&>", "adaptive against one", "5.0×", "123×", "0.5×", "1×", "1000×", chartTitle().zh} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for ratio, want := range map[float64]string{0.25: "0.2", 3.14: "3.1", 19.96: "20.0", 20: "20", 1234.5: strconv.Itoa(1234)} {
		if got := ratioText(ratio); got != want {
			t.Errorf("%v: %q, want %q", ratio, got, want)
		}
	}
}

func TestRatios(t *testing.T) {
	t.Parallel()
	of := func(peaks ...int64) (all []sample) {
		for _, p := range peaks {
			all = append(all, sample{peakBytes: p << 20})
		}
		return all
	}
	for want, got := range map[string][]float64{
		"2.0 (1.0–3.0)": ratiosOf(of(2, 4, 9), of(2, 2, 3), mebibytes),
		"4.0 (2.0–8.0)": ratiosOf(of(8), of(1, 2, 4), mebibytes), // a baseline that was measured once
		"–":             ratiosOf(of(0), of(0, 0), mebibytes),
	} {
		if text := medianText("%.1f", got).english(); text != want {
			t.Errorf("%v: %q, want %q", got, text, want)
		}
	}
}
