package tencent

import (
	"cmp"
	"context"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const lighthouseVersion = "2020-03-24"

// The documents of Lighthouse. Fields have Tencent's names.
type (
	// https://cloud.tencent.com/document/api/1207/47573
	lighthouseDocument struct {
		answerHead
		TotalCount  *int
		InstanceSet []lighthouseRow
	}
	// https://cloud.tencent.com/document/api/1207/55552
	lighthouseDeniedDocument struct {
		answerHead
		InstanceDeniedActionSet []struct{ InstanceId string }
	}
)

// lighthouseRow is a row: https://cloud.tencent.com/document/api/1207/47576#Instance
type lighthouseRow struct {
	InstanceId, InstanceName, InstanceState, BundleId string
	PlatformType, Platform, OsName, Zone              string
	PrivateAddresses, PublicAddresses                 []string
	BlueprintId                                       cloud.LenientText
	factRow
}

func (s sdkClient) lighthouseRegions(ctx context.Context, credentials cloud.Credentials) (regionsAnswer, error) {
	doc, err := callGeneric[regionsDocument](ctx, s, credentials, serviceLighthouse, lighthouseVersion, homeRegion, "DescribeRegions", map[string]any{})
	return convertRegions(doc), err
}

func (s sdkClient) lighthouseInstances(ctx context.Context, credentials cloud.Credentials, q instancesQuery) (instancesAnswer, error) {
	params := map[string]any{"Offset": q.offset, "Limit": q.limit}
	if q.ids != nil {
		params["InstanceIds"] = q.ids
	}
	doc, err := callGeneric[lighthouseDocument](ctx, s, credentials, serviceLighthouse, lighthouseVersion, q.region, "DescribeInstances", params)
	rows := make([]inventory.Instance, len(doc.InstanceSet))
	for i := range doc.InstanceSet {
		rows[i] = convertLighthouseRow(&doc.InstanceSet[i])
		rows[i].Facts = doc.InstanceSet[i].facts(s.account.Want)
	}
	return instancesAnswer{requestID: doc.RequestId, rows: rows, hasList: doc.InstanceSet != nil, total: valueOrMissing(doc.TotalCount)}, err
}

// lighthouseDenied asks DescribeInstancesDeniedActions for instances by id. Its answer has no total.
func (s sdkClient) lighthouseDenied(ctx context.Context, credentials cloud.Credentials, q instancesQuery) (instancesAnswer, error) {
	doc, err := callGeneric[lighthouseDeniedDocument](
		ctx, s, credentials, serviceLighthouse, lighthouseVersion, q.region, "DescribeInstancesDeniedActions", map[string]any{"InstanceIds": q.ids})
	rows := make([]inventory.Instance, len(doc.InstanceDeniedActionSet))
	for i, row := range doc.InstanceDeniedActionSet {
		rows[i].ID = row.InstanceId
	}
	return instancesAnswer{requestID: doc.RequestId, rows: rows, hasList: doc.InstanceDeniedActionSet != nil, total: len(rows)}, err
}

func convertLighthouseRow(row *lighthouseRow) inventory.Instance {
	i := inventory.Instance{
		Scope:      inventory.Scope{Region: regionOfZone(row.Zone)},
		ID:         row.InstanceId,
		Name:       row.InstanceName,
		OSName:     cmp.Or(row.OsName, row.Platform),
		Status:     strings.ToLower(row.InstanceState),
		Existence:  lighthouseExistence(row.InstanceState),
		Type:       row.BundleId,
		PrivateIPs: cloud.UniqueTexts(row.PrivateAddresses),
		PublicIPs:  cloud.UniqueTexts(row.PublicAddresses),
	}
	switch row.PlatformType {
	case "LINUX_UNIX":
		i.OSType = "linux"
	case "WINDOWS":
		i.OSType = "windows"
	}
	return i
}

// lighthouseExistence returns what a state means, see lighthouseKind. None means that the instance is absent: of Lighthouse
// no tool of the vendor takes one so.
func lighthouseExistence(state string) inventory.Existence {
	switch strings.ToUpper(state) {
	case "SHUTDOWN":
		return inventory.Closed
	case "LAUNCH_FAILED", "TERMINATING", "DELETING":
		return inventory.NotMade
	}
	return inventory.Present
}
