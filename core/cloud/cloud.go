// Package cloud is the port to the clouds: what a lister promises, how a fleet of accounts is
// listed scope by scope, and the retry rules that all listers share. Adding a cloud is one
// folder beside this file and one entry in the list of package all.
package cloud

import (
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Account is all that a cloud needs to open a lister. Nothing is read from the environment
// or from files behind its back.
type Account struct {
	Cloud           inventory.Cloud
	Name            string // the configuration's name
	AccessKeyID     secret.Value
	AccessKeySecret secret.Value
	SecurityToken   secret.Value // with temporary credentials of a role
	AccountID       string       // the account's own id, as configured; "" = ask the cloud
	ProjectID       string       // Huawei: of the project to list
	TenantID        string       // Azure: of the directory of the client whose id and secret the key is
	AssumeRoleARN   string       // Alibaba, AWS: the key or role only serves to take this role
	RoleCache       *RoleCache   // what AssumeRoleARN gave before; nil = nothing is kept
	Regions         []string     // empty: all regions that the account has
	Endpoint        string       // http(s)://host[:port]: all APIs are asked there; "" = the cloud's own
	Proxy           string       // http(s)://…; "" = what HTTP(S)_PROXY of the process says; NO_PROXY holds for both
	ConnectTimeout  time.Duration
	RequestTimeout  time.Duration
	// Transport carries the account's requests; nil = connections of its own. It is for tests in
	// virtual time, which know no network.
	Transport http.RoundTripper
}

// Lister reads one account. Its methods may be called by several goroutines at once.
// Every method gives all of what it promises, or an error with a kind (inventory.KindOf).
type Lister interface {
	// Owner gives the account's own id as the credential has it, never as configured.
	Owner(ctx context.Context) (string, error)
	// Regions gives the ids of all regions that the account can use, sorted.
	Regions(ctx context.Context) ([]string, error)
	// List gives every instance of a region, in any state, each once, sorted by id. An empty
	// list is an answer only after it was proved that the credential may list.
	List(ctx context.Context, region string) ([]inventory.Instance, error)
	// Find gives those of the named instances that exist, sorted by id, by one call for each
	// 100 of them. It proves nothing of the others: a missing right looks like an absence.
	Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error)
	// FindVerified returns those of the named instances that exist, sorted by id. Without an error the others
	// are proved absent: no call failed, the right to see them was probed, and two different kinds
	// of calls agree, which the adapter's package doc names. Those of which one kind alone speaks are
	// in Weak. What one kind shows and the other does not is no absence, but an instance or an error.
	FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error)
}

// ProjectLister is a Lister of a cloud that divides accounts into projects, of which a lister reads one part.
type ProjectLister interface {
	// Projects returns the ids of the projects that List and Lookup ask for a region, sorted.
	Projects(ctx context.Context, region string) ([]string, error)
}

// Provider is one entry of the list of clouds: what the cloud is called and needs, and its adapter.
type Provider struct {
	inventory.CloudInfo
	// Open returns a lister for an account, without any call.
	Open func(Account) (Lister, error)
	// Events reads what the cloud's event service delivers; nil where it has none.
	Events func(payload []byte, from Origin) []ParsedEvent
	// NonexistentID is an id in the cloud's form that no instance has: asking for it proves the right to list.
	NonexistentID string
}

// TableOf returns what the rest of the program knows of the clouds of a list.
func TableOf(providers []Provider) inventory.CloudTable {
	table := make(inventory.CloudTable, len(providers))
	for i, p := range providers {
		table[i] = p.CloudInfo
	}
	return table
}
