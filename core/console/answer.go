package console

import (
	"time"

	"github.com/jms-sync/jms-sync/core/language"
)

// Text is a text in both languages. What is known in one only stands in both.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// NewText returns a text of ours for an answer.
func NewText(t language.Text) Text { return Text(t) }

// Same returns a text that is the same in both languages: a name, or what another program said.
func Same(text string) Text { return Text{text, text} }

// Role is what a person may do.
type Role string

// The roles. A viewer reads everything and changes nothing; an approver may do what the command can do for a person who
// has the store and JumpServer's key.
const (
	Nobody   Role = ""
	Viewer   Role = "viewer"
	Approver Role = "approver"
)

// Problem is the answer of a request that failed. Code says what it is for programs.
type Problem struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
	// Detail is what a store, a cloud or JumpServer said, scrubbed; "" = nothing.
	Detail string `json:"detail,omitempty"`
}

// Me is who asks, and what they may do here.
type Me struct {
	SignedIn bool   `json:"signed_in"`
	ID       string `json:"id"`   // an e-mail address or the provider's id; "" = nobody is signed in
	Name     string `json:"name"` // for people
	Role     Role   `json:"role"`
	// CSRF is what every POST of the session carries in the header X-CSRF-Token.
	CSRF    string     `json:"csrf"`
	Expires *time.Time `json:"expires"` // when the session ends; null = nobody is signed in
	// Login says how people sign in: "token", "oidc", "dingtalk", "feishu".
	Login        string `json:"login"`
	Language     string `json:"language"` // of the configuration: zh or en
	Zone         string `json:"zone"`     // IANA name of the times shown; "" = UTC
	Server       string `json:"server"`   // JumpServer's name in the store; "" where nobody is signed in, as below
	Organisation string `json:"organisation"`
	Environment  string `json:"environment"`
	Version      string `json:"version"`
	// Store says whether there is a state store. Without one nothing acts, and there are no runs and no held sets.
	Store bool `json:"store"`
}

// Pause is what a person has paused.
type Pause struct {
	Kind   string     `json:"kind"`   // "all", "removals", or "unreadable": then removals are paused
	Active bool       `json:"active"` // false = it is over
	By     string     `json:"by"`
	Since  *time.Time `json:"since"` // null = unreadable
	Until  *time.Time `json:"until"` // null = until somebody resumes
	Reason string     `json:"reason"`
	Text   Text       `json:"text"` // all of it in a sentence
}

// PauseState is the answer of GET /api/pause, and of POST /api/pause and /api/resume.
type PauseState struct {
	Pause *Pause `json:"pause"` // null = nothing is paused
}

// PauseOrder is the body of POST /api/pause. Without Removals, Until is required.
type PauseOrder struct {
	Until    *time.Time `json:"until"` // at most 366 days ahead; null = until somebody resumes
	Removals bool       `json:"removals"`
	Reason   string     `json:"reason"`
}

// Overview is the estate at a glance. What could not be read is named in Problems, and is empty here.
type Overview struct {
	Now time.Time `json:"now"`
	// Stalled says that no complete run was made for MaxAge seconds.
	Stalled   bool       `json:"stalled"`
	MaxAge    int        `json:"max_age_seconds"`
	AlarmedAt *time.Time `json:"alarmed_at"` // null = no alarm was raised
	Pause     *Pause     `json:"pause"`      // null = nothing is paused
	LastRun   *RunRow    `json:"last_run"`   // the newest in the history; null = there is none
	Counts    Counts     `json:"counts"`
	Scopes    []Scope    `json:"scopes"` // by account and region
	// Quarantines are accounts that are not asked for a while, because their key was refused.
	Quarantines []Quarantine `json:"quarantines"`
	// Open are the assets that are active although their instances are in no listing, grouped by why.
	Open     []OpenGroup `json:"open"`
	Lasting  []Lasting   `json:"lasting"`  // what lasts beyond one run
	Expected []Expected  `json:"expected"` // what people announced
	// OtherServers are JumpServers whose state the same store holds.
	OtherServers []string `json:"other_servers"`
	Problems     []Text   `json:"problems"`
}

// Counts are numbers of the overview.
type Counts struct {
	Instances  int `json:"instances"` // of the last run's complete scopes
	Assets     int `json:"assets"`    // of ours that the last run found or made; see RunCounts.Unchanged
	HeldSets   int `json:"held_sets"`
	HeldAssets int `json:"held_assets"`
	Open       int `json:"open"`
	Drifted    int `json:"drifted"`
	Orphans    int `json:"orphans"`
}

// Scope is one region of one account.
type Scope struct {
	Cloud   string `json:"cloud"`
	Account string `json:"account"`
	Region  string `json:"region"` // "" = the account as a whole
	// LastComplete is when the scope was last listed whole; null = never, as far as the store knows.
	LastComplete *time.Time `json:"last_complete"`
	Stale        bool       `json:"stale"` // LastComplete is too long ago
	// Complete says that the newest run that listed the scope listed all of it. Listed says that such a run is known.
	Complete  bool `json:"complete"`
	Listed    bool `json:"listed"`
	Instances int  `json:"instances"`
	Drifted   int  `json:"drifted"`
	Held      int  `json:"held"`
	Open      int  `json:"open"`
	// Kind and Message say why the scope could not be read; "" = it could.
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// Quarantine is an account that is not asked for a while.
type Quarantine struct {
	Account string    `json:"account"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Tries   int       `json:"tries"`
	Message string    `json:"message"`
}

// OpenGroup is what stays open for one reason.
type OpenGroup struct {
	Code   string      `json:"code"`
	Reason string      `json:"reason"`
	Assets []OpenAsset `json:"assets"`
	At     time.Time   `json:"at"` // of the run that said so
}

// OpenAsset is an asset that stays open.
type OpenAsset struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Address  string `json:"address"`
	Cloud    string `json:"cloud"`
	Account  string `json:"account"`
	Region   string `json:"region"`
	Instance string `json:"instance"`
}

// Lasting is a condition that lasts.
type Lasting struct {
	Kind       Text       `json:"kind"`
	Account    string     `json:"account"`
	Region     string     `json:"region"`
	Text       string     `json:"text"`
	Since      time.Time  `json:"since"`
	NotifiedAt *time.Time `json:"notified_at"` // null = not yet
}

// Expected is an announced decommission.
type Expected struct {
	Account string    `json:"account"`
	Region  string    `json:"region"`
	Until   time.Time `json:"until"`
	UpTo    int       `json:"up_to"`
	Left    int       `json:"left"`
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
}
