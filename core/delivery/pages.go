package delivery

import (
	"context"

	"github.com/jms-sync/jms-sync/core/report"
)

// PageKeeper keeps the pages of runs where people can open them.
type PageKeeper interface {
	// KeepPage keeps the page of a run, and returns where people find it; "" = they cannot be given an address.
	KeepPage(ctx context.Context, rep report.Report) (url string)
}

// withPage keeps the page of a run of which somebody is notified, or that wrote, and returns the report with its address.
func (c Cards) withPage(ctx context.Context, rep report.Report) report.Report {
	if c.Pages == nil || !rep.HasPage() || !rep.HasWrites() && !c.Wants(rep) {
		return rep
	}
	return rep.WithPage(c.Pages.KeepPage(ctx, rep))
}
