package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

func TestDesiredName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("汉", 200)
	for _, r := range []struct {
		name, host string
		hostFirst  bool
		want       string
	}{
		{"web", "host", false, "web"},
		{"  web\t", "host", false, "web"},
		{" \u00a0 ", "host", false, "host"},
		{"", "", false, "i-1"},
		{"\x00\x1f", "\ufffd", false, "i-1"},
		{"web", "host", true, "host"},
		{"web", " ", true, "web"},
		{"", "", true, "i-1"},
		{"a\nb", "", false, "a b"},
		{"a\xffb", "", false, "a b"},
		{"网站🚀", "", false, "网站🚀"},
		{long, "", false, strings.Repeat("汉", 128)},
		{strings.Repeat("a", 127) + " b", "", false, strings.Repeat("a", 127)},
	} {
		i := instanceInProd("i-1", r.name, "10.0.0.1", func(i *inventory.Instance) { i.HostName = r.host })
		if got := (Rules{HostNames: r.hostFirst}).desiredName(i); got != r.want {
			t.Errorf("%q %q: got %q, want %q", r.name, r.host, got, r.want)
		}
	}
	if got := (Rules{}).desiredName(inventory.Instance{ID: " "}); got != " " {
		t.Errorf("without any name: %q", got)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	runPlanRows(t, []planRow{
		{"two new: the smallest id", func(w *world) { w.addInstances(webInstance("2"), webInstance("1")) },
			[]string{createLine("1", "web"), createLine("2", "web-i-2")}, nil},
		{"an active asset keeps it", func(w *world) {
			w.addInstances(webInstance("2"), webInstance("1"))
			w.addAssets(hostOf(webInstance("2")))
		},
			[]string{createLine("1", "web-i-1"), "unchanged 1"}, nil},
		{"it lasts", func(w *world) {
			w.addInstances(webInstance("2"), webInstance("1"))
			w.addAssets(hostOf(webInstance("2")), hostOf(webInstance("1"), withName("web-i-1")))
		}, []string{"unchanged 2"}, nil},
		{"one switched off by a person gives way to an active one", func(w *world) {
			w.addInstances(webInstance("2"), webInstance("1"))
			w.addAssets(hostOf(webInstance("2"), switchedOff))
		}, []string{`move 1 update i-2 follows_cloud name="web-i-2"`, createLine("1", "web")}, nil},
		{"a foreign asset holds it", func(w *world) { w.addInstances(webInstance("1")); w.addAssets(foreignHost("x", "web", "", true)) },
			[]string{createLine("1", "web-i-1")}, nil},
		{"a foreign asset that is off holds it too", func(w *world) { w.addInstances(webInstance("1")); w.addAssets(foreignHost("x", "web", "", false)) },
			[]string{createLine("1", "web-i-1")}, nil},
		{"an asset that is no host holds it", func(w *world) {
			w.addInstances(webInstance("1"))
			w.addAssets(inventory.Asset{ID: "db", Name: "web"})
		}, []string{createLine("1", "web-i-1")}, nil},
		{"even the suffixed is taken", func(w *world) {
			w.addInstances(webInstance("1"))
			w.addAssets(foreignHost("x", "web", "", true), foreignHost("y", "web-i-1", "", true), foreignHost("z", "web-i-1-2", "", true))
		}, []string{createLine("1", "web-i-1-3")}, nil},
		{"the suffixed is another's own name", func(w *world) {
			w.addInstances(webInstance("1"), webInstance("2"), instanceInProd("i-3", "web-i-2", "10.0.0.3"))
		},
			[]string{createLine("1", "web"), createLine("2", "web-i-2-2"), createLine("3", "web-i-2")}, nil},
		{"held name becomes free", func(w *world) {
			w.addInstances(webInstance("2"), instanceInProd("i-1", "db", "10.0.0.1"))
			w.addAssets(hostOf(webInstance("1")), hostOf(webInstance("2"), withName("web-i-2")))
		}, []string{
			`move 1 update i-1 follows_cloud name="db"`, `move 2 update i-2 follows_cloud name="web"`,
		}, nil},
		{"only some assets were read: the suffix stays", func(w *world) {
			w.rules.Partial = true
			w.addInstances(webInstance("2"), instanceInProd("i-1", "db", "10.0.0.1"))
			w.addAssets(hostOf(webInstance("2"), withName("web-i-2")), hostOf(webInstance("1")))
		}, []string{`update i-1 follows_cloud name="db"`, "unchanged 1"}, nil},
		{"a plain new name needs no step", func(w *world) {
			w.addInstances(instanceInProd("i-1", "db", "10.0.0.1"))
			w.addAssets(hostOf(webInstance("1")))
		},
			[]string{`update i-1 follows_cloud name="db"`}, nil},
	})
}

