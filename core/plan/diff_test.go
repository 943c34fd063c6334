package plan

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// TestListed, TestFollows and TestReturns have one row per line of the doc's table that begins
// with "listed".
// Invariants: 5.
func TestListed(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	shanghai := instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Region = "cn-shanghai" })
	runPlanRows(t, []planRow{
		{"none: create", func(w *world) { w.addInstances(i1) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux`}, nil},
		{"none and no address: not yet", func(w *world) { w.addInstances(instanceInProd("i-1", "web", "", hasStatus("pending"))) },
			[]string{"skip i-1 no_address"}, nil},
		{"none, outside the whitelist", func(w *world) { w.addInstances(i1); w.rules.Whitelist = parsePrefixes("10.1.0.0/16") },
			[]string{"skip i-1 not_whitelisted"}, nil},
		{"all labels taken off", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, func(a *inventory.Asset) { a.Labels, a.Address = nil, "10.7.7.7" }))
		}, []string{"skip i-1 marks_taken_off"}, nil},
		{"one label taken off", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, withoutLabel(inventory.LabelOwner))) },
			[]string{"skip i-1 marks_taken_off"}, nil},
		{"a label twice", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, withExtraLabel(inventory.LabelAccount, "x")))
		},
			[]string{"skip i-1 marks_taken_off"}, nil},
		{"asset of the Python tool", func(w *world) {
			w.addInstances(i1)
			w.addAssets(foreignHost("p", "old", "由JMS-Sync同步于 2025-05-07 10:00:00\ninstance_id: i-1\ninstance_type: ecs.g6", true))
		}, []string{"skip i-1 named_in_comment"}, nil},
		{"clone with our labels copied", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, func(a *inventory.Asset) { a.ID, a.Name = "clone", "web copy" }), hostOf(i1))
		}, []string{"skip i-1 is_copy", "unchanged 1"}, nil},
		{"only the clone is left", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, func(a *inventory.Asset) { a.ID = "clone" }))
		}, []string{"skip i-1 named_in_comment", "skip i-1 is_copy"}, nil},
		{"ours, in another region", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(shanghai)) },
			[]string{"skip i-1 other_region", "keep i-1 seen_elsewhere"}, nil},
		{"in two regions at once: one asset", func(w *world) {
			w.addInstances(i1)
			w.addListing(scopeOf(prod, "cn-shanghai"), owner, i1)
		}, []string{`create i-1 new_instance name="web" 10.0.0.1 Linux`, "skip i-1 other_region"}, nil},
		{"in two regions, asset in the later one", func(w *world) {
			w.addInstances(i1)
			w.addListing(scopeOf(prod, "cn-shanghai"), owner, i1)
			w.addAssets(hostOf(shanghai))
		}, []string{"skip i-1 other_region", "unchanged 1"}, nil},
	})
}

// TestFollows: which fields of a listed asset of ours follow the cloud.
func TestFollows(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	runPlanRows(t, []planRow{
		{"name, address and labels differ", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web2", "10.0.0.2"))
			w.addAssets(hostOf(i1, withoutLabel(inventory.LabelAccount), withExtraLabel(inventory.LabelAccount, "before")))
		}, []string{`update i-1 follows_cloud name="web2" address=10.0.0.2 labels`}, func(t *testing.T, a Approved) {
			c := a.Updates()[0]
			if got := c.Reason.Text(language.English); !strings.Contains(got, "name web → web2, address 10.0.0.1 → 10.0.0.2, labels") {
				t.Error(got)
			}
		}},
		{"no address any more: keeps the last", func(w *world) { w.addInstances(instanceInProd("i-1", "web", "")); w.addAssets(hostOf(i1)) },
			[]string{"unchanged 1"}, nil},
		{"stopped is present", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Status = "stopped" }))
			w.addAssets(hostOf(i1))
		}, []string{"unchanged 1"}, nil},
		{"switched off by a person: stays off, follows", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.2"))
			w.addAssets(hostOf(i1, switchedOff))
		}, []string{"update i-1 follows_cloud address=10.0.0.2"}, nil},
		{"equal", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1)) }, []string{"unchanged 1"}, nil},
		{"platform, ports, comment stay people's", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, func(a *inventory.Asset) { a.Platform, a.Comment = "Windows", "mine" }))
		}, []string{"drift i-1 differs", "unchanged 1"}, nil},
		{"id too long for a label", func(w *world) { w.addInstances(instanceInProd("i-"+strings.Repeat("9", 63), "web", "10.0.0.1")) },
			[]string{"skip i-" + strings.Repeat("9", 63) + " not_markable"}, nil},
		{"owner not known: marks are left", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Owner = "" }))
			w.addAssets(hostOf(i1))
		}, []string{"unchanged 1"}, nil},
	})
}

// TestReturns: an instance that is listed again gets its asset back, as people left it.
// Invariants: 8.
func TestReturns(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	runPlanRows(t, []planRow{
		{"active again", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, withExtraLabel("team", "a"), deactivatedFor(time.Hour), withExtraLabel("z", "b")))
		},
			[]string{"update i-1 returned labels active=true"}, func(t *testing.T, a Approved) {
				want := append(ownershipLabels(i1), inventory.Label{Name: "team", Value: "a"}, inventory.Label{Name: "z", Value: "b"})
				if got := a.Updates()[0].Patch.Labels; !slices.Equal(got, want) {
					t.Errorf("labels %v", got)
				}
			}},
		{"was off before we came", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, withExtraLabel(inventory.LabelOff, "person"), deactivatedFor(time.Hour)))
		},
			[]string{"update i-1 returned_off labels"}, func(t *testing.T, a Approved) {
				if got := a.Updates()[0].Patch.Labels; !slices.Equal(got, ownershipLabels(i1)) {
					t.Errorf("labels %v", got)
				}
			}},
		{"a person was faster", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, deactivatedFor(time.Hour), func(a *inventory.Asset) { a.Active = true }))
		}, []string{"update i-1 follows_cloud labels"}, nil},
		{"with an unreadable label", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, switchedOff, withExtraLabel(inventory.LabelGone, "monday")))
		},
			[]string{"update i-1 returned labels active=true"}, nil},
		{"outside the whitelist: left", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, deactivatedFor(time.Hour)))
			w.rules.Whitelist = parsePrefixes("10.1.0.0/16")
		}, []string{"skip i-1 not_whitelisted"}, nil},
		{"jms-off without jms-gone is a person's", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, withExtraLabel(inventory.LabelOff, "x"))) },
			[]string{"unchanged 1"}, nil},
	})
}

func TestLabelsOfPeopleKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	w := newWorld()
	w.addInstances(i1)
	ours := ownershipLabels(i1)
	mine := func(v string) inventory.Label { return inventory.Label{Name: "team", Value: v} }
	w.addAssets(hostOf(i1, func(a *inventory.Asset) {
		old := inventory.Label{Name: inventory.LabelOwner, Value: "2"}
		a.Labels = []inventory.Label{mine("b"), ours[4], ours[1], mine("a"), old, ours[3], ours[0], mine("c")}
	}))
	want := []inventory.Label{mine("b"), ours[4], ours[1], mine("a"), ours[2], ours[3], ours[0], mine("c")}
	if got := w.approve().Updates()[0].Patch.Labels; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTwoAccountsOfOneOwner: both list the instance; the asset stays with the account that it names.
func TestTwoAccountsOfOneOwner(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	by := func(account string) inventory.Instance {
		return instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Account = account })
	}
	both := func(w *world, accounts ...string) {
		w.listings = nil
		for _, a := range accounts {
			w.rules.Accounts[a] = Account{Type: "aliyun"}
			w.addListing(scopeOf(a, beijing), owner, i1)
		}
	}
	runPlanRows(t, []planRow{
		{"new: the first by name", func(w *world) { both(w, "b", "a") },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux`}, func(t *testing.T, a Approved) {
				if c := a.Creates()[0]; c.Scope.Account != "a" || c.NewAsset().NodePaths[0] != "/DEFAULT/aliyun/a" {
					t.Errorf("%+v", c)
				}
			}},
		{"label a", func(w *world) { both(w, "b", "a"); w.addAssets(hostOf(by("a"))) }, []string{"unchanged 1"}, nil},
		{"label b", func(w *world) { both(w, "b", "a"); w.addAssets(hostOf(by("b"))) }, []string{"unchanged 1"}, nil},
		{"label b of three", func(w *world) { both(w, "c", "b", "a"); w.addAssets(hostOf(by("b"))) }, []string{"unchanged 1"}, nil},
		{"label of neither", func(w *world) { both(w, "b", "a"); w.addAssets(hostOf(by("z"))) },
			[]string{"update i-1 follows_cloud labels"}, func(t *testing.T, a Approved) {
				if c := a.Updates()[0]; c.Scope.Account != "a" {
					t.Errorf("%+v", c)
				}
			}},
	})
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		private, classic, public []string
		want                     string
	}{
		{[]string{"10.0.0.1", "10.0.0.2"}, []string{"10.1.0.1"}, []string{"47.0.0.1"}, "10.0.0.1"},
		{nil, []string{"10.1.0.1"}, []string{"47.0.0.1"}, "10.1.0.1"},
		{nil, nil, []string{"47.0.0.1", "47.0.0.2"}, "47.0.0.1"},
		{nil, nil, nil, ""},
	} {
		i := inventory.Instance{PrivateIPs: r.private, ClassicIPs: r.classic, PublicIPs: r.public}
		if got := i.PrimaryAddress(); got != r.want {
			t.Errorf("%v: got %q, want %q", i, got, r.want)
		}
	}
}

