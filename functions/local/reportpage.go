package main

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/report/page"
)

// pageDocument is the results of a run as a page for a browser.
type pageDocument struct {
	report  report.Report
	options page.Options
}

// JSON implements document: what it writes is HTML, as the name of the file asks for.
func (d pageDocument) JSON(w io.Writer) error { return page.Write(w, d.report, d.options) }

// wantsPage reports whether -o names a page, such as report.html.
func (o *outputFile) wantsPage() bool {
	extension := strings.ToLower(filepath.Ext(o.name))
	return extension == ".html" || extension == ".htm"
}

// asNamed returns a document in the form that the name of the file asks for. Only results of runs have a page.
func (o *outputFile) asNamed(r document) document {
	rep, isRun := r.(report.Report)
	if isRun && o.wantsPage() {
		return pageDocument{rep, o.page}
	}
	return r
}
