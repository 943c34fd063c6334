// Package azure lists the virtual machines of one Azure subscription, those of uniform scale sets
// included. It only reads; what it is not sure of is an error with a kind, never a short list.
//
// # Account
//
// AccessKeyID is the client id of an application, AccessKeySecret its client secret, TenantID its
// directory, AccountID the subscription. Without a key the managed identity of the host is used:
// Identity names one that is
// assigned by a user, by its client id. azidentity finds the service by IDENTITY_ENDPOINT and the like, or at 169.254.169.254. This is all that is read
// from the environment, as the platform says it nowhere else. A region is a location such as "eastus".
// The regions, or an Endpoint of the cloud's own, decide between Azure, Azure China and Azure Government.
//
// An Endpoint answers everything, the tokens of an application and of a managed identity too. The SDK
// demands https for tokens, unless the Endpoint begins with http://.
//
// # Where the truth is
//
// A listing is read from Resource Manager: all machines, network interfaces, public addresses and
// scale sets of the subscription, then the machines and interfaces of each uniform scale set. These
// are six calls, and two for each such set, for all regions together: they share one reading.
// The lists are read side by side, the pages of each one after another: the address of the next page is in the one
// before it.
// Resource Graph would be fewer calls, but it follows changes with a delay, leaves out without an error
// what the credential may not read, hides what it takes for personal data, and does not know uniform
// instances in every cloud (https://learn.microsoft.com/azure/governance/resource-graph/overview,
// .../reference/supported-tables-resources). A machine that it does not show may be there, and its asset would
// be deactivated. So it serves only Find, whose absences mean nothing.
//
// Two witnesses prove an absence: the lists do not have the machine, and a GET on its resource id is 404;
// see verify.go. Lists have lost rows with HTTP 200, for minutes and twice in a row, while a GET went on
// showing the machine (https://github.com/Azure/azure-cli/issues/8634, .../17293, .../20940,
// https://github.com/Azure/azure-sdk-for-python/issues/8985). The resource id comes from Resource Graph,
// which by itself proves nothing. Where it knows no such machine, or may not be asked, the absence is
// weak. A machine whose interface or public address the lists have lost has AddressesPartial.
//
// A listing covers one region of the subscription, whose id is the account's own. Lists at its level can be
// filtered by what the credential may read, with HTTP 200. So every reading ends with the question for
// the credential's permissions at the subscription itself: without the right to read all that was listed
// it is Denied, not short. That question does not show a deny assignment below the subscription, which
// hides machines from the lists and from Resource Graph, so that their absence is weak.
//
// What a provisioning state means; unknown ones are present:
//
//	Creating Updating Succeeded Migrating   present
//	Failed                                  present: the last operation failed, and the machine may well run
//	Deleting                                not made: it is being deleted, and still there
//
// https://learn.microsoft.com/azure/virtual-machines/states-billing#provisioning-states has the states. A deleted
// machine has no row, and Azure keeps none in a recycle bin. A subscription that is disabled keeps its machines.
//
// Two resources with one vmId are two machines that nothing could tell apart: the region has no list, and the error
// names both. If a scale set goes while it is read, its machines count once more, with AddressesPartial.
//
// An instance's id is the vmId in lower case: resource ids are reused, and are too long for a label.
package azure

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// cloudID is part of every asset id, and never changes.
const cloudID inventory.Cloud = "azure"

// Provider returns Azure's entry of the list of clouds. The zero policy is right outside of tests. Events
// are not read: the timer finds what changed.
func Provider(policy cloud.RetryPolicy) cloud.Provider {
	return cloud.Provider{
		CloudInfo:     info(),
		Open:          func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		NonexistentID: "00000000-0000-0000-0000-000000000000",
	}
}

// info describes Azure.
func info() inventory.CloudInfo {
	return inventory.CloudInfo{
		Cloud:             cloudID,
		Spellings:         []string{"azure"},
		Name:              language.Text{ZH: "Azure", EN: "Azure"},
		Permissions:       Permissions(),
		Facts:             factSources(),
		OwnerRight:        "Microsoft.Resources/subscriptions/read on the subscription",
		EventForms:        eventForms(),
		NeedsTenant:       true,
		SharedCredentials: true,
		HostIdentity:      true,
		IdentityIsUUID:    true,
		Services:          services(),
		WithoutKey:        language.Text{ZH: "托管标识：系统分配的，或 `identity` 写明的用户分配的", EN: "the managed identity: that of the system, or the user-assigned one that `identity` names"},
		Visibility: language.Text{
			ZH: "一个订阅；只有资源组上的权限会被发现并算失败。资源组上的拒绝分配（deny assignment）会悄悄藏起其中的机器：它们的移除要等相隔 10 分钟的两次同步，不要用它收回读取权限",
			EN: "one subscription; rights on some resource groups only are noticed, and fail. A deny assignment on a resource group hides its machines without an error: their removal takes two runs ten minutes apart. Do not take reading away by one",
		},
	}
}

