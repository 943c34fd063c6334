package inventory

import "errors"

// ErrTemplateGone is the cause if JumpServer refuses an account because its template does not exist (any more). A host
// that was to get it was not made.
var ErrTemplateGone = errors.New("the account template does not exist")

// ErrAccountsClash is the cause if JumpServer refuses a new host because two of its account templates have one username and
// secret type. The host was not made.
var ErrAccountsClash = errors.New("two account templates have one username and secret type")

// AccountTemplate is a template of accounts in JumpServer (账号模板). Its secret is never read.
type AccountTemplate struct {
	ID, Name, Username string
	SecretType         string // "password", "ssh_key", "access_key", "token", "api_key"
}

// Account is an account that a host has. Its secret is never read.
type Account struct {
	Username, SecretType string
	TemplateID           string // "" = made without a template, or with a secret of its own by now
}

// NewAccount asks for an account made of a template on a host that exists.
type NewAccount struct{ AssetID, TemplateID string }

// Protocol is one protocol of a host, and its port.
type Protocol struct {
	Name string
	Port int
}

// Needs says what a sync must read of JumpServer besides what every sync reads.
type Needs struct {
	Zones     bool // rules name zones
	Templates bool // rules name account templates
	Nodes     bool // nodes of existing assets are written: all nodes of the organisation, with their paths
	Protocols bool // ports of existing assets are written: Asset.Protocols
	Accounts  bool // accounts of existing assets are made: Asset.Accounts
}
