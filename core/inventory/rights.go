package inventory

import (
	"slices"
	"time"
)

// The rights of JumpServer that a sync needs in its organisation, as the server names them (recorded from v4.7.0;
// hosts have no names of their own, they are assets).
const (
	ViewAssets   = "assets.view_asset"
	AddAssets    = "assets.add_asset"
	ChangeAssets = "assets.change_asset"
	DeleteAssets = "assets.delete_asset"
	ViewNodes    = "assets.view_node"
	AddNodes     = "assets.add_node"
	ViewPlatform = "assets.view_platform"
)

// The rights that cleaning JumpServer's label page needs besides ViewAssets. No sync needs them.
const (
	ViewLabels       = "labels.view_label"
	ViewLabelHolders = "labels.view_labeledresource"
	DeleteLabels     = "labels.delete_label"
)

// The rights that a sync needs only where mapping rules ask for it: to know zones and account templates by their names, to
// see which accounts existing hosts have, and to make some there. An account on a new host needs none of its own.
const (
	ViewZones     = "assets.view_zone"   // since v4.10.0
	ViewDomains   = "assets.view_domain" // before
	ViewTemplates = "accounts.view_accounttemplate"
	ViewAccounts  = "accounts.view_account"
	AddAccounts   = "accounts.add_account"
)

// ViewAccessRules is the right to see who reaches the hosts of nodes. No sync needs it.
const ViewAccessRules = "perms.view_assetpermission"

// Rights is what JumpServer says of the access key's user in the organisation that answers.
type Rights struct {
	User      string
	Superuser bool
	Roles     []string
	// Permissions are named like "assets.delete_asset"; nil = JumpServer does not show them.
	Permissions []string
}

// HasPermissions reports whether single rights are known.
func (r Rights) HasPermissions() bool { return r.Permissions != nil }

// Has reports whether the user is known to have a right.
func (r Rights) Has(permission string) bool { return slices.Contains(r.Permissions, permission) }

// Lacks reports whether a right is known to be missing. If rights are unknown none is missing: the server's 403
// will show.
func (r Rights) Lacks(permission string) bool {
	return r.HasPermissions() && !r.Superuser && !r.Has(permission)
}

// Zone is a gateway zone of JumpServer (网域).
type Zone struct {
	ID, Name string
	Gateways int
}

// Org is one organisation of JumpServer.
type Org struct{ ID, Name string }

// ServerInfo is what a server shows anybody of itself.
type ServerInfo struct {
	Clock       time.Time // by its Date header; zero = none
	Latency     time.Duration
	CertExpires time.Time // of its certificate; zero = no TLS
	DatabaseUp  bool      // its health: database and cache answer it
	CacheUp     bool
	// Licensed is an enterprise edition, without the limit of 5,000 assets and with several organisations;
	// Community is the other one. Both false: unknown.
	Licensed, Community bool
}
