package all_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// factTexts are what a raw row says of the facts that mapping rules ask for, by their names, as texts: read without any SDK
// and without the adapters' types. A fact that a cloud does not show has no name here.
type factTexts map[string]string

// The names of facts.
const (
	factZone, factSubnet, factGroups, factResourceGroup = "zone", "subnet", "groups", "resource group"
	factImage, factCharge, factCreated, factExpires     = "image", "charge", "created", "expires"
	factTags, factElastic                               = "tags", "elastic"
)

// factsSaid returns what a row of a cloud says; names translates the names of AWS's fields.
func factsSaid(c inventory.Cloud, row object, names func(string) string) factTexts {
	switch c {
	case inventory.Alibaba:
		return factsOfAlibaba(row)
	case inventory.AWS:
		return factsOfAWS(row, names)
	case cloudTencent:
		return factsOfTencent(row)
	}
	return factsOfHuawei(row)
}

func factsOfAlibaba(row object) factTexts {
	charge := strings.ToLower(text(row, "InstanceChargeType"))
	if strings.HasPrefix(text(row, "SpotStrategy"), "Spot") && charge == "postpaid" {
		charge = "spot"
	}
	elastic := min(1, len(text(row, "EipAddress", "IpAddress")))
	return factTexts{
		factZone: text(row, "ZoneId"), factSubnet: text(row, "VpcAttributes", "VSwitchId"), factGroups: joinTexts(texts(row, "SecurityGroupIds", "SecurityGroupId")),
		factResourceGroup: text(row, "ResourceGroupId"), factImage: text(row, "ImageId"), factCharge: charge, factElastic: fmt.Sprint(elastic),
		factCreated: timeSaid(text(row, "CreationTime")), factExpires: timeSaid(text(row, "ExpiredTime")), factTags: tagsSaid(list(row, "Tags", "Tag"), "TagKey", "TagValue"),
	}
}

func factsOfAWS(row object, names func(string) string) factTexts {
	var groups, made []string
	add := func(of object) {
		for _, group := range list(of, names("Groups")) {
			groups = append(groups, text(group, names("GroupId")))
		}
	}
	for _, group := range list(row, names("SecurityGroups")) {
		groups = append(groups, text(group, names("GroupId")))
	}
	made = append(made, timeSaid(awsTime(row, names("LaunchTime"))))
	for _, nic := range list(row, names("NetworkInterfaces")) {
		add(nic)
		attachment, _ := nic[names("Attachment")].(object)
		if text(attachment, names("DeviceIndex")) == "0" {
			made = append(made, timeSaid(awsTime(attachment, names("AttachTime"))))
		}
	}
	made = slices.DeleteFunc(made, func(at string) bool { return at == "" })
	slices.Sort(made)
	return factTexts{
		factZone: text(row, names("Placement"), names("AvailabilityZone")), factSubnet: text(row, names("SubnetId")), factGroups: joinTexts(groups),
		factImage: text(row, names("ImageId")), factCharge: cmp.Or(text(row, names("InstanceLifecycle")), "on-demand"), factCreated: first(made),
		factTags: tagsSaid(list(row, names("Tags")), names("Key"), names("Value")),
	}
}

// awsTime is a time as a recording has it: a text, or a placebo's object.
func awsTime(of object, name string) string {
	if at, is := of[name].(object); is {
		return placeboTime(at)
	}
	return text(of, name)
}

func factsOfTencent(row object) factTexts {
	return factTexts{
		factZone: text(row, "Placement", "Zone"), factSubnet: text(row, "VirtualPrivateCloud", "SubnetId"), factGroups: joinTexts(texts(row, "SecurityGroupIds")),
		factResourceGroup: text(row, "Placement", "ProjectId"), factImage: text(row, "ImageId"), factCharge: strings.ToLower(text(row, "InstanceChargeType")),
		factCreated: timeSaid(text(row, "CreatedTime")), factExpires: timeSaid(text(row, "ExpiredTime")), factTags: tagsSaid(list(row, "Tags"), "Key", "Value"),
	}
}

