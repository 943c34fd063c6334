package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
)

// NotifyOn says which runs are told.
type NotifyOn string

// The choices.
const (
	NotifyAlways    NotifyOn = "always"
	NotifyOnChange  NotifyOn = "change"  // something was written, held or failed
	NotifyOnFailure NotifyOn = "failure" // something was held or failed, or a node was made by which nobody has access yet
)

// notifyTimeout bounds the notification where the run itself has no deadline.
const notifyTimeout = 30 * time.Second

// logOutcome logs how the run ended. What stopped it is in no other line of the log.
func (e Engine) logOutcome(rep report.Report, stopped error) {
	if stopped != nil {
		e.Log.Error("run stopped", "error", stopped)
	}
	e.Log.Info("run finished", "outcome", string(rep.Outcome), "dry_run", rep.DryRun, "total", rep.Total,
		"created", rep.Created, "updated", rep.Updated, "deactivated", rep.Deactivated, "deleted", rep.Deleted,
		"held", rep.Held, "failed", rep.Failures, "seconds", rep.Duration)
}

func (e Engine) notifyRun(ctx context.Context, rep report.Report) error {
	e.Flush(ctx)
	if len(e.Notifiers) == 0 || !e.shouldNotify(rep) {
		return nil
	}
	return e.sendReport(ctx, rep)
}

// detachedContext lets a cancelled run still be told, but never past its deadline.
func detachedContext(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(notifyTimeout)
	if deadline, bounded := ctx.Deadline(); bounded && deadline.Before(end) {
		end = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}

func (e Engine) shouldNotify(rep report.Report) bool {
	switch e.NotifyOn {
	case NotifyOnChange:
		return rep.HasChanges() || rep.HasNewProblem()
	case NotifyOnFailure:
		return rep.HasNewProblem()
	default:
		return true
	}
}