// webInstance returns an instance that wants the name "web".
func webInstance(n string) inventory.Instance { return instanceInProd("i-"+n, "web", "10.0.0."+n) }

func createLine(n, name string) string {
	return `create i-` + n + ` new_instance name="` + name + `" 10.0.0.` + n + ` Linux`
}

// TestGivesWay: assets that are deactivated, or approved to be removed, release their names.
func TestGivesWay(t *testing.T) {
	t.Parallel()
	runPlanRows(t, []planRow{
		{"deactivated before: gives way", func(w *world) {
			w.addInstances(webInstance("2"))
			w.addAssets(hostOf(webInstance("1"), deactivatedFor(time.Hour)))
		},
			[]string{`move 1 update i-1 gives_way name="web-i-1"`, createLine("2", "web"), "keep i-1 in_grace"}, nil},
		{"deactivated now: rebuilt server takes the name", func(w *world) { w.addInstances(webInstance("2")); w.addAssets(hostOf(webInstance("1"))) },
			[]string{`move 1 update i-1 gives_way name="web-i-1"`, createLine("2", "web"), "deactivate i-1 instance_gone"},
			func(t *testing.T, a Approved) {
				if c := a.Removals()[0]; c.Name != "web-i-1" || c.Before.Name != "web" {
					t.Errorf("%+v", c)
				}
			}},
		{"deleted now: likewise", func(w *world) {
			w.addInstances(webInstance("2"))
			w.addAssets(hostOf(webInstance("1")))
			w.rules.Grace = 0
		},
			[]string{`move 1 update i-1 gives_way name="web-i-1"`, createLine("2", "web"), "delete i-1 gone_at_once"}, nil},
		{"held by the guard: keeps its name", func(w *world) {
			w.addInstances(webInstance("2"))
			w.addAssets(hostOf(webInstance("1")))
			w.limits.PerRun = 0
		}, []string{createLine("2", "web-i-2"), "hold i-1 guard_run"}, nil},
		{"grace over, yet held: gives way all the same", func(w *world) {
			w.addInstances(webInstance("2"))
			w.addAssets(hostOf(webInstance("1"), deactivatedFor(99*24*time.Hour)))
			w.proof = func(Change) (Proof, bool) { return Proof{}, false }
		}, []string{`move 1 update i-1 gives_way name="web-i-1"`, createLine("2", "web"), "hold i-1 guard_not_asked"}, nil},
		{"kept: keeps its name", func(w *world) {
			w.addAssets(hostOf(webInstance("1")))
			w.addFailedListing(scopeOf("b", beijing), owner)
			w.addInstances(webInstance("2"))
		}, []string{createLine("2", "web-i-2"), "keep i-1 scope_failed"}, nil},
		{"a person switched it on again: keeps its name", func(w *world) {
			w.addInstances(webInstance("2"))
			w.addAssets(hostOf(webInstance("1"), deactivatedFor(time.Hour), func(a *inventory.Asset) { a.Active = true }))
		}, []string{createLine("2", "web-i-2"), "update i-1 remembers labels", "skip i-1 switched_on"}, nil},
		{"gives way, and its new name is a foreign asset's", func(w *world) {
			w.addInstances(webInstance("2"))
			w.addAssets(hostOf(webInstance("1"), deactivatedFor(time.Hour)), foreignHost("x", "web-i-1", "", true))
		}, []string{`move 1 update i-1 gives_way name="web-i-1-2"`, createLine("2", "web"), "keep i-1 in_grace"}, nil},
		{"two deactivated of one name", func(w *world) {
			w.addInstances(webInstance("9"))
			w.addAssets(hostOf(webInstance("1"), deactivatedFor(time.Hour)), hostOf(webInstance("2"), deactivatedFor(time.Hour), withName("web-i-1")))
		}, []string{
			`move 1 update i-1 gives_way name="web-i-1-2"`, createLine("9", "web"), "keep i-1 in_grace", "keep i-2 in_grace",
		}, nil},
		{"gives way to a name that another leaves", func(w *world) {
			w.addInstances(webInstance("9"), instanceInProd("i-5", "db", "10.0.0.5"))
			w.addAssets(hostOf(webInstance("1"), deactivatedFor(time.Hour)), hostOf(instanceInProd("i-5", "web-i-1", "10.0.0.5")))
		}, []string{
			`move 1 update i-5 follows_cloud name="db"`, `move 2 update i-1 gives_way name="web-i-1"`,
			createLine("9", "web"), "keep i-1 in_grace",
		}, nil},
		{"back again, its name is another's", func(w *world) {
			w.addInstances(webInstance("1"), webInstance("2"))
			w.addAssets(hostOf(webInstance("1"), deactivatedFor(time.Hour), withName("web-i-1")), hostOf(webInstance("2")))
		}, []string{"update i-1 returned labels active=true", "unchanged 1"}, nil},
	})
}

