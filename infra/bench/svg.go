package main

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// chartTitle returns the picture's title.
func chartTitle() bilingual {
	return bilingual{"比基准好多少倍（对数刻度，越长越好）", "how many times better than the baseline (logarithmic, longer is better)"}
}

// The picture's measures, in pixels.
const (
	chartWidth = 900
	chartLeft  = 410 // where the scale begins
	chartRight = 830 // where it ends; the value of the longest bar stands behind it
	chartTop   = 70
	chartRow   = 36
	chartThick = 18
)

// scale is logarithmic, from a power of ten to another one.
type scale struct{ low, high float64 }

// newScale returns a scale that holds all bars, and at least 1 to 10.
func newScale(bars []bar) scale {
	s := scale{low: 1, high: 10}
	for _, b := range bars {
		for b.times > s.high {
			s.high *= 10
		}
		for b.times < s.low {
			s.low /= 10
		}
	}
	return s
}

func (s scale) at(times float64) float64 {
	share := math.Log10(times/s.low) / math.Log10(s.high/s.low)
	return chartLeft + share*(chartRight-chartLeft)
}

// renderSVG draws the ratios of all figures as bars that begin at 1: to the right is better than the baseline, to the left
// worse.
func renderSVG(figures []*figure) string {
	var bars []bar
	for _, f := range figures {
		for _, b := range f.bars {
			b.label = bilingual{"(" + f.part + ") " + b.label.zh, b.label.english()}
			bars = append(bars, b)
		}
	}
	height := chartTop + chartRow*len(bars) + 40
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" role="img">`+"\n",
		chartWidth, height, chartWidth, height)
	fmt.Fprintf(&s, "<title>%s</title>\n", escapeXML(chartTitle().both(" · ")))
	fmt.Fprintf(&s, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", chartWidth, height)
	writeLabel(&s, 20, 26, 16, "#1f2328", "start", chartTitle().zh)
	writeLabel(&s, 20, 44, 11, "#59636e", "start", chartTitle().english())
	sc := newScale(bars)
	sc.drawGrid(&s, height-34)
	for n, b := range bars {
		sc.drawBar(&s, b, chartTop+chartRow*n)
	}
	s.WriteString("</svg>\n")
	return s.String()
}

// drawGrid draws a line at every power of ten, with its name below.
func (s scale) drawGrid(out *strings.Builder, bottom int) {
	for times := s.low; times < s.high*1.5; times *= 10 {
		colour, x := "#d1d9e0", s.at(times)
		if math.Abs(times-1) < 1e-9 {
			colour = "#59636e"
		}
		fmt.Fprintf(out, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"/>`+"\n", x, chartTop-8, x, bottom, colour)
		writeLabel(out, x, float64(bottom)+18, 11, "#59636e", "middle", fmt.Sprintf("%g×", math.Round(times*1e6)/1e6))
	}
}

func (s scale) drawBar(out *strings.Builder, b bar, top int) {
	from, to, colour := s.at(1), s.at(b.times), "#0969da"
	if to < from {
		from, to, colour = to, from, "#cf222e"
	}
	y := float64(top)
	writeLabel(out, chartLeft-12, y+10, 12, "#1f2328", "end", b.label.zh)
	writeLabel(out, chartLeft-12, y+23, 10, "#59636e", "end", b.label.english())
	fmt.Fprintf(out, `<rect class="bar" data-times="%.3f" x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n",
		b.times, from, top, to-from, chartThick, colour)
	writeLabel(out, to+6, y+14, 12, "#1f2328", "start", ratioText(b.times)+"×")
}

// ratioText writes a ratio with as many digits as it deserves.
func ratioText(ratio float64) string {
	if ratio >= 20 {
		return fmt.Sprintf("%.0f", ratio)
	}
	return fmt.Sprintf("%.1f", ratio)
}

func writeLabel(out *strings.Builder, x, y float64, size int, colour, anchor, text string) {
	fmt.Fprintf(out, `<text x="%.1f" y="%.1f" font-size="%d" fill="%s" text-anchor="%s">%s</text>`+"\n", x, y, size, colour, anchor, escapeXML(text))
}

func escapeXML(text string) string {
	var s strings.Builder
	_ = xml.EscapeText(&s, []byte(text)) // a Builder never fails
	return s.String()
}
