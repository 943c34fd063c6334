package report

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// unstartedKind is the kind of NewUnstartedReport's entry where the error has none, as a mistake in the configuration.
const unstartedKind inventory.Kind = "not_started"

// NewUnstartedReport returns the report of a command that failed before it had results: nothing was done.
func NewUnstartedReport(at time.Time, why error) Report {
	r := newReport(at)
	r.Outcome = Failed
	entry := ErrorEntry{Kind: inventory.KindOf(why), Message: why.Error()}
	if entry.Kind == inventory.Unknown {
		entry.Kind = unstartedKind
	}
	r.runErrors = []ErrorEntry{entry}
	r.Errors = append(r.Errors, r.runErrors...)
	return r
}
