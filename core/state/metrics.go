package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// metricsMaxBytes bounds the metrics: some ten thousand series.
const metricsMaxBytes = 1 << 20

// Metrics are the numbers of all runs, as a monitoring system is told them. They decide nothing.
type Metrics struct {
	Since  time.Time    `json:"since"`  // when the totals began
	Totals []Series     `json:"totals"` // only grow
	Parts  []MetricPart `json:"parts"`
	Nonce  string       `json:"nonce"`
}

// MetricPart has the numbers that the last run of one part of the accounts found. The next run of the part replaces them.
type MetricPart struct {
	Name   string    `json:"name"`
	At     time.Time `json:"at"`
	Series []Series  `json:"series"`
}

// Series is one number with its name and its labels: their names and values by turns.
type Series struct {
	Name   string   `json:"name"`
	Labels []string `json:"labels,omitempty"`
	Value  float64  `json:"value"`
}

func (s *Store) metricsKey() string { return s.prefix + "metrics.json" }

// LoadMetrics returns the metrics. A corrupt object is as none.
func (s *Store) LoadMetrics(ctx context.Context) (Metrics, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	m, _, err := s.loadMetrics(ctx)
	return m, wrapError("read metrics", err)
}

// UpdateMetrics changes the metrics and returns what they are then. Where several do so at once, each change is made to
// what the others left.
func (s *Store) UpdateMetrics(ctx context.Context, change func(Metrics) Metrics) (Metrics, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	can := s.bucket.Capabilities(ctx)
	if !can.CreateOnly || can.IfMatch {
		m, err := s.updateMetricsByCAS(ctx, change)
		return m, wrapError("save metrics", err)
	}
	var m Metrics
	err := s.withShortLease(ctx, "metrics", func(lease Lease) error {
		known, _, err := s.loadMetrics(ctx)
		if err != nil {
			return err
		}
		m = change(known)
		m.Nonce = s.nonce()
		if !lease.IsValid(s.now()) {
			return newLostError("the lease ended before the metrics were saved")
		}
		_, err = s.saveObject(ctx, s.metricsKey(), metricsMaxBytes, m, storage.Always())
		return err
	})
	return m, wrapError("save metrics", err)
}

// updateMetricsByCAS changes the object by compare-and-swap, again while others are faster.
func (s *Store) updateMetricsByCAS(ctx context.Context, change func(Metrics) Metrics) (Metrics, error) {
	for {
		known, etag, err := s.loadMetrics(ctx)
		if err != nil {
			return Metrics{}, err
		}
		m := change(known)
		m.Nonce = s.nonce()
		_, err = s.replaceObject(ctx, s.metricsKey(), metricsMaxBytes, m, etag)
		if k := inventory.KindOf(err); k != inventory.Conflict && k != inventory.NotFound {
			return m, err
		}
		if err := s.waitForOthers(ctx); err != nil {
			return Metrics{}, err
		}
	}
}

// loadMetrics returns the object and its ETag, "" where there is none. A corrupt one is moved aside.
func (s *Store) loadMetrics(ctx context.Context) (Metrics, string, error) {
	var m Metrics
	etag, err := s.loadObject(ctx, s.metricsKey(), metricsMaxBytes, &m)
	if corrupt, is := asCorrupt(err); is {
		moved, warning := s.moveCorrupt(ctx, s.metricsKey(), corrupt)
		if !moved {
			return Metrics{}, "", warning
		}
		return Metrics{}, "", nil
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return Metrics{}, "", nil
	}
	return m, etag, err
}
