package tencent

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The services whose APIs are called.
const (
	serviceCVM    = "cvm"
	serviceRegion = "region"
	serviceSTS    = "sts"
)

func services() []string { return []string{serviceCVM, serviceRegion, serviceSTS} }

// zonePattern matches zones such as ap-guangzhou-3: https://cloud.tencent.com/document/product/213/6091
const zonePattern = `^([a-z]+(?:-[a-z]+)+)-[0-9]+$`

// Regions implements cloud.Lister with DescribeRegions of the region service; the documentation says that
// CVM's own call of this name is out of date. Regions that are not available (yet) are left out.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	answer, err := cloud.CallSigned(ctx, l.Client, op, "", l.api.describeRegions)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range answer.regions {
		if r.id == "" || r.state == "" {
			return nil, l.NewError(inventory.Incomplete, op, "", "a region has no name or no state")
		}
		if r.state == "AVAILABLE" {
			ids = append(ids, r.id)
		}
	}
	if answer.requestID == "" || len(ids) == 0 || answer.total != len(answer.regions) {
		return nil, l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or some of its regions")
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// isRegionID reports whether a text can be the id of a region. It becomes part of a header, and of
// the host's name in closed regions.
func isRegionID(region string) bool { return cloud.ValidCharset(region, cloud.LowerChars) }

// regionOfZone returns the region of a zone: ap-guangzhou-3 lies in ap-guangzhou. "" = not known.
func regionOfZone(zone string) string {
	i := strings.LastIndexByte(zone, '-')
	if i < 0 || strings.Trim(zone[i+1:], "0123456789") != "" {
		return ""
	}
	return zone[:i]
}
