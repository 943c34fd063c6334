package huawei

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// factSources says where the answers of ECS have the facts.
func factSources() inventory.FactSources {
	return inventory.FactSources{
		inventory.FactStatus: "`status`", inventory.FactZone: "`OS-EXT-AZ:availability_zone`", inventory.FactSubnet: "`network_interfaces`", inventory.FactGroups: "`security_groups`",
		inventory.FactResourceGroup: "`enterprise_project_id`", inventory.FactImage: "`image`", inventory.FactCharge: "`prepaid`, `postpaid`, `spot`",
		inventory.FactCreatedAt: "`created`", inventory.FactExpiresAt: "`auto_terminate_time`", inventory.FactElastic: "`floating`",
	}
}

// factRow has those fields of a row that only mapping rules read. Tags are written "key=value", and "key" alone where the
// value is empty; keys have no "=": https://support.huaweicloud.com/api-ecs/zh-cn_topic_0094148850.html,
// https://support.huaweicloud.com/usermanual-tms/zh-cn_topic_0056266269.html. image is "" of a server without one.
type factRow struct {
	Zone              cloud.LenientText                  `json:"OS-EXT-AZ:availability_zone"`
	EnterpriseProject cloud.LenientText                  `json:"enterprise_project_id"` // "0" = the default one
	Created           cloud.LenientText                  `json:"created"`
	AutoTerminateTime cloud.LenientText                  `json:"auto_terminate_time"`
	Groups            cloud.Shown[[]idRow]               `json:"security_groups"`
	Image             cloud.Shown[idRow]                 `json:"image"`
	Interfaces        cloud.Shown[[]networkInterfaceRow] `json:"network_interfaces"`
	Tags              cloud.Shown[[]string]              `json:"tags"`
}

type idRow struct {
	ID string `json:"id"`
}

type networkInterfaceRow struct {
	Primary bool   `json:"primary"`
	Subnet  string `json:"subnet_id"`
}

// factMetadata has such fields among the metadata of a row.
type factMetadata struct {
	ChargingMode cloud.LenientText `json:"charging_mode"`
	ImageID      cloud.LenientText `json:"metering.image_id"`
}

// facts returns what is wanted of a row; all public addresses of a server, whose number is given, are elastic ones. How
// long a server is paid for in advance no list shows: it ends only by auto_terminate_time.
func (s *serverRow) facts(want inventory.Want, elastic int) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	f := inventory.Facts{
		Status: strings.ToLower(s.Status), Zone: string(s.Zone), ResourceGroup: string(s.EnterpriseProject),
		Image: cmp.Or(s.imageID(), string(s.Metadata.ImageID)), Charge: chargeOf(string(s.Metadata.ChargingMode)),
		CreatedAt: cloud.ParseTime(s.Created), ExpiresAt: cloud.ParseExpiry(s.AutoTerminateTime), Elastic: elastic,
	}
	f.Subnet = subnetOf(cloud.ReadInto(s.Interfaces, want, inventory.FactSubnet, &f.Unread))
	if f.Subnet == "" {
		f.Unread |= inventory.FactSubnet // every server has one
	}
	var groups []string
	for _, group := range cloud.ReadInto(s.Groups, want, inventory.FactGroups, &f.Unread) {
		groups = append(groups, group.ID)
	}
	f.Groups = cloud.UniqueTexts(groups)
	if want.WantsTags() {
		f.Tags, f.TagsUnread = s.readTags()
	}
	return want.Keep(f)
}

func (r *factRow) readTags() (tags []inventory.Tag, unread bool) {
	read, unread := r.Tags.Read()
	for _, tag := range read {
		key, value, _ := strings.Cut(tag, "=")
		tags = append(tags, inventory.Tag{Key: key, Value: value})
	}
	return tags, unread
}

// imageID returns the id of the image that the row names; an odd one names none, and the metadata have it too.
func (r *factRow) imageID() string {
	image, _ := r.Image.Read()
	return image.ID
}

// subnetOf returns the subnet of the primary interface, or of the first one where none is said to be primary.
func subnetOf(all []networkInterfaceRow) string {
	if len(all) == 0 {
		return ""
	}
	primary := slices.IndexFunc(all, func(n networkInterfaceRow) bool { return n.Primary })
	return all[max(primary, 0)].Subnet
}

// chargeOf returns how a server is paid, by its charging_mode.
func chargeOf(mode string) string {
	switch mode {
	case "0":
		return "postpaid"
	case "1":
		return "prepaid"
	case "2":
		return "spot"
	}
	return mode
}
