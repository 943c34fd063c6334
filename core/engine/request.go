package engine

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// Request narrows a run; the zero value means everything.
type Request struct {
	Accounts, Regions []string
	DryRun            bool
	Shard             inventory.Shard
	// WantReview makes RunResult.Review, in a dry run.
	WantReview bool
	// Only narrows a dry run's result to the instances and assets that these texts mean, see plan.Find. All are compared.
	Only []string
	// WantBasis makes RunResult.Basis.
	WantBasis bool
	// ReviewedLines, where it is not nil, are the changes that a person reviewed: nothing else is written, and
	// removals among them count as approved, unless they are held.
	ReviewedLines []plan.ReviewLine
	// PutsOff reports whether the caller may run again at once after a run that ended so, and notifies people itself if it
	// does not (RunResult.Deliver). nil = people are notified of every run.
	PutsOff func(rep report.Report, stopped error) bool
}

// filter returns what a request asks of the clouds.
func (r Request) filter() cloud.Filter { return cloud.Filter{Accounts: r.Accounts, Regions: r.Regions} }

// slice names the runs that list what this request does.
func (r Request) slice() string {
	if r.Shard.Count == 0 && len(r.Accounts)+len(r.Regions) == 0 {
		return report.WholeSlice
	}
	return shardKey(r)
}

func errUnknownAccounts(names []string) error {
	return &reason.RunError{Kind: inventory.NotFound, Reason: reason.New(reason.AccountsUnknown, strings.Join(names, ", "))}
}

func errNothingMeant(texts []string) error {
	return &reason.RunError{Kind: inventory.NotFound, Reason: reason.New(reason.NothingMeant, strings.Join(texts, ", "))}
}

func errNothingSelected(req Request) error {
	return &reason.RunError{Kind: inventory.NotFound, Reason: reason.New(reason.NothingSelected, selectionText(req))}
}
