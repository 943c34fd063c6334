package inventory

import "time"

// Quarantine is what is remembered of an account whose credentials fail; the zero value is nothing. It only saves
// requests: an account of which nothing is remembered is asked.
type Quarantine struct {
	Cloud      Cloud     `json:"cloud"`
	Account    string    `json:"account"`
	Key        string    `json:"key"`           // tells credentials apart; no secret can be read from it
	Since      time.Time `json:"since"`         // of the first failure
	Until      time.Time `json:"until"`         // it is not asked before
	NotifiedAt time.Time `json:"told,omitzero"` // when people were notified last
	Tries      int       `json:"tries"`         // that failed
	Kind       Kind      `json:"kind"`
	Message    string    `json:"message"` // of the last failure
}
