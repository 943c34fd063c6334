package cloudtest

import (
	"errors"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// testClock: the answers of every method are compared with this machine's clock, to the second.
func testClock(t *testing.T, h Harness) {
	w := h.New(t)
	ids := w.Fill(h.Region, 3)
	for _, date := range []time.Duration{0, 4 * time.Minute, -4 * time.Minute, 6 * time.Minute, -8 * 24 * time.Hour, 8 * 24 * time.Hour} {
		w.SetDateAhead(date)
		for name, ask := range map[string]func(*testing.T, *cloud.Clock) error{
			"owner": func(t *testing.T, c *cloud.Clock) error {
				_, err := w.Open(t, InstantRetries(), nil).Owner(c.WithClock(t.Context()))
				return err
			},
			"regions": func(t *testing.T, c *cloud.Clock) error {
				_, err := w.Open(t, InstantRetries(), nil).Regions(c.WithClock(t.Context()))
				return err
			},
			"list": func(t *testing.T, c *cloud.Clock) error {
				_, err := w.Open(t, InstantRetries(), nil).List(c.WithClock(t.Context()), h.Region)
				return err
			},
			"lookup": func(t *testing.T, c *cloud.Clock) error {
				_, err := w.Open(t, InstantRetries(), nil).FindVerified(c.WithClock(t.Context()), h.Region, ids)
				return err
			},
		} {
			clock := cloud.NewClock(nil)
			if err := ask(t, clock); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			skew := clock.Worst()
			if wrong := (skew.Ahead + date).Abs(); skew.Host == "" || wrong > 2*time.Second || skew.IsTooLarge() != (date.Abs() > cloud.MaxSkew) {
				t.Errorf("%s, the cloud's Date is %s ahead: this machine is said to be %s ahead of %q", name, date, skew.Ahead, skew.Host)
			}
		}
	}
}

// testRefusedByTime: a cloud that refuses a signature because of its time says nothing about the key. The
// error has the distance of the clocks (a cloud with its own tokens refuses nothing), and the same lister works as soon as
// the clock is right again.
func testRefusedByTime(t *testing.T, h Harness) {
	for _, ahead := range []time.Duration{20 * time.Minute, -20 * time.Minute} {
		w := h.New(t)
		ids := w.Fill(h.Region, 3)
		lister := w.Open(t, InstantRetries(), nil)
		w.SetClockAhead(ahead)
		for name, err := range MethodErrors(t.Context(), lister, h.Region, ids) {
			if h.UsesTokens && err == nil {
				continue
			}
			var fault *inventory.Error
			if h.UsesTokens || !errors.As(err, &fault) || fault.Kind != inventory.ClockOff || (fault.Skew+ahead).Abs() > 2*time.Second {
				t.Errorf("%s, the cloud is %s ahead: %v, %+v", name, ahead, err, fault)
			}
			h.CheckError(t, err)
		}
		w.SetClockAhead(0)
		for name, err := range MethodErrors(t.Context(), lister, h.Region, ids) {
			if err != nil {
				t.Errorf("%s, with the clock right again: %v", name, err)
			}
		}
	}
}