// Open returns a lister for an account, and makes no call. It fails with BadCredentials where the
// account has half a key or no tenant for it, and with Invalid where its endpoint or proxy is no address,
// its subscription no id, or its regions are of several clouds.
func Open(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = cloudID
	return cloud.OpenConnected(account, func(transport http.RoundTripper) (*lister, error) { return openLister(account, policy, transport) })
}

func openLister(account cloud.Account, policy cloud.RetryPolicy, transport http.RoundTripper) (*lister, error) {
	l := &lister{account: account, policy: policy, scrub: cloud.NewScrubber(account), shared: newSharedReads()}
	id, key := account.AccessKeyID.IsEmpty(), account.AccessKeySecret.IsEmpty()
	switch {
	case id != key:
		return nil, l.newError(inventory.BadCredentials, "open", "half a key: it takes client id and client secret, or neither for a managed identity")
	case !id && account.Identity != "":
		return nil, l.newError(inventory.Invalid, "open", "identity serves in place of a key: the account has both")
	case !id && account.TenantID == "":
		return nil, l.newError(inventory.BadCredentials, "open", "tenant_id is missing: the directory of the application whose id and secret the key is")
	}
	if account.Identity != "" && uuid.Validate(account.Identity) != nil {
		return nil, l.newError(inventory.Invalid, "open", "identity is not the client id of a user-assigned identity (a UUID)")
	}
	if account.AccountID != "" && uuid.Validate(account.AccountID) != nil {
		return nil, l.newError(inventory.Invalid, "open", "account_id is not the id of a subscription (a UUID)")
	}
	place, err := cloud.ParseEndpoints(account, services())
	if err != nil {
		return nil, err
	}
	l.api, err = newAPI(account, place, transport)
	if err != nil {
		return nil, l.nameError("open", "", l.wrapError(context.Background(), "", err))
	}
	return l, nil
}

// lister implements cloud.Lister.
type lister struct {
	account cloud.Account
	policy  cloud.RetryPolicy
	scrub   cloud.Scrubber
	api     api
	shared  *sharedReads

	mu                sync.Mutex
	foundSubscription string // where none is configured; "" = not known yet
}

// Owner implements cloud.Lister: the id of the subscription. The credential must see the one that is
// configured; where none is, it must see exactly one that is in use.
func (l *lister) Owner(ctx context.Context) (string, error) {
	owner, err := l.fetchOwner(ctx)
	return owner, l.nameError("get subscription", "", err)
}

func (l *lister) fetchOwner(ctx context.Context) (string, error) {
	if l.account.AccountID == "" {
		return l.singleSubscription(ctx)
	}
	const op = "get"
	got, err := callRetried(ctx, l, op, func(ctx context.Context) (subscription, error) {
		return l.api.getSubscription(ctx, l.account.AccountID)
	})
	switch {
	case err != nil:
		return "", err
	case !strings.EqualFold(got.id, l.account.AccountID):
		return "", l.newPartError(inventory.Incomplete, op, "the answer is not that subscription")
	}
	return l.account.AccountID, nil // as configured, with which it is compared
}

// singleSubscription returns the one subscription in use that the credential sees.
func (l *lister) singleSubscription(ctx context.Context) (string, error) {
	const op = "list"
	all, err := readPages(ctx, l, op, func(s subscription) string { return s.id }, l.api.listSubscriptions)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, s := range all {
		if s.state != "disabled" && s.state != "deleted" {
			ids = append(ids, s.id)
		}
	}
	slices.Sort(ids)
	switch len(ids) {
	case 0:
		return "", l.newPartError(inventory.Denied, op, "the credential sees no subscription that is in use: grant it the role Reader on one")
	case 1:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.foundSubscription = ids[0]
		return ids[0], nil
	}
	return "", l.newPartError(inventory.Invalid, op, "the credential sees several: write account_id, which must be one of "+strings.Join(ids, ", "))
}

// subscriptionID returns the id of the subscription that is read.
func (l *lister) subscriptionID(ctx context.Context) (string, error) {
	l.mu.Lock()
	known := cmp.Or(l.account.AccountID, l.foundSubscription)
	l.mu.Unlock()
	if known != "" {
		return known, nil
	}
	return l.singleSubscription(ctx)
}
