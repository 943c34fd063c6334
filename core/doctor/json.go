package doctor

import "github.com/jms-sync/jms-sync/core/language"

// Document is what doctor found, for programs.
type Document struct {
	Sections []DocumentSection `json:"sections"`
	OK       int               `json:"ok"`
	Warnings int               `json:"warnings"`
	Failures int               `json:"failures"`
}

// DocumentSection has the findings of one check.
type DocumentSection struct {
	Title    string            `json:"title"`
	Findings []DocumentFinding `json:"findings"`
}

// DocumentFinding is one finding.
type DocumentFinding struct {
	Subject string  `json:"subject"`
	Verdict Verdict `json:"verdict"` // ok, warning, failure
	Found   string  `json:"found"`
	Fix     string  `json:"fix"` // "" = nothing is to be done
}

// NewDocument returns the document of findings.
func NewDocument(sections []Section, lang language.Lang) Document {
	d := Document{
		Sections: []DocumentSection{},
		OK:       CountVerdict(sections, OK), Warnings: CountVerdict(sections, Warning), Failures: CountVerdict(sections, Failure),
	}
	for _, s := range sections {
		section := DocumentSection{Title: s.Title.In(lang), Findings: []DocumentFinding{}}
		for _, f := range s.Findings {
			section.Findings = append(section.Findings, DocumentFinding{f.Subject.In(lang), f.Verdict, oneLine(f.Found.In(lang)), f.Fix.In(lang)})
		}
		d.Sections = append(d.Sections, section)
	}
	return d
}
