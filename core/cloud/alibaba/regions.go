package alibaba

import (
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The services whose APIs are called.
const (
	serviceECS = "ecs"
	serviceSTS = "sts"
)

func services() []string { return []string{serviceECS, serviceSTS} }

// zonePattern matches zones such as cn-hangzhou-h and ap-southeast-1a:
// https://help.aliyun.com/zh/ecs/product-overview/regions-and-zones
const zonePattern = `^(?:((?:[a-z]+-)+[a-z]{2,})-[a-z]|(.*-[0-9]+)-?[a-z])$`

// Regions implements cloud.Lister with DescribeRegions.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	answer, err := cloud.CallSigned(ctx, l.Client, op, "", l.api.describeRegions)
	if err != nil {
		return nil, err
	}
	if answer.requestID == "" || len(answer.ids) == 0 || slices.Contains(answer.ids, "") {
		return nil, l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or a RegionId")
	}
	slices.Sort(answer.ids)
	return slices.Compact(answer.ids), nil
}