func TestPlatform(t *testing.T) {
	t.Parallel()
	for _, r := range []struct{ kind, system, name, want string }{
		{"windows", "", "", "Windows"},
		{"", "Windows Server 2022 数据中心版 64位中文版", "", "Windows"},
		{"linux", "Windows Server 2019", "", "Windows"},
		{"linux", "", "", "Linux"},
		{"linux", "something new", "", "Linux"},
		{"", "Ubuntu 22.04 64位", "", "Linux"},
		{"", "Alibaba Cloud Linux 3.2104 LTS 64位", "", "Linux"},
		{"", "CentOS 7.9 64位", "", "Linux"},
		{"", "Debian 12.4 64位", "", "Linux"},
		{"", "Red Hat Enterprise Linux 9", "", "Linux"},
		{"", "openEuler 22.03", "", "Linux"},
		{"", "Anolis OS 8.8 RHCK 64位", "", "Linux"},
		{"", "Rocky 9.3", "", "Linux"},
		{"", "银河麒麟 Kylin V10", "", "Linux"},
		{"", "统信 UOS 20", "", "Linux"},
		{"", "FreeBSD 13.1 64位", "", "Other"},
		{"", "", "", "Other"},
		{"", "", "win-server", "Other"},
		{"", "Ubuntu", "windows-jump", "Linux"},
	} {
		i := inventory.Instance{OSType: r.kind, OSName: r.system, Name: r.name, HostName: r.name}
		if got := (Rules{}).platformOf(i); got != r.want {
			t.Errorf("%q %q: got %s, want %s", r.kind, r.system, got, r.want)
		}
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	other := instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.OSType = "" })
	zoned := func(w *world) { w.rules.Accounts[prod] = Account{Type: "阿里云", Zone: "z-1"} }
	in := func(zone string) func(*inventory.Asset) { return func(a *inventory.Asset) { a.Zone = zone } }
	runPlanRows(t, []planRow{
		{"new", func(w *world) { zoned(w); w.addInstances(i1) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux zone=z-1`}, nil},
		{"new, platform without gateways", func(w *world) { zoned(w); w.addInstances(other) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Other`}, nil},
		{"asset has none", func(w *world) { zoned(w); w.addInstances(i1); w.addAssets(hostOf(i1)) },
			[]string{"update i-1 follows_cloud zone=z-1"}, nil},
		{"asset has a person's", func(w *world) { zoned(w); w.addInstances(i1); w.addAssets(hostOf(i1, in("z-9"))) },
			[]string{"drift i-1 differs", "unchanged 1"}, nil},
		{"asset's platform takes none", func(w *world) { zoned(w); w.addInstances(other); w.addAssets(hostOf(other)) },
			[]string{"unchanged 1"}, nil},
		{"none configured", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, in("z-9"))) },
			[]string{"unchanged 1"}, nil},
	})
}

