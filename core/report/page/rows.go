package page

import (
	"cmp"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
)

// rowReserve is what must be left of Options.MaxBytes for a row and what ends the block.
const rowReserve = 64 << 10

// rowWriter writes changes as arrays, whose places page.js knows. Reasons and regions stand once, behind all rows.
type rowWriter struct {
	zh, en  report.Report
	out     *counter
	texts   interned[[2]string] // Chinese, English
	places  interned[[3]string] // cloud, account, region
	pending int                 // bytes that texts and places will have, at least
}

// writeData writes the block of JSON: all but the rows, the rows, and then what they refer to.
func writeData(out *counter, r report.Report, o Options, behind int) {
	w := rowWriter{zh: r.Reworded(language.Chinese), en: r.Reworded(language.English), out: out}
	out.writeOpen(newDocument(r, map[language.Lang]report.Report{language.Chinese: w.zh, language.English: w.en}, o))
	out.write(`,"rows":[`)
	rows, written := r.RowOrder(), 0
	for _, n := range rows {
		if o.MaxBytes > 0 && out.size+w.pending+behind > o.MaxBytes-rowReserve {
			break
		}
		if written > 0 {
			out.write(",\n")
		}
		w.write(n)
		written++
	}
	out.write(`],"left_out":`)
	out.writeJSON(len(rows) - written)
	out.write(`,"texts":`)
	out.writeJSON(append([][2]string{}, w.texts.all...))
	out.write(`,"places":`)
	out.writeJSON(append([][3]string{}, w.places.all...))
	out.write("}")
}

// writeOpen writes an object without its last brace.
func (c *counter) writeOpen(value any) {
	var text strings.Builder
	whole := counter{to: &text}
	whole.writeJSON(value)
	c.err = cmp.Or(c.err, whole.err)
	c.write(strings.TrimSuffix(text.String(), "}"))
}

func (w *rowWriter) write(n int) {
	c := w.zh.Changes[n]
	texts, places := len(w.texts.all), len(w.places.all)
	why := [2]string{c.Reason, w.en.Changes[n].Reason}
	where := [3]string{string(c.Cloud), c.Account, c.Region}
	row := []any{c.Action, w.texts.index(why), w.places.index(where), c.InstanceID, c.AssetID, c.Name, c.Address, c.Platform}
	if len(w.texts.all) > texts {
		w.pending += textSize(why[:])
	}
	if len(w.places.all) > places {
		w.pending += textSize(where[:])
	}
	var values [][]string // a field, and where it is known what it was and becomes
	for _, v := range w.zh.ValuesOf(c) {
		values = append(values, []string{v.Field, v.Before, v.After})
	}
	if values == nil {
		for _, field := range c.Fields {
			values = append(values, []string{field})
		}
	}
	if values != nil {
		row = append(row, values)
	}
	w.out.writeJSON(row)
}

// textSize returns how many bytes texts may have as JSON.
func textSize(all []string) int {
	const perByte, quotes = 2, 8 // escapes are longer, and rare
	size := quotes
	for _, text := range all {
		size += perByte*len(text) + quotes
	}
	return size
}
