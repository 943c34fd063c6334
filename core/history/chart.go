package history

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The measures of a chart, in its own units.
const (
	chartWidth  = 960
	chartHeight = 220
	chartLeft   = 56
	chartTop    = 12
	chartBottom = 186 // the line of zero
)

// series is one kind of values of a chart: one for each day.
type series struct {
	name, class string // of a style
	values      []float64
}

// chart is a picture of bars, one place for each day.
type chart struct {
	title  string
	dates  []string
	marked string // the date that is marked
	series []series
	// stacked says that the bars of a day stand on top of each other; otherwise the first is behind the others.
	stacked bool
	format  func(float64) string
}

// svg returns the chart. Each day says its values when it is pointed at; who hears the page has the table.
func (c chart) svg() string {
	var s strings.Builder
	fmt.Fprintf(&s, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n", chartWidth, chartHeight, html.EscapeString(c.title))
	top := niceTop(c.largest())
	for n := range 5 {
		value := top * float64(n) / 4
		y := c.height(value, top)
		fmt.Fprintf(&s, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text class="axis" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			chartLeft, y, chartWidth, y, chartLeft-6, y+4, html.EscapeString(c.format(value)))
	}
	for n := range c.dates {
		c.drawDay(&s, n, top)
	}
	s.WriteString("</svg>\n")
	return s.String()
}

func (c chart) drawDay(s *strings.Builder, n int, top float64) {
	room := float64(chartWidth-chartLeft) / float64(len(c.dates))
	x := chartLeft + room*float64(n)
	words := c.dates[n]
	class := "day"
	if c.dates[n] == c.marked {
		class = "day marked"
	}
	var bars strings.Builder
	below := 0.0
	for _, one := range c.series {
		v := one.values[n]
		words += "\n" + one.name + " " + c.format(v)
		if v == 0 {
			continue
		}
		y, bottom := c.height(below+v, top), c.height(below, top)
		fmt.Fprintf(&bars, `<rect class="%s" x="%.2f" y="%.2f" width="%.2f" height="%.2f"/>`, one.class, x+room*0.1, y, room*0.8, max(bottom-y, 0.5))
		if c.stacked {
			below += v
		}
	}
	if bars.Len() > 0 || class != "day" {
		fmt.Fprintf(s, `<g><title>%s</title><rect class="%s" x="%.2f" y="%d" width="%.2f" height="%d"/>%s</g>`+"\n",
			html.EscapeString(words), class, x, chartTop, room, chartBottom-chartTop, bars.String())
	}
	if strings.HasSuffix(c.dates[n], "-01") || len(c.dates) < 40 && n%7 == 0 {
		fmt.Fprintf(s, `<text class="axis" x="%.1f" y="%d">%s</text>`+"\n", x, chartBottom+18, c.dates[n][:7])
	}
}

// height returns where a value is in the picture.
func (c chart) height(value, top float64) float64 {
	return chartBottom - value/top*(chartBottom-chartTop)
}

// largest returns the largest value of a day.
func (c chart) largest() float64 {
	most := 0.0
	for n := range c.dates {
		sum := 0.0
		for _, one := range c.series {
			most = max(most, one.values[n])
			sum += one.values[n]
		}
		if c.stacked {
			most = max(most, sum)
		}
	}
	return most
}

// niceTop returns a round number that is not less than a value, and of which a quarter is a whole number; at least 4.
func niceTop(value float64) float64 {
	if value <= 4 {
		return 4
	}
	power := math.Pow(10, math.Floor(math.Log10(value)))
	for _, times := range []float64{1.2, 2, 4, 8} {
		if times*power >= value {
			return times * power
		}
	}
	return 12 * power
}
