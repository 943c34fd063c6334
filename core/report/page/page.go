// Package page promises a report as one HTML page that a browser shows without any network: a fixed shell of markup,
// style and script, and the run as a block of JSON in it. The script sets texts as texts only, and the page's own policy
// lets no other script run, so that no name of a host can do anything. The rows are written one by one.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the shell
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"

	"github.com/jms-sync/jms-sync/core/report"
)

//go:embed page.html
var shell string

//go:embed page.css
var style string

//go:embed page.js
var script string

// Write writes the page of a report. Nothing of it is left out unless Options.MaxBytes asks for that.
func Write(to io.Writer, r report.Report, o Options) error {
	head, tail := frame()
	out := &counter{to: to}
	out.write(head)
	writeData(out, r, o, len(tail))
	out.write(tail)
	return out.err
}

// frame returns what stands before and behind the data. The policy allows this style and this script, by their hashes.
func frame() (head, tail string) {
	css, js := strings.TrimSpace(style), strings.TrimSpace(script)
	policy := "default-src 'none'; style-src '" + hashOf(css) + "'; script-src '" + hashOf(js) + "'; base-uri 'none'; form-action 'none'"
	text := shell
	for _, part := range [][2]string{{"{{policy}}", policy}, {"{{style}}", css}, {"{{script}}", js}} {
		text = strings.Replace(text, part[0], part[1], 1)
	}
	head, tail, _ = strings.Cut(text, "{{data}}")
	return head, tail
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// counter writes until the first error, and counts.
type counter struct {
	to   io.Writer
	size int
	err  error
}

func (c *counter) write(text string) {
	if c.err == nil {
		_, c.err = io.WriteString(c.to, text)
		c.size += len(text)
	}
}

// writeJSON writes a value in one line. Encoding escapes < and >, so that no text can end the block.
func (c *counter) writeJSON(value any) {
	text, err := json.Marshal(value)
	if err != nil {
		c.err = err
		return
	}
	c.write(string(bytes.TrimSpace(text)))
}
