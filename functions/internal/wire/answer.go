package wire

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
)

// lambdaMaxAnswer is how long an answer may be where the platform takes no longer one than 6 MiB:
// Lambda ends the process of a program that gives one, and delivers the tick again
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). A little is left for
// what the runtime puts around it.
const lambdaMaxAnswer = 6<<20 - 64<<10

// maxAnswerOf tells how long an answer may be on the platform of this environment; 0 = any length.
func maxAnswerOf(environ []string) int {
	if lookupVariable(environ, "AWS_LAMBDA_RUNTIME_API") != "" || lookupVariable(environ, "RUNTIME_API_ADDR") != "" {
		return lambdaMaxAnswer
	}
	return 0
}

// fitAnswer leaves the single changes out of an answer that would be too long, and says so: they are
// counted, and the history of a state store has them all.
func fitAnswer(r report.Report, most int) report.Report {
	if most == 0 {
		return r
	}
	var size byteCounter
	if err := r.JSON(&size); err != nil || int(size) <= most { // indented, and so longer than the answer
		return r
	}
	left := fmt.Sprintf("the answer would have %d bytes, the platform takes %d: its %d changes are left out", size, most, len(r.Changes))
	r.Changes = []report.Change{}
	r.Errors = append(r.Errors[:len(r.Errors):len(r.Errors)], report.ErrorEntry{Kind: inventory.Limit, Message: left})
	return r
}

// byteCounter counts what is written to it.
type byteCounter int

func (t *byteCounter) Write(p []byte) (int, error) {
	*t += byteCounter(len(p))
	return len(p), nil
}

// reportError words a failed report for the platform's log, where no results document is seen.
func reportError(r report.Report) error {
	var parts []string
	for _, e := range r.Errors {
		parts = append(parts, fmt.Sprintf("%s: %s", e.Kind, e.Message))
	}
	for _, s := range r.Scopes {
		if !s.Complete {
			parts = append(parts, fmt.Sprintf("%s/%s/%s: %s: %s", s.Cloud, s.Account, s.Region, s.Error.Kind, s.Error.Message))
		}
	}
	const most = 5
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("and %d more", more))
	}
	return errors.New("sync failed: " + strings.Join(parts, "; "))
}

func failedEventsError(answer reconcile.EventReport) error {
	var parts []string
	for _, e := range answer.Results {
		text := fmt.Sprintf("%s (%s): %s", e.ID, e.Description, e.Outcome)
		if e.Outcome == reconcile.EventFailed {
			text += ": " + e.Reason
		}
		parts = append(parts, text)
	}
	return errors.New("events: " + strings.Join(parts, "; "))
}