type renameCycle struct {
	name          string
	before, after []string // names of i-1, i-2, …
	moves         int
	others        []string // names of foreign assets
	gone          []string // names of deactivated ones
}

func renameCycles() []renameCycle {
	return []renameCycle{
		{"swap", []string{"a", "b"}, []string{"b", "a"}, 3, nil, nil},
		{"three", []string{"a", "b", "c"}, []string{"b", "c", "a"}, 4, nil, nil},
		{"three the other way", []string{"a", "b", "c"}, []string{"c", "a", "b"}, 4, nil, nil},
		{"two swaps", []string{"a", "b", "c", "d"}, []string{"b", "a", "d", "c"}, 6, nil, nil},
		{"chain", []string{"a", "b", "c"}, []string{"b", "c", "d"}, 3, nil, nil},
		{"swap with a follower", []string{"a", "b", "c"}, []string{"b", "a", "x"}, 3, nil, nil},
		{"chain out of a new name", []string{"a", "b"}, []string{"b", "c", "a"}, 2, nil, nil},
		{"parking places are taken", []string{"a", "b"}, []string{"b", "a"}, 3,
			[]string{"b-i-1-jms-swap", "a-i-2-jms-swap", "b-i-1-jms-swap-2", "a-i-2-jms-swap-2"}, nil},
		{"parking places are names that others took just before", []string{"a", "b", "c", "d"},
			[]string{"b", "a", "b-i-1-jms-swap", "a-i-2-jms-swap", "c", "d"}, 5, nil, nil},
		{"parking places are names that others leave later", []string{"a", "b", "b-i-1-jms-swap", "a-i-2-jms-swap"},
			[]string{"b", "a", "x", "y"}, 3, nil, nil},
		{"parking places are those of deactivated ones", []string{"a", "b"}, []string{"b", "a"}, 3,
			nil, []string{"b-i-1-jms-swap", "a-i-2-jms-swap"}},
	}
}

// TestRenamesInACircle: in any circle of names each write finds its name free, and every asset ends with its own.
// Invariants: 7.
func TestRenamesInACircle(t *testing.T) {
	t.Parallel()
	for _, r := range renameCycles() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			for n, name := range r.after {
				id := fmt.Sprint("i-", n+1)
				w.addInstances(instanceInProd(id, name, "10.0.0.1"))
				if n < len(r.before) {
					w.addAssets(hostOf(instanceInProd(id, r.before[n], "10.0.0.1")))
				}
			}
			for n, name := range r.others {
				w.addAssets(foreignHost(fmt.Sprint("x", n), name, "", true))
			}
			for n, name := range r.gone {
				w.addAssets(hostOf(instanceInProd(fmt.Sprint("i-9", n), name, "10.0.0.1"), deactivatedFor(time.Hour)))
			}
			a := w.approve()
			moves := 0
			for _, step := range a.Renames() {
				moves += len(step)
			}
			if moves != r.moves {
				t.Errorf("%d moves, want %d: %q", moves, r.moves, renderLines(a))
			}
			checkTexts(t, a)
			j := newFakeJumpServer(t, w)
			j.apply(a)
			for n, name := range r.after {
				id := inventory.AssetID(inventory.Alibaba, beijing, fmt.Sprint("i-", n+1))
				if got := j.assets[id].Name; got != name {
					t.Errorf("i-%d is called %q, want %q", n+1, got, name)
				}
			}
		})
	}
}

