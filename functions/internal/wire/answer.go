package wire

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
)

// lambdaMaxAnswer is how long an answer may be where the platform takes at most 6 MiB. Lambda ends a program whose
// answer is longer, and delivers the timer event again
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). A little is left for what the runtime puts
// around it.
const lambdaMaxAnswer = 6<<20 - 64<<10

// maxAnswerOf returns how long an answer may be on the platform of this environment; 0 = any length.
func maxAnswerOf(environ []string) int {
	if lookupVariable(environ, "AWS_LAMBDA_RUNTIME_API") != "" || lookupVariable(environ, "RUNTIME_API_ADDR") != "" {
		return lambdaMaxAnswer
	}
	return 0
}

// fitAnswer leaves the single changes out of an answer that would be too long, and says so. They stay counted, and the
// history in a state store has them all.
func fitAnswer(r report.Report, limit int) report.Report {
	if limit == 0 {
		return r
	}
	var size byteCounter
	if err := r.JSON(&size); err != nil || int(size) <= limit { // indented, and so longer than the answer
		return r
	}
	omitted := fmt.Sprintf("the answer would have %d bytes, the platform takes %d: its %d changes are left out", size, limit, len(r.Changes))
	r.Changes = []report.Change{}
	r.Errors = append(r.Errors[:len(r.Errors):len(r.Errors)], report.ErrorEntry{Kind: inventory.Limit, Message: omitted})
	return r
}

// byteCounter counts the bytes written to it.
type byteCounter int

func (t *byteCounter) Write(p []byte) (int, error) {
	*t += byteCounter(len(p))
	return len(p), nil
}

// reportError words a failed report for the platform's log, which does not show the results document.
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
