package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Clouds lists the configured accounts, and answers for single instances.
type Clouds interface {
	EventClouds
	// List returns one listing per account and region asked for, sorted, complete or failed.
	List(ctx context.Context, narrow cloud.Filter) []inventory.Listing
	// ListScopes returns the scopes that List will list; known is false where a cloud does not
	// list its regions, and then they are those of the others.
	ListScopes(ctx context.Context, narrow cloud.Filter) (scopes []inventory.Scope, known bool)
	// VerifyOwner asks anew whose account a scope is read with, and fails where it is another's.
	VerifyOwner(ctx context.Context, scope inventory.Scope, owner string) error
	// UnknownAccounts returns those of the account names asked for that are not configured.
	UnknownAccounts(narrow cloud.Filter) []string
}

// Bastion is JumpServer.
type Bastion interface {
	EventBastion
	apply.Reader
	// CountLabelled counts the hosts, active or not, that have one of the values of each of the labels' names. The
	// answer proves the organisation.
	CountLabelled(ctx context.Context, labels []inventory.Label) (int, error)
	// Read proves the organisation and returns everything in it, complete, or an error.
	Read(ctx context.Context) (inventory.JumpServerAssets, error)
}

// EventClouds is what events need of the clouds.
type EventClouds interface {
	// ResolveScopes finds the scopes that an event means: one for each account of its owner; none is no
	// error.
	ResolveScopes(ctx context.Context, h cloud.EventTarget) ([]inventory.Scope, error)
	// Find returns those of the named instances that exist; it proves nothing of the others.
	Find(ctx context.Context, scope inventory.Scope, ids []string) ([]inventory.Instance, error)
	// FindVerified is Find with proof of the others' absence, as far as FindResult says.
	FindVerified(ctx context.Context, scope inventory.Scope, ids []string) (inventory.FindResult, error)
	// VerifyOwner asks anew whose account a scope is read with, and fails where it is another's.
	VerifyOwner(ctx context.Context, scope inventory.Scope, owner string) error
}

// EventBastion is what events need of JumpServer: never a full list.
type EventBastion interface {
	apply.Bastion
	// AssetsMentioning reads the assets that name an instance, in their comment above all.
	AssetsMentioning(ctx context.Context, instance string) ([]inventory.Asset, error)
	// AssetsByInstance reads the assets whose label jms-instance names one of these instances, whatever their
	// ids.
	AssetsByInstance(ctx context.Context, instances []string) ([]inventory.Asset, error)
	ListPlatforms(ctx context.Context) (map[string]inventory.Platform, error)
	// ListZones returns the gateway zones; denied = the access key's user may not see them. If one of the names or ids is not
	// among those that are known, they are read again.
	ListZones(ctx context.Context, wanted ...string) (zones []inventory.Zone, denied bool, err error)
	// ListNodes returns all nodes, as inventory.JumpServerAssets.Nodes has them.
	ListNodes(ctx context.Context) ([]inventory.Node, error)
	// AccountsOf returns the accounts that hosts have, by the host's id; denied = the access key's user may not see them.
	AccountsOf(ctx context.Context, assetIDs []string) (accounts map[string][]inventory.Account, denied bool, err error)
	// UsesUTF8MB3 reports whether the database cannot hold signs of four bytes.
	UsesUTF8MB3(ctx context.Context) (bool, error)
	// VerifyOrganisation asks which organisation answers; reads that have rows prove it themselves.
	VerifyOrganisation(ctx context.Context) error
	// ListDeactivated returns the assets whose jms-gone is not older than a time; whole = all of them.
	ListDeactivated(ctx context.Context, since time.Time) (assets []inventory.Asset, whole bool, err error)
	// CountActive counts the active assets that carry all of these labels; the value "*" is any value.
	CountActive(ctx context.Context, labels []inventory.Label) (int, error)
}
