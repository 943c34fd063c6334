package console

import (
	"time"

	"github.com/jms-sync/jms-sync/core/explain"
)

// Explained is the answer of GET /api/explain?q=…&lang=zh: at most ten instances and assets that the text means.
type Explained struct {
	Query   string                `json:"query"`
	Matches []explain.Explanation `json:"matches"`
	// Unread are the scopes that could not be read: what was asked about may be there.
	Unread []ScopeResult `json:"unread"`
	// Among names the first of those that the text means, where these are too many.
	Among []string `json:"among"`
	Total int      `json:"total"`
}

// Doctor is the answer of POST /api/doctor.
type Doctor struct {
	Sections []DoctorSection `json:"sections"`
	OK       int             `json:"ok"`
	Warnings int             `json:"warnings"`
	Failures int             `json:"failures"`
}

// DoctorSection has the findings of one check.
type DoctorSection struct {
	Title    Text            `json:"title"`
	Findings []DoctorFinding `json:"findings"`
}

// DoctorFinding is one finding.
type DoctorFinding struct {
	Subject Text   `json:"subject"`
	Verdict string `json:"verdict"` // ok, warning, failure
	Found   Text   `json:"found"`
	Fix     Text   `json:"fix"` // "" = nothing is to be done
}

// Config is the answer of GET /api/config: the settings as they are used, without secrets, and what their check says.
type Config struct {
	Valid    bool            `json:"valid"`
	Settings []Setting       `json:"settings"`
	Mistakes []ConfigFinding `json:"mistakes"`
	Warnings []ConfigFinding `json:"warnings"`
}

// Setting is one setting.
type Setting struct {
	Path  string `json:"path"` // clouds[0].name
	Value string `json:"value"`
	// Secret says that the value is hidden; then Value is "" where none is set, and otherwise "***".
	Secret  bool `json:"secret"`
	Default bool `json:"default"` // the value is the default
	Doc     Text `json:"doc"`
}

// ConfigFinding is a mistake or a warning.
type ConfigFinding struct {
	Path string `json:"path"`
	Line int    `json:"line"` // 0 = not known
	Text Text   `json:"text"`
}

// Audit is the answer of GET /api/audit?days=7: newest first, at most 500.
type Audit struct {
	Entries  []AuditEntry `json:"entries"`
	More     bool         `json:"more"`
	Problems []Text       `json:"problems"`
}

// AuditEntry is one act, or one that was tried.
type AuditEntry struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	Name   string    `json:"name"`
	Role   Role      `json:"role"`
	Action string    `json:"action"` // login, approve, reject, apply, pause, resume, logout
	Target string    `json:"target"` // a hash, a plan's id
	Detail string    `json:"detail"` // a reason, numbers
	From   string    `json:"from"`   // the address that the request came from
	Agent  string    `json:"agent"`  // the browser, as it says
	// Outcome is "intent" while nothing is known of the end, "done", "failed" or "refused".
	Outcome string     `json:"outcome"`
	Error   string     `json:"error"`
	EndedAt *time.Time `json:"ended_at"` // null = not known
}