func TestWhitelist(t *testing.T) {
	t.Parallel()
	v6 := func(i *inventory.Instance) { i.IPv6s = []string{"2001:db8::7"} }
	second := func(i *inventory.Instance) { i.PublicIPs = []string{"47.0.0.1"} }
	old := instanceInProd("i-1", "web", "10.0.0.9")
	for name, r := range map[string]struct {
		instance inventory.Instance
		list     []netip.Prefix
		want     string
	}{
		"empty":             {instanceInProd("i-1", "web", "10.0.0.1"), nil, "update"},
		"address":           {instanceInProd("i-1", "web", "10.0.0.1"), parsePrefixes("10.0.0.1"), "update"},
		"other address":     {instanceInProd("i-1", "web", "10.0.0.1"), parsePrefixes("10.0.0.2"), "skip"},
		"network":           {instanceInProd("i-1", "web", "10.0.0.1"), parsePrefixes("192.168.0.0/16", "10.0.0.0/8"), "update"},
		"IPv6 network":      {instanceInProd("i-1", "web", "", v6), parsePrefixes("2001:db8::/32"), "update"},
		"IPv6 address":      {instanceInProd("i-1", "web", "", v6), parsePrefixes("2001:db8::8"), "skip"},
		"any of its own":    {instanceInProd("i-1", "web", "10.0.0.1", second), parsePrefixes("47.0.0.0/24"), "update"},
		"only asset's old":  {instanceInProd("i-1", "web", "10.0.0.1"), parsePrefixes("10.0.0.9"), "skip"},
		"no address of its": {instanceInProd("i-1", "web2", ""), parsePrefixes("10.0.0.9"), "update"},
		"none fits":         {instanceInProd("i-1", "web2", ""), parsePrefixes("10.0.0.8"), "skip"},
	} {
		w := newWorld()
		w.rules.Whitelist = r.list
		w.addInstances(r.instance)
		have := hostOf(old)
		if len(r.instance.IPv6s) > 0 {
			have.Address = "2001:db8::9"
		}
		w.addAssets(have)
		if got := renderLines(w.approve()); len(got) != 1 || !strings.HasPrefix(got[0], r.want) {
			t.Errorf("%s: got %q, want %s", name, got, r.want)
		}
	}
}

