package state

import (
	"sync"
	"testing"
)

// TestMetricsOfManyAtOnce: no count of many processes at once is lost, whatever the store can do to keep them apart; a
// corrupt object counts as none.
func TestMetricsOfManyAtOnce(t *testing.T) {
	t.Parallel()
	for name, can := range leasingAbilities() {
		m := newMemoryBucket(can)
		c := &fakeClock{}
		var wait sync.WaitGroup
		for range 4 {
			s := newStoreAt(t, m, c)
			wait.Go(func() {
				for range 5 {
					_, err := s.UpdateMetrics(t.Context(), func(known Metrics) Metrics {
						total := 0.0
						if len(known.Totals) > 0 {
							total = known.Totals[0].Value
						}
						known.Totals = []Series{{Name: "runs", Labels: []string{"outcome", "ok"}, Value: total + 1}}
						return known
					})
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		wait.Wait()
		s := newStoreAt(t, m, c)
		got, err := s.LoadMetrics(t.Context())
		if err != nil || len(got.Totals) != 1 || got.Totals[0].Value != 20 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		m.setObject(s.metricsKey(), []byte("{"))
		if got, err := s.LoadMetrics(t.Context()); err != nil || len(got.Totals) != 0 {
			t.Errorf("%s, corrupt: %+v, %v", name, got, err)
		}
	}
}
