package inventory

// AccountTemplate is a template of accounts in JumpServer (账号模板). Its secret is never read.
type AccountTemplate struct {
	ID, Name, Username string
	SecretType         string // "password", "ssh_key", "access_key", "token", "api_key"
}

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
}
