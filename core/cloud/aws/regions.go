package aws

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The services whose APIs are called.
const (
	serviceEC2 = "ec2"
	serviceSTS = "sts"
)

func services() []string { return []string{serviceEC2, serviceSTS} }

// zonePattern matches zones such as us-east-1a, and local ones such as us-west-2-lax-1a:
// https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
const zonePattern = `^([a-z]+(?:-[a-z]+)+-[0-9]+)(?:-[a-z0-9]+-[0-9]+)?[a-z]$`

// homeRegion answers the calls that are not regional: for the account's id, its roles and regions.
// It is always enabled, so that one mistyped region does not make the account fail.
type homeRegion struct {
	region  string
	guessed bool // neither a region nor a role names the partition
}

// homeRegionOf returns the home region of the account's partition, where its keys are valid: by its regions,
// else by the ARN of its role, else the public one. So an account of AWS China or GovCloud has to name a
// region or a role.
// The partitions: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
func homeRegionOf(a cloud.Account) homeRegion {
	for _, region := range a.Regions {
		if region != "" {
			return homeRegion{region: homeOfRegion(region)}
		}
	}
	if parts := strings.SplitN(a.AssumeRoleARN, ":", 3); len(parts) == 3 && parts[0] == "arn" {
		return homeRegion{region: homeOfPartition(parts[1])}
	}
	return homeRegion{region: homeOfPartition("aws"), guessed: true}
}

func homeOfRegion(region string) string {
	for prefix, partition := range map[string]string{
		"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc",
		"us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f",
	} {
		if strings.HasPrefix(region, prefix) {
			return homeOfPartition(partition)
		}
	}
	return homeOfPartition("aws")
}

func homeOfPartition(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	case "aws-eusc":
		return "eusc-de-east-1"
	case "aws-iso":
		return "us-iso-east-1"
	case "aws-iso-b":
		return "us-isob-east-1"
	case "aws-iso-e":
		return "eu-isoe-west-1"
	case "aws-iso-f":
		return "us-isof-south-1"
	}
	return "us-east-1"
}

// The opt-in states of a region that an account can use; the third is not-opted-in.
const (
	optInNotRequired = "opt-in-not-required"
	optedIn          = "opted-in"
)

// Regions implements cloud.Lister with DescribeRegions: those that are enabled for the account.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	rows, err := l.describeRegions(ctx, false)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range rows {
		if r.isEnabled() {
			ids = append(ids, r.id)
		}
	}
	if len(ids) == 0 {
		return nil, l.NewError(inventory.Incomplete, opListRegions, "", "no region is enabled for the account")
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// isEnabled reports whether the account can use a region. A region without a state is in an answer to the
// question for enabled ones.
func (r regionRow) isEnabled() bool {
	return slices.Contains([]string{"", optInNotRequired, optedIn}, r.optIn)
}

const opListRegions = "list regions"

func (l *lister) describeRegions(ctx context.Context, all bool) ([]regionRow, error) {
	rows, err := cloud.CallSigned(ctx, l.Client, opListRegions, "", func(ctx context.Context, credentials cloud.Credentials) ([]regionRow, error) {
		return l.api.describeRegions(ctx, credentials, all)
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || slices.ContainsFunc(rows, func(r regionRow) bool { return r.id == "" }) {
		return nil, l.NewError(inventory.Incomplete, opListRegions, "", "the answer lacks a regionName")
	}
	return rows, nil
}

// callRegional makes a call to a region, retries it, and explains a refusal.
func callRegional[T any](
	ctx context.Context, l *lister, op, region string, call func(context.Context, cloud.Credentials) (T, error),
) (T, error) {
	value, err := cloud.CallSigned(ctx, l.Client, op, region, call)
	if code := cloud.ErrorCode(err); region != l.home.region && (code == codeAuthFailure || code == codeOptInRequired) {
		err = l.explainRefusal(ctx, op, region, err)
	}
	return value, err
}

// explainRefusal separates a region that the account has not enabled, or that does not exist, from a wrong
// key: EC2 answers all of them with AuthFailure. It asks the home region once.
func (l *lister) explainRefusal(ctx context.Context, op, region string, refused error) error {
	rows, err := l.describeRegions(ctx, true)
	if inventory.KindOf(err) == inventory.Denied {
		return l.NewError(inventory.Denied, op, region, cmp.Or(cloud.ErrorCode(refused), "a refusal")+", though "+l.home.region+
			" accepts the key: the region is probably not enabled for the account (ec2:DescribeRegions would tell)")
	}
	if err != nil {
		return refused // the key is wrong at home too, or nothing more is known
	}
	i := slices.IndexFunc(rows, func(r regionRow) bool { return r.id == region })
	switch {
	case i < 0:
		return l.NewError(inventory.NotFound, op, region, "AWS has no such region")
	case !rows[i].isEnabled():
		return l.NewError(inventory.Denied, op, region,
			"the region is not enabled for the account ("+rows[i].optIn+"): enable it in the account's settings, or take it out of regions")
	}
	return refused
}
