// Package cloud lists the instances of cloud accounts: a listing of one region of one account is complete or
// failed, never partial. It holds the port that each cloud's adapter implements, the fleet that lists all
// accounts, and what adapters share: calls, retries, paging, errors. A new cloud is a folder beside this file
// and a line in package all.
package cloud

import (
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Account is all that a cloud needs to open a lister. An adapter reads nothing from the environment
// or from files.
type Account struct {
	Cloud           inventory.Cloud
	Name            string // as configured
	AccessKeyID     secret.Value
	AccessKeySecret secret.Value
	SecurityToken   secret.Value      // of temporary credentials of a role
	AccountID       string            // the account's own id, as configured; "" = ask the cloud
	ProjectID       string            // of the project to list, where the cloud divides accounts; "" = ask the cloud
	TenantID        string            // of the directory that the key belongs to, where the cloud has directories
	AssumeRoleARN   string            // of a role that the key, or the function's role, assumes; "" = none
	ExternalID      string            // that the role's trust asks for; "" = none
	Identity        string            // of the host, in place of a key: one of CloudInfo.HostIdentities, or an identity's id; "" = none
	RoleCache       *RoleCache        // keeps the credentials of AssumeRoleARN; nil = they are asked for each time
	Regions         []string          // of its scopes, see inventory.RegionOfKind; empty = all regions that the account has, but for ExcludeRegions
	ExcludeRegions  []string          // never listed, as the cloud names them: of no kind
	Kinds           []string          // if Regions is empty: the kinds to list, see inventory.AskedKinds
	Endpoint        string            // http(s)://host[:port] that answers all APIs; "" = the cloud's own hosts
	Endpoints       map[string]string // the same of single services, by the names of CloudInfo.Services
	Proxy           string            // http(s)://…; "" = HTTP(S)_PROXY of the process; NO_PROXY holds for both
	Want            inventory.Want    // the facts that List and Find keep of each instance
	ConnectTimeout  time.Duration
	RequestTimeout  time.Duration
	// Transport carries the account's requests; nil = connections of its own. Tests in virtual time, which
	// have no network, set it.
	Transport http.RoundTripper
}

// Lister reads one account. Its methods may be called by several goroutines at once.
// Every method returns all that it promises, or an error with a kind (inventory.KindOf).
type Lister interface {
	// Owner returns the account's own id as the cloud tells it, never as configured.
	Owner(ctx context.Context) (string, error)
	// Regions returns the ids of all regions that the account can use, sorted.
	Regions(ctx context.Context) ([]string, error)
	// List returns every instance of a region, in any state, each once, sorted by id. It returns an empty
	// list only after it proved that the credential may list.
	List(ctx context.Context, region string) ([]inventory.Instance, error)
	// Find returns those of the named instances that exist, sorted by id, with one call for each 100 of
	// them. It proves nothing of the others: a missing right looks like an absence.
	Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error)
	// FindVerified returns those of the named instances that exist, sorted by id. Without an error the others
	// are proved absent: no call failed, the right to see them was proved, and two different kinds of calls
	// agree, which the adapter's package doc names. Weak holds the absences that only one kind confirms. An
	// instance that only one kind shows is returned as found, or is an error.
	FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error)
}

// ProjectLister is a Lister of a cloud that divides accounts into projects, of which a lister reads one part.
type ProjectLister interface {
	// Projects returns the ids of the projects that List and Find ask in a region, sorted.
	Projects(ctx context.Context, region string) ([]string, error)
}

// Provider is one entry of the list of clouds: the description of the cloud, and its adapter.
type Provider struct {
	inventory.CloudInfo
	// Open returns a lister for an account, and makes no call.
	Open func(Account) (Lister, error)
	// Kinds are the adapters of CloudInfo.Kinds.
	Kinds []KindProvider
	// Events parses what the cloud's event service delivers; nil = the cloud has none.
	Events func(payload []byte, from Origin) []ParsedEvent
	// NonexistentID is an id in the cloud's form that no instance has: looking it up proves the right to list.
	NonexistentID string
}

// KindProvider is the adapter of one kind of instances beside the main one, see inventory.KindInfo.
type KindProvider struct {
	inventory.KindInfo
	// Open returns a lister of this kind alone, and makes no call. It knows regions as the cloud names them.
	Open func(Account) (Lister, error)
	// NonexistentID is that of Provider, in this kind's form.
	NonexistentID string
	// CountedRegion is where instances are counted, to find out if there are any, if the account names no regions.
	CountedRegion string
}

// Counter is a Lister that counts the instances of a region in one call.
type Counter interface {
	Count(ctx context.Context, region string) (int, error)
}

// TableOf returns the descriptions of the clouds of a list.
func TableOf(providers []Provider) inventory.CloudTable {
	table := make(inventory.CloudTable, len(providers))
	for i, p := range providers {
		table[i] = p.CloudInfo
		for _, kind := range p.Kinds {
			table[i].Kinds = append(table[i].Kinds, kind.KindInfo)
		}
	}
	return table
}
