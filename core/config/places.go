package config

import (
	"cmp"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// readAddresses reads the addresses of services: a group, or one text as in a variable.
func (r yamlReader) readAddresses(n *yaml.Node, into reflect.Value, path string) {
	if isNull(n) {
		return
	}
	r.places[path] = placeOf(n)
	switch n.Kind {
	case yaml.ScalarNode:
		found, w := parseAddresses(r.expandScalar(n, path))
		if w != (language.Text{}) {
			r.add(path, w)
			return
		}
		into.Set(reflect.ValueOf(found))
	case yaml.MappingNode:
		into.Set(reflect.ValueOf(r.readAddressPairs(n, path)))
	default:
		r.add(path, language.New("应为一组“服务: 地址”", "must be a group of services and their addresses"))
	}
}

func (r yamlReader) readAddressPairs(n *yaml.Node, path string) map[string]string {
	found := map[string]string{}
	for _, p := range r.listPairs(n, path) {
		at, value := joinPath(path, printable(p.key.Value)), resolveAlias(p.value)
		r.places[at] = placeOf(p.key)
		if value.Kind != yaml.ScalarNode {
			r.add(at, language.New("应为单个值，不是列表或一组配置项", "must be one value, not a list or a group"))
			continue
		}
		found[p.key.Value] = r.expandScalar(value, at)
	}
	return found
}

// parseAddresses parses addresses as a variable has them: "ecs=https://ecs.example.com,sts=https://sts.example.com".
func parseAddresses(text string) (any, language.Text) {
	found := map[string]string{}
	for _, item := range splitList(text) {
		service, address, cut := strings.Cut(item, "=")
		_, twice := found[service]
		if !cut || twice {
			return nil, language.New("应为 服务=地址，逗号分隔，每个服务一次", "must be service=address, with commas between them, each service once")
		}
		found[strings.TrimSpace(service)] = strings.TrimSpace(address)
	}
	return found, language.Text{}
}

// checkEndpoints checks the addresses of an account's services.
func (k checker) checkEndpoints(path string, c *Cloud) {
	info := k.known.Find(c.Cloud)
	for _, service := range slices.Sorted(maps.Keys(c.Endpoints)) {
		at := joinPath(path, printable(service))
		if k.places[at].line == 0 {
			k.places[at], k.vars[at] = k.places[path], k.vars[path]
		}
		if c.Cloud != "" && !slices.Contains(info.Services, service) {
			k.add(at, unknownServiceText(info, service))
			continue
		}
		k.checkRequired(at, c.Endpoints[service])
		text, ok := k.normalizeURL(at, c.Endpoints[service], urlRules{})
		if ok {
			c.Endpoints[service] = text
		}
	}
}

func unknownServiceText(info inventory.CloudInfo, service string) language.Text {
	w := language.New("这朵云没有这个服务，应为 "+strings.Join(info.Services, "、")+" 之一",
		"is no service of "+info.Name.EN+", must be one of "+strings.Join(info.Services, ", "))
	near := language.Nearest(service, info.Services)
	if near != "" {
		return withSuggestion(w, near)
	}
	return w
}

// checkIdentity checks that the host of an account can have the identity that is named.
func (k checker) checkIdentity(path string, c *Cloud, info inventory.CloudInfo) {
	switch {
	case c.Identity == "":
	case !takesIdentity(info):
		k.add(path, k.onlyForText(takesIdentity))
	case !c.AccessKeyID.IsEmpty() || !c.AccessKeySecret.IsEmpty():
		k.add(path, language.New("代替密钥：不能与 access_key_id、access_key_secret 一起写", "serves in place of a key: access_key_id and access_key_secret must not be there too"))
	case info.IdentityIsUUID && uuid.Validate(c.Identity) != nil:
		k.add(path, language.New("应为用户分配的托管标识的 client id（UUID）", "must be the client id (a UUID) of a user-assigned identity"))
	case !info.IdentityIsUUID && !slices.Contains(info.HostIdentities, c.Identity):
		k.add(path, language.New("应为 "+strings.Join(info.HostIdentities, "、"), "must be "+strings.Join(info.HostIdentities, ", ")))
	}
}

func takesIdentity(c inventory.CloudInfo) bool { return c.IdentityIsUUID || len(c.HostIdentities) > 0 }

// listServices returns the services of each cloud, for the setting's text.
func listServices(known inventory.CloudTable) language.Text {
	var zh, en []string
	comma := language.New("、", ", ")
	for _, c := range known {
		if len(c.Services) > 0 {
			zh = append(zh, c.Name.ZH+" "+strings.Join(c.Services, comma.ZH))
			en = append(en, c.Name.EN+" "+strings.Join(c.Services, comma.EN))
		}
	}
	semicolon := language.New("；", "; ")
	return language.New(strings.Join(zh, semicolon.ZH), strings.Join(en, semicolon.EN))
}

// listIdentities returns what identity may be, for the setting's text.
func listIdentities(known inventory.CloudTable) language.Text {
	var zh, en []string
	assigned := language.New("用户分配的托管标识的 client id", "the client id of a user-assigned identity")
	for _, c := range known {
		for _, word := range c.HostIdentities {
			zh, en = append(zh, c.Name.ZH+" "+word), append(en, c.Name.EN+" "+word)
		}
		if c.IdentityIsUUID {
			zh, en = append(zh, c.Name.ZH+" "+assigned.ZH), append(en, c.Name.EN+" "+assigned.EN)
		}
	}
	semicolon := language.New("；", "; ")
	return language.New(strings.Join(zh, semicolon.ZH), strings.Join(en, semicolon.EN))
}

// isEveryRegion reports whether a word stands for all regions.
func isEveryRegion(word string) bool {
	all := language.New("全部", "all")
	return word == "*" || word == all.ZH || word == all.EN
}

// normalizeRegions returns regions in lower case, as every cloud writes them. A word for all of them, alone, is no
// limit.
func normalizeRegions(regions []string) []string {
	lower := slices.Clone(regions)
	for i := range lower {
		lower[i] = strings.ToLower(lower[i])
	}
	if len(lower) == 1 && isEveryRegion(lower[0]) {
		return nil
	}
	return lower
}

// checkRegions checks the regions of an account, and those that are excluded.
func (k checker) checkRegions(path string, c *Cloud) {
	zones := k.zonesOf(c)
	k.checkRegionIDs(path+".regions", c.Regions, zones)
	k.checkRegionIDs(path+".exclude_regions", c.ExcludeRegions, zones)
	if len(c.ExcludeRegions) > 0 && len(c.Regions) > 0 {
		k.add(path+".exclude_regions", language.New("写了 regions 时没有作用：从 regions 里去掉即可", "has no effect beside regions: take the region out of regions"))
	}
}

// zonesOf returns what matches ids of zones; nil = nothing is known of them. A private cloud names its regions as it likes.
func (k checker) zonesOf(c *Cloud) *regexp.Regexp {
	pattern := k.known.Find(c.Cloud).ZonePattern
	if pattern == "" || c.Endpoint != "" || len(c.Endpoints) > 0 {
		return nil
	}
	zones, err := regexp.Compile(pattern)
	if err != nil {
		return nil // a test of the table proves that there is none
	}
	return zones
}

func (k checker) checkRegionIDs(path string, regions []string, zones *regexp.Regexp) {
	seen := map[string]bool{}
	for i, region := range regions {
		at := path + "[" + strconv.Itoa(i) + "]"
		inZone := regionOfZone(zones, region)
		switch {
		case k.notePlaceholder(at, region):
		case isEveryRegion(region):
			k.add(at, language.New("代表全部地域，只能单独写在 regions 里", "stands for all regions, and may only be alone in regions"))
		case strings.ContainsFunc(region, isNotRegionRune), len(region) > inventory.MaxLabelLength:
			k.add(at, malformedRegionText(region))
		case inZone != "":
			k.add(at, language.New("这是可用区，要写它的地域 "+inZone, "is a zone; write its region "+inZone))
		case seen[region]:
			k.add(at, language.New("地域重复", "the region is there twice"))
		}
		seen[region] = true
	}
}

// regionOfZone returns the region of a zone; "" = the id is none of a zone.
func regionOfZone(zones *regexp.Regexp, id string) string {
	if zones == nil {
		return ""
	}
	groups := zones.FindStringSubmatch(id)
	if groups == nil {
		return ""
	}
	return cmp.Or(groups[1:]...)
}

// malformedRegionText says what an id of a region is like.
func malformedRegionText(region string) language.Text {
	odd, isOdd := oddSpace(region)
	if isOdd {
		return language.New("有"+odd.ZH, "holds "+odd.EN)
	}
	return language.New("应为 cn-beijing 这样的地域 ID", "must be a region's id such as cn-beijing")
}

func isNotRegionRune(r rune) bool {
	letter := (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
	return !letter && (r < '0' || r > '9') && r != '-' && r != '_'
}
