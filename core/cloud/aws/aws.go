// Package aws lists the EC2 instances of one AWS account. It only reads; what it is not sure of
// is an error with a kind, never a short list.
//
// Two witnesses prove an absence: DescribeInstances by the filter instance-id does not show the instance,
// and DescribeInstances by InstanceIds, which never leaves out what it was asked for, names it as
// InvalidInstanceID.NotFound or shows it as terminated; see witness.go. A filter has given an empty set
// where all were seen running (https://github.com/elifesciences/builder/issues/432).
//
// A listing is bound to account and region. IAM judges DescribeInstances as a whole: it knows no
// resources and no tags of them there, only conditions on the request, such as its region, which refuse
// it. So no policy hides a part (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
//
// An instance is there from pending to shutting-down and stopping: a machine that is on its way
// out still answers. It is gone when it is terminated, though EC2 shows its row for up to an
// hour more: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
package aws

import (
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// terminated is the state of an instance that is gone.
const terminated = "terminated"

// Provider is AWS's entry of the list of clouds. The zero policy is right outside of tests:
// EC2's limits are token buckets, which refill all the time, so that there is no window.
func Provider(policy cloud.Policy) cloud.Provider {
	return cloud.Provider{
		Cloud:       inventory.AWS,
		Open:        func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		Events:      Events,
		OwnerRight:  "sts:GetCallerIdentity",
		Permissions: Permissions,
		Absent:      "i-fffffffffffffffff",
	}
}

// Open makes a lister for an account, without any call. An account without a key takes the role
// of the EC2 instance on which this program runs. It fails with BadCredentials for half a key,
// and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.Policy) (cloud.Lister, error) {
	account.Cloud = inventory.AWS
	return cloud.Connected(account, func(apis http.RoundTripper) (*lister, error) {
		metadata, err := metadataTransport(account)
		if err != nil {
			return nil, err
		}
		return open(account, policy, world{apis: apis, metadata: metadata, metadataURL: metadataURL})
	})
}

// world is where a lister's calls go.
type world struct {
	apis, metadata http.RoundTripper
	metadataURL    string // of the instance metadata service
}

func open(account cloud.Account, policy cloud.Policy, w world) (*lister, error) {
	l := &lister{Caller: cloud.Caller{Account: account, Policy: policy, Kind: kindOf}, home: homeOf(account), instance: cloud.NewAssumed()}
	l.Credentials, l.Hint = l.credentials, l.home.hint
	if account.AccessKeyID.Empty() != account.AccessKeySecret.Empty() {
		return nil, l.Fault(inventory.BadCredentials, "open", "", "half a key: the key's id or its secret is missing")
	}
	place, err := cloud.ParseEndpoint(account)
	if err != nil {
		return nil, err
	}
	if l.Account.Assumed == nil {
		l.Account.Assumed = cloud.NewAssumed()
	}
	if l.Policy.Now == nil {
		l.Policy.Now = time.Now
	}
	l.api = newAPI(account, place, l.home.region, w)
	return l, nil
}

// lister implements cloud.Lister. All that changes in it are the credentials that it remembers.
type lister struct {
	cloud.Caller
	home     home
	instance *cloud.Assumed // what the role of the EC2 instance gave
	api      api
}

// api is the part of AWS's APIs that is used, one function per call and answer. The only files
// that know the SDK fill it in; everything else works on what was answered.
type api struct {
	metadata  func(context.Context) (cloud.Credentials, error)
	assume    func(context.Context, cloud.Credentials, string) (cloud.Credentials, error)
	identity  func(context.Context, cloud.Credentials) (string, error)
	regions   func(ctx context.Context, by cloud.Credentials, all bool) ([]regionRow, error)
	instances func(context.Context, cloud.Credentials, query) (instancesAnswer, error)
}

type (
	query struct {
		region string
		token  string   // NextToken, "" for the first page
		ids    []string // of the filter instance-id; nil = all
		named  []string // InstanceIds; nil = all
		dryRun bool     // ask only whether the call is allowed
	}
	regionRow       struct{ id, optIn string }
	instancesAnswer struct {
		rows   []row
		listed bool // the answer has a list, be it an empty one
		next   string
	}
	// row is an instance, and the zone that it says to be in.
	row struct {
		inventory.Instance
		zone string
	}
)

// Owner implements cloud.Lister with STS GetCallerIdentity. With a role to assume, it is the
// account of the role.
func (l *lister) Owner(ctx context.Context) (string, error) {
	const op = "get caller identity"
	owner, err := cloud.CallBy(ctx, l.Caller, op, "", l.api.identity)
	if err == nil && owner == "" {
		return "", l.Fault(inventory.Incomplete, op, "", "the answer lacks the Account")
	}
	return owner, err
}

// List implements cloud.Lister with DescribeInstances, by NextToken. AWS refuses where a right
// is missing; a page without rows is probed all the same, as an empty region is believed only
// with proof.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	list, gap, err := l.read(ctx, "list instances", query{region: region})
	if err == nil && gap {
		err = l.probe(ctx, region)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Lookup implements cloud.Lister: a Glance, whose absent ids are believed only after the same
// probe as an empty region, and where the second witness agrees. What that one shows is there.
func (l *lister) Lookup(ctx context.Context, region string, ids []string) (inventory.Found, error) {
	found, err := l.Glance(ctx, region, ids)
	absent := cloud.Absent(ids, found)
	if err != nil || len(absent) == 0 {
		return inventory.Found{Instances: found}, err
	}
	if err := l.probe(ctx, region); err != nil {
		return inventory.Found{}, err
	}
	there, err := l.confirm(ctx, region, absent)
	if err != nil {
		return inventory.Found{}, err
	}
	return inventory.Found{Instances: cloud.Sorted(append(found, there...))}, nil
}

// Glance implements cloud.Lister with DescribeInstances by the filter instance-id: as InstanceIds,
// one id that is not known would make the whole call fail.
func (l *lister) Glance(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up instances"
	return l.ByID(op, region, ids, literal, func(part []string) ([]inventory.Instance, error) {
		list, _, err := l.read(ctx, op, query{region: region, ids: part})
		return list, err
	})
}

// probe asks with DryRun whether the credential may list this region's instances at all. Only
// the refusal DryRunOperation says yes.
func (l *lister) probe(ctx context.Context, region string) error {
	const op = "probe the right to list instances"
	_, err := regional(ctx, l, op, region, func(ctx context.Context, by cloud.Credentials) (bool, error) {
		_, err := l.api.instances(ctx, by, query{region: region, dryRun: true})
		if refused, ok := cloud.AsRefusal(err); ok && refused.Code == dryRunAllowed {
			return true, nil
		}
		if err == nil {
			err = l.Fault(inventory.Incomplete, op, region, "the dry run was not answered as one")
		}
		return false, err
	})
	return err
}
