package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/sorting"
)

// Stage is one stage of a run: what it did, from when on, and for how long.
type Stage struct {
	Name    string  `json:"name"`          // as engine.EnterStage names it
	Start   float64 `json:"start_seconds"` // since the run began
	Seconds float64 `json:"seconds"`
}

// Peer is what the calls of a run to one host came to: a cloud's API, JumpServer, or the state store.
type Peer struct {
	Host      string  `json:"host"`
	Calls     int     `json:"calls"`               // repeated ones included
	Throttled int     `json:"throttled,omitempty"` // refused because there were too many
	Failed    int     `json:"failed,omitempty"`    // without a whole answer, or with a 5xx
	Seconds   float64 `json:"seconds"`             // of all calls together, also of those side by side
}

// RoundSeconds returns a duration as results show it: in seconds, to the millisecond.
func RoundSeconds(d time.Duration) float64 {
	return math.Round(d.Seconds()*1000) / float64(time.Second/time.Millisecond)
}

// mergePeers returns the calls of two reports as one list.
func mergePeers(peers, more []Peer) []Peer {
	peers = slices.Clone(peers)
	for _, p := range more {
		at := slices.IndexFunc(peers, func(have Peer) bool { return have.Host == p.Host })
		if at < 0 {
			peers = append(peers, p)
			continue
		}
		sum := &peers[at]
		sum.Calls += p.Calls
		sum.Throttled += p.Throttled
		sum.Failed += p.Failed
		sum.Seconds = math.Round((sum.Seconds+p.Seconds)*1000) / 1000
	}
	sorting.By(peers, func(x, y Peer) int { return cmp.Compare(x.Host, y.Host) })
	return peers
}