// TestInterimStepsCarryNothingElse: a step of a swap changes only the name, and is marked.
func TestInterimStepsCarryNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.addInstances(instanceInProd("i-1", "b", "10.0.0.7"), instanceInProd("i-2", "a", "10.0.0.8"))
	w.addAssets(hostOf(instanceInProd("i-1", "a", "10.0.0.1")), hostOf(instanceInProd("i-2", "b", "10.0.0.2")))
	interim, moved := 0, 0
	for _, c := range slices.Concat(w.approve().Renames()...) {
		switch {
		case !c.Interim:
			if c.Patch.Address != nil {
				moved++
			}
		case c.Patch.Address != nil || c.Patch.Labels != nil || c.Reason.Code != reason.SwapStep || c.Name != *c.Patch.Name:
			t.Errorf("%+v", c)
		default:
			interim++
		}
	}
	if interim != 1 || moved != 2 {
		t.Errorf("%d steps in between, %d addresses", interim, moved)
	}
}

// TestLongNames: the limit is 128 characters, not bytes, and the suffix is never cut.
func TestLongNames(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"a", "汉", "🚀", "👩‍💻", "a "} {
		w := newWorld()
		long := strings.Repeat(part, 150)
		for _, id := range []string{"i-1", "i-2", "i-" + strings.Repeat("9", 62)} {
			w.addInstances(instanceInProd(id, long, "10.0.0.1"))
		}
		seen := map[string]bool{}
		for n, c := range w.approve().Creates() {
			name := c.NewAsset().Name
			if utf8.RuneCountInString(name) > 128 || !utf8.ValidString(name) || seen[name] || name != strings.TrimSpace(name) {
				t.Errorf("%q of %d characters", name, utf8.RuneCountInString(name))
			}
			if n > 0 && !strings.HasSuffix(name, "-"+c.InstanceID) {
				t.Errorf("%q has lost its suffix", name)
			}
			if n == 0 && utf8.RuneCountInString(name) < 127 {
				t.Errorf("%q is cut too much", name)
			}
			seen[name] = true
		}
	}
}

// FuzzNames assigns any names to a few instances: final names are unique, short enough and none of the fixed ones, and a
// second run changes nothing.
func FuzzNames(f *testing.F) {
	f.Add("web\nweb\ndb", "db", "i-1", byte(3))
	f.Add("web-i-1\nweb\nweb", "web\nweb-i-1", "i-1", byte(0))
	f.Add(strings.Repeat("汉", 140)+"\n"+strings.Repeat("汉", 128), "", strings.Repeat("i", 60), byte(255))
	f.Fuzz(func(t *testing.T, names, held, prefix string, active byte) {
		fixed := map[string]bool{}
		for _, n := range strings.Split(held, "\n") {
			fixed[n] = true
		}
		prefix = truncateName(sanitizeName(prefix), 60) // a label takes 64 characters
		var claims []nameClaim
		for n, name := range strings.SplitN(names, "\n", 9) {
			i := inventory.Instance{Name: name, ID: fmt.Sprint(prefix, "x", n)}
			claims = append(claims, nameClaim{
				assetID: fmt.Sprint("asset-", n), instanceID: i.ID, desiredName: Rules{}.desiredName(i), active: active>>(n%8)&1 == 0,
			})
		}
		final := resolveNames(claims, fixed)
		taken := map[string]bool{}
		for n, c := range claims {
			name := final[c.assetID]
			if name == "" || utf8.RuneCountInString(name) > maxNameLength || name != strings.TrimSpace(name) {
				t.Errorf("%q is no name", name)
			}
			if taken[name] || fixed[name] {
				t.Errorf("%q is taken", name)
			}
			taken[name] = true
			claims[n].currentName = name
		}
		slices.Reverse(claims)
		if again := resolveNames(claims, fixed); !maps.Equal(final, again) {
			t.Errorf("first %v, then %v", final, again)
		}
	})
}