func factsOfHuawei(row object) factTexts {
	var groups, tags []string
	for _, group := range list(row, "security_groups") {
		groups = append(groups, text(group, "id"))
	}
	for _, tag := range texts(row, "tags") {
		if !strings.Contains(tag, "=") {
			tag += "="
		}
		tags = append(tags, tag)
	}
	subnet := ""
	for n, nic := range list(row, "network_interfaces") {
		if n == 0 || text(nic, "primary") == "true" {
			subnet = text(nic, "subnet_id")
		}
	}
	charge := text(row, "metadata", "charging_mode")
	return factTexts{
		factZone: text(row, "OS-EXT-AZ:availability_zone"), factSubnet: subnet, factGroups: joinTexts(groups), factResourceGroup: text(row, "enterprise_project_id"),
		factImage:  cmp.Or(text(row, "image", "id"), text(row, "metadata", "metering.image_id")),
		factCharge: cmp.Or(map[string]string{"0": "postpaid", "1": "prepaid", "2": "spot"}[charge], charge), factCreated: timeSaid(text(row, "created")),
		factTags: joinTexts(tags),
	}
}

// factsOfMachine returns what Azure's document of a machine says, without its interfaces.
func factsOfMachine(row object) factTexts {
	image := object{}
	if of, is := descend(row, "properties", "storageProfile", "imageReference").(object); is {
		image = of
	}
	name := cmp.Or(text(image, "id"), text(image, "sharedGalleryImageId"), text(image, "communityGalleryImageId"))
	if name == "" && text(image, "offer") != "" {
		name = strings.Join([]string{text(image, "publisher"), text(image, "offer"), text(image, "sku"), text(image, "version")}, ":")
	}
	var tags []string
	of, _ := row["tags"].(object)
	for key, value := range of {
		tags = append(tags, key+"="+fmt.Sprint(value))
	}
	found := azureMachine.FindStringSubmatch(text(row, "id"))
	return factTexts{
		factZone: first(texts(row, "zones")), factResourceGroup: found[1][strings.LastIndex(found[1], "/")+1:], factImage: name,
		factCharge:  cmp.Or(strings.ToLower(text(row, "properties", "priority")), "regular"),
		factCreated: timeSaid(text(row, "properties", "timeCreated")), factTags: joinTexts(tags),
	}
}

var azureSubnet = regexp.MustCompile(`(?i)/resourceGroups/([^/]+)/.*/(?:virtualNetworks/([^/]+)/subnets|networkSecurityGroups)/([^/]+)$`)

// addInterface adds what an interface says; the primary one comes first.
func (f factTexts) addInterface(nic object, primaryConfig object) {
	found := azureSubnet.FindStringSubmatch(text(primaryConfig, "properties", "subnet", "id"))
	if found != nil && f[factSubnet] == "" {
		f[factSubnet] = strings.Join(found[1:], "/")
	}
	found = azureSubnet.FindStringSubmatch(text(nic, "properties", "networkSecurityGroup", "id"))
	if found != nil {
		f[factGroups] = joinTexts(append(strings.Fields(f[factGroups]), strings.ToLower(found[1]+"/"+found[3])))
	}
}

// factsListed returns the facts of a listed instance in the same form.
func factsListed(f *inventory.Facts) factTexts {
	if f == nil {
		return nil
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	var tags []string
	for _, tag := range f.Tags {
		tags = append(tags, tag.Key+"="+tag.Value)
	}
	return factTexts{
		factZone: f.Zone, factSubnet: f.Subnet, factGroups: joinTexts(f.Groups), factResourceGroup: f.ResourceGroup, factImage: f.Image, factCharge: f.Charge,
		factCreated: at(f.CreatedAt), factExpires: at(f.ExpiresAt), factTags: joinTexts(tags), factElastic: fmt.Sprint(f.Elastic),
	}
}

// compareFacts compares what the row says, and not what a partial row cannot say.
func (f *replayedFile) compareFacts(want, got expectation, same func(field, want, got string)) {
	for _, name := range slices.Sorted(maps.Keys(want.facts)) {
		if want.partial && (name == factSubnet || name == factGroups) {
			continue
		}
		same(name, want.facts[name], got.facts[name])
	}
}

func joinTexts(all []string) string { return strings.Join(sortedTexts(all), "\n") }

func tagsSaid(tags []object, key, value string) string {
	var all []string
	for _, tag := range tags {
		all = append(all, text(tag, key)+"="+text(tag, value))
	}
	return joinTexts(all)
}

// timeSaid returns a time as texts of facts have it, to the second; "" for none, and for 2099, which means none.
func timeSaid(said string) string {
	said = strings.Replace(said, " ", "T", 1)
	if len(said) < len("2006-01-02T15:04") || strings.HasPrefix(said, "2099-") {
		return ""
	}
	head := said[:len("2006-01-02T15:04")]
	seconds := "00"
	if rest := said[len(head):]; strings.HasPrefix(rest, ":") {
		seconds = rest[1:3]
	}
	return head + ":" + seconds + "Z"
}
