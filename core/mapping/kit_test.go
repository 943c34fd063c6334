package mapping

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// testClouds are two clouds, one with several kinds of instances.
func testClouds() inventory.CloudTable {
	return inventory.CloudTable{
		{Cloud: "alibaba", Spellings: []string{"阿里云", "aliyun", "alibaba"}, MainKind: "ecs", Kinds: []inventory.KindInfo{{Name: "swas"}}},
		{Cloud: "aws", Spellings: []string{"aws", "amazon"}},
	}
}

// compile returns compiled rules, or fails the test.
func compile(t testing.TB, o Options, rules ...Rule) *Set {
	t.Helper()
	o.Clouds = testClouds()
	s, mistakes := Compile(rules, o)
	if mistakes != nil {
		t.Fatalf("%+v", mistakes)
	}
	return s
}

// when is a condition on keys, each with its patterns.
func when(keysAndPatterns ...string) Condition {
	c := Condition{Keys: map[string][]string{}}
	for n := 0; n < len(keysAndPatterns); n += 2 {
		key := keysAndPatterns[n]
		c.Keys[key] = append(c.Keys[key], keysAndPatterns[n+1])
	}
	return c
}

// aSubject returns an instance that has everything, with changes.
func aSubject(changes ...func(*inventory.Instance)) Subject {
	i := &inventory.Instance{
		Scope: inventory.Scope{Cloud: "alibaba", Account: "prod", Region: "cn-hangzhou"},
		Owner: "1234", ID: "i-bp1", Name: "web-01", HostName: "web01.local", OSType: "linux", OSName: "Ubuntu 22.04 64位", Status: "running",
		Type: "ecs.g7.large", VPC: "vpc-1", Project: "p-1", PrivateIPs: []string{"10.1.2.3"}, PublicIPs: []string{"47.1.2.3", "47.1.2.4"},
		IPv6s: []string{"2408::1"},
		Facts: &inventory.Facts{
			Status: "running", Zone: "cn-hangzhou-h", Subnet: "vsw-1", Groups: []string{"sg-1", "sg-2"}, ResourceGroup: "rg-1", Image: "m-1",
			Charge: "prepaid", CreatedAt: time.Unix(1e9, 0), Elastic: 1,
			Tags: []inventory.Tag{{Key: "app", Value: "Shop"}, {Key: "empty"}, {Key: "env", Value: "prod"}, {Key: "team", Value: "a/b:c"}},
		},
	}
	for _, change := range changes {
		change(i)
	}
	return Subject{Instance: i, CloudType: "阿里云"}
}

// tagged returns a change that gives an instance these tags, each a key and a value, in the order of the keys.
func tagged(keysAndValues ...string) func(*inventory.Instance) {
	return func(i *inventory.Instance) {
		i.Facts.Tags = nil
		for n := 0; n < len(keysAndValues); n += 2 {
			i.Facts.Tags = append(i.Facts.Tags, inventory.Tag{Key: keysAndValues[n], Value: keysAndValues[n+1]})
		}
	}
}

// unread is a change that hides an instance's tags.
func unread(i *inventory.Instance) { i.Facts.Tags, i.Facts.TagsUnread = nil, true }

// swas is a change that makes an instance a lightweight server.
func swas(i *inventory.Instance) { i.Region = "cn-hangzhou.swas" }
