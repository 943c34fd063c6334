package inventory

import "fmt"

// MaxShards is into how many shards a run may be split.
const MaxShards = 100

// Shard says which of several parts of one run, made side by side, is meant: 1 ≤ Number ≤ Count ≤ MaxShards. The zero
// value is the whole run.
type Shard struct{ Number, Count int }

// String returns "2/4", as payloads and logs name a shard.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Number, s.Count) }
