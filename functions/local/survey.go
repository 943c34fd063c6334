package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// surveyTime bounds how long init looks at instances.
const surveyTime = time.Minute

// surveyed is an account whose instances init looks at.
type surveyed struct {
	name    string
	hasZone bool // new hosts of the account have a zone already
	regions []string
	lister  cloud.Lister
}

// survey is what the instances of all accounts show of how they could be mapped.
type survey struct {
	hosts int
	tags  map[string]*tagUse
	vpcs  map[string]*vpcUse // of accounts without a zone, by id
}

// tagUse is how instances use a tag.
type tagUse struct {
	key    string
	hosts  int
	values map[string]bool
}

// vpcUse is what runs in a VPC.
type vpcUse struct {
	id, account, region string
	privateHosts        int // those that have private addresses only
}

// look lists the instances of an account and adds what they show.
func (s *survey) look(ctx context.Context, a surveyed) error {
	for _, region := range a.regions {
		listed, err := a.lister.List(ctx, region)
		if err != nil {
			return err
		}
		for n := range listed {
			s.add(a, region, &listed[n])
		}
	}
	return nil
}

func (s *survey) add(a surveyed, region string, i *inventory.Instance) {
	if i.Existence != inventory.Present {
		return
	}
	s.hosts++
	if i.Facts != nil {
		for _, t := range i.Facts.Tags {
			s.addTag(t)
		}
	}
	if i.VPC == "" || a.hasZone || len(i.PublicIPs) > 0 || len(i.PrivateIPs) == 0 {
		return
	}
	use := s.vpcs[i.VPC]
	if use == nil {
		use = &vpcUse{id: i.VPC, account: a.name, region: region}
		s.vpcs[i.VPC] = use
	}
	use.privateHosts++
}

func (s *survey) addTag(t inventory.Tag) {
	if !isTemplateKey(t.Key) || t.Value == "" {
		return
	}
	use := s.tags[t.Key]
	if use == nil {
		use = &tagUse{key: t.Key, values: map[string]bool{}}
		s.tags[t.Key] = use
	}
	use.hosts++
	use.values[t.Value] = true
}

// isTemplateKey reports whether a template can name a tag's key, and people have set it: those of clouds have a colon.
func isTemplateKey(key string) bool { return key != "" && !strings.ContainsAny(key, "{}|:$") }

// bestTags returns the tags in use: those that group instances before those whose values are almost all different, and
// of these the ones that most instances have.
func (s *survey) bestTags() []*tagUse {
	all := slices.SortedFunc(maps.Values(s.tags), func(x, y *tagUse) int {
		switch {
		case x.groups() != y.groups():
			return orderOf(x.groups())
		case x.hosts != y.hosts:
			return y.hosts - x.hosts
		}
		return strings.Compare(x.key, y.key)
	})
	return all[:min(len(all), maxOffered)]
}

// maxOffered is how many tags and VPCs init shows.
const maxOffered = 8

// groups reports whether a tag sorts instances into groups.
func (t *tagUse) groups() bool { return len(t.values) > 1 && len(t.values)*2 <= t.hosts }

// orderOf returns -1 for what comes first.
func orderOf(first bool) int {
	if first {
		return -1
	}
	return 1
}

// bestVPCs returns the VPCs with private hosts, those with most of them first.
func (s *survey) bestVPCs() []*vpcUse {
	all := slices.SortedFunc(maps.Values(s.vpcs), func(x, y *vpcUse) int {
		if x.privateHosts != y.privateHosts {
			return y.privateHosts - x.privateHosts
		}
		return strings.Compare(x.id, y.id)
	})
	return all[:min(len(all), maxOffered)]
}

// The marks of how much a zone's name says of a VPC.
const (
	namesPlace  = 1 // "idc-beijing", in the region cn-beijing
	namesRegion = 2 // "zone cn-beijing"
	namesVPC    = 4 // "vpc-1 zone"
	namesOwner  = 1 // in addition: the account
)

// similarZone returns the zone whose name says most of a VPC; false = none does, or several do alike.
func similarZone(v *vpcUse, zones []choice) (best choice, found bool) {
	most, isOnly := 0, false
	for _, z := range zones {
		mark := similarity(v, strings.ToLower(z.name))
		switch {
		case z.id == "" || mark == 0 || mark < most:
		case mark == most:
			isOnly = false
		default:
			best, most, isOnly = z, mark, true
		}
	}
	return best, isOnly
}

func similarity(v *vpcUse, name string) (mark int) {
	switch {
	case strings.Contains(name, strings.ToLower(v.id)):
		mark = namesVPC
	case strings.Contains(name, strings.ToLower(v.region)):
		mark = namesRegion
	case namesPlaceOf(v.region, name):
		mark = namesPlace
	default:
		return 0
	}
	if strings.Contains(name, strings.ToLower(v.account)) {
		mark += namesOwner
	}
	return mark
}

// namesPlaceOf reports whether a zone's name has the place of a region: "beijing" of cn-beijing.
func namesPlaceOf(region, name string) bool {
	const shortest = 4 // so that "cn", "ap" and "1" are no places
	general := []string{"north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest"}
	for _, word := range strings.FieldsFunc(strings.ToLower(region), func(r rune) bool { return r == '-' || r == '_' }) {
		if len(word) >= shortest && !slices.Contains(general, word) && strings.Contains(name, word) {
			return true
		}
	}
	return false
}
