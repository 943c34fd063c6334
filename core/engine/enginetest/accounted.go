package enginetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Reading is what a run has read.
type Reading struct {
	mu       sync.Mutex
	assets   []inventory.Asset
	listings []inventory.Listing
}

// Observe lets an engine's next run note what it reads.
func Observe(e *engine.Engine) *Reading {
	r := &Reading{}
	e.Bastion, e.Clouds = observedBastion{e.Bastion, r}, observedClouds{e.Clouds, r}
	return r
}

type observedBastion struct {
	engine.Bastion
	reading *Reading
}

// Read implements engine.Bastion.
func (o observedBastion) Read(ctx context.Context) (inventory.JumpServerAssets, error) {
	all, err := o.Bastion.Read(ctx)
	o.reading.mu.Lock()
	defer o.reading.mu.Unlock()
	o.reading.assets = all.Assets
	return all, err
}

// Skew implements what an engine asks a bastion for besides.
func (o observedBastion) Skew() time.Duration {
	if s, is := o.Bastion.(interface{ Skew() time.Duration }); is {
		return s.Skew()
	}
	return 0
}

type observedClouds struct {
	engine.Clouds
	reading *Reading
}

// List implements engine.Clouds.
func (o observedClouds) List(ctx context.Context, narrow cloud.Filter) []inventory.Listing {
	listings := o.Clouds.List(ctx, narrow)
	o.reading.mu.Lock()
	defer o.reading.mu.Unlock()
	o.reading.listings = listings
	return listings
}

// Unaccounted returns what is wrong with the run: each asset of ours that it has read must be present, to be removed,
// held, or kept for a reason that is told (see plan.Unaccounted), and the report must count all that stays open. A
// run that compared nothing with JumpServer has nothing to account for.
func (r *Reading) Unaccounted(out engine.RunResult) []string {
	if out.Err != nil || !out.Report.Compared() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	wrong := plan.Unaccounted(r.assets, r.believed(out), out.PlanLines)
	open := map[string]bool{}
	for _, a := range out.Report.OpenAssets() {
		open[a.AssetID] = true
	}
	counted := 0
	for _, g := range out.Report.StaysOpen {
		counted += g.Assets
	}
	if counted < len(open) {
		wrong = append(wrong, fmt.Sprintf("%d assets stay open, the report counts %d", len(open), counted))
	}
	for c := range out.PlanLines {
		removal := c.Action == plan.Deactivate || c.Action == plan.Delete
		if c.Unlisted && !removal && !c.Interim && !open[c.AssetID] {
			wrong = append(wrong, fmt.Sprintf("asset %s (%s) stays open (%s %s), and the report does not say so", c.AssetID, c.Name, c.Action, c.Reason.Code))
		}
	}
	return wrong
}

// believed returns the listings; those that the run did not believe have failed.
func (r *Reading) believed(out engine.RunResult) []inventory.Listing {
	listings := slices.Clone(r.listings)
	for n, l := range listings {
		for _, s := range out.Report.Scopes {
			same := s.Cloud == l.Cloud && s.Account == l.Account && (s.Region == l.Region || s.Region == "" && l.Region == inventory.AnyRegion)
			if same && !s.Complete && l.IsComplete() {
				listings[n] = inventory.Listing{Scope: l.Scope, Owner: l.Owner, Err: errors.New("not believed")}
			}
		}
	}
	return listings
}