func TestNewAsset(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Type, i.VPC = "ecs.g6.large", "vpc-1" }))
	got := *w.approve().Creates()[0].NewAsset()
	if got.NodePaths[0] != "/DEFAULT/阿里云/aliyun-prod" || got.ID != inventory.AssetID(inventory.Alibaba, beijing, "i-1") {
		t.Errorf("%+v", got)
	}
	if want := []string{"i-1"}; !slices.Equal(instancesInComment(got.Comment), want) {
		t.Errorf("the comment names %v", instancesInComment(got.Comment))
	}
	for _, part := range []string{"由 jms-sync", "instance_type: ecs.g6.large", "region: cn-beijing", "vpc_id: vpc-1"} {
		if !strings.Contains(got.Comment, part) {
			t.Errorf("comment %q lacks %q", got.Comment, part)
		}
	}
	w.rules.Lang = language.English
	if got := w.approve().Creates()[0].NewAsset().Comment; !strings.HasPrefix(got, "created by jms-sync") {
		t.Error(got)
	}
	if !slices.Equal(got.Labels, sharedLabels(w.listings[0].Instances[0])) {
		t.Errorf("labels %v", got.Labels)
	}
	if !strings.Contains(got.Comment, "\naccount_id: "+owner+"\n") {
		t.Errorf("comment %q lacks the owner", got.Comment)
	}
}

// TestBeside: an asset is created although another host has its address, and the reason names both.
func TestBeside(t *testing.T) {
	t.Parallel()
	runPlanRows(t, []planRow{
		{"by hand", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.9.0.1"), instanceInProd("i-2", "db", "10.9.0.2"))
			w.addAssets(foreignHost("x", "idc-oracle-db01", "", true))
		}, []string{
			`create i-1 new_beside name="web" 10.9.0.1 Linux`, `create i-2 new_instance name="db" 10.9.0.2 Linux`,
		}, func(t *testing.T, a Approved) {
			if got := a.Creates()[0].Reason.Text(language.English); !strings.Contains(got, "idc-oracle-db01") {
				t.Error(got)
			}
		}},
		{"a gateway", func(w *world) {
			gateway := foreignHost("x", "gw", "", true)
			gateway.Platform = "Gateway"
			w.addInstances(instanceInProd("i-1", "web", "10.9.0.1"))
			w.addAssets(gateway)
		}, []string{`create i-1 new_beside name="web" 10.9.0.1 Linux`}, nil},
		{"ours, of another instance", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1"), instanceInProd("i-2", "db", "10.0.0.1"))
			w.addAssets(hostOf(instanceInProd("i-2", "db", "10.0.0.1")))
		}, []string{`create i-1 new_instance name="web" 10.0.0.1 Linux`, "unchanged 1"}, nil},
		{"a database", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "10.9.0.1"))
			other := foreignHost("x", "idc", "", true)
			other.Host = false
			w.addAssets(other)
		}, []string{`create i-1 new_instance name="web" 10.9.0.1 Linux`}, nil},
	})
}
