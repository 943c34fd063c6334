package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// TestSpellings: names that MariaDB calls equal are one for new assets and renames; assets that a server already
// has side by side stay. The letters are those of the rows in the recordings' mariadb.md.
func TestSpellings(t *testing.T) {
	t.Parallel()
	runPlanRows(t, []planRow{
		{"A: three spellings are new, and two of another name", func(w *world) {
			w.addInstances(instanceInProd("i-1", "Web01", "10.0.0.1"), instanceInProd("i-2", "web01", "10.0.0.2"), instanceInProd("i-3", "WEB01", "10.0.0.3"),
				instanceInProd("i-4", "Ünter", "10.0.0.4"), instanceInProd("i-5", "unter", "10.0.0.5"), instanceInProd("i-6", "plain", "10.0.0.6"))
		}, []string{createLine("1", "Web01"), createLine("2", "web01-i-2"), createLine("3", "WEB01-i-3"),
			createLine("4", "Ünter"), createLine("5", "unter-i-5"), createLine("6", "plain")}, nil},
		{"A, the run after: nothing", func(w *world) {
			w.addInstances(instanceInProd("i-1", "Web01", "10.0.0.1"), instanceInProd("i-2", "web01", "10.0.0.2"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1")), hostOf(instanceInProd("i-2", "web01", "10.0.0.2"), withName("web01-i-2")))
		}, []string{"unchanged 2"}, nil},
		{"both exist, as PostgreSQL has them: nothing is renamed", func(w *world) {
			w.addInstances(instanceInProd("i-1", "Web01", "10.0.0.1"), instanceInProd("i-2", "web01", "10.0.0.2"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1")), hostOf(instanceInProd("i-2", "web01", "10.0.0.2")))
		}, []string{"unchanged 2"}, nil},
		{"both exist and one was switched off by a person: nothing is renamed", func(w *world) {
			w.addInstances(instanceInProd("i-1", "Web01", "10.0.0.1"), instanceInProd("i-2", "web01", "10.0.0.2"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1"), switchedOff), hostOf(instanceInProd("i-2", "web01", "10.0.0.2")))
		}, []string{"unchanged 2"}, nil},
		{"both exist and were switched off: nothing is renamed", func(w *world) {
			w.addInstances(instanceInProd("i-1", "Web01", "10.0.0.1"), instanceInProd("i-2", "web01", "10.0.0.2"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1"), switchedOff), hostOf(instanceInProd("i-2", "web01", "10.0.0.2"), switchedOff))
		}, []string{"unchanged 2"}, nil},
		{"both exist and one is deactivated: it keeps its name", func(w *world) {
			w.addInstances(instanceInProd("i-2", "web01", "10.0.0.2"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1"), deactivatedFor(time.Hour)), hostOf(instanceInProd("i-2", "web01", "10.0.0.2")))
		}, []string{"keep i-1 in_grace", "unchanged 1"}, nil},
		{"both exist, and a third spelling is new", func(w *world) {
			w.addInstances(instanceInProd("i-0", "WEB01", "10.0.0.9"), instanceInProd("i-1", "Web01", "10.0.0.1"), instanceInProd("i-2", "web01", "10.0.0.2"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1")), hostOf(instanceInProd("i-2", "web01", "10.0.0.2")))
		}, []string{`create i-0 new_instance name="WEB01-i-0" 10.0.0.9 Linux`, "unchanged 2"}, nil},
		{"one that was switched off has it, and an instance of a smaller id is new: it gives way", func(w *world) {
			w.addInstances(instanceInProd("i-0", "WEB01", "10.0.0.9"), instanceInProd("i-1", "Web01", "10.0.0.1"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1"), switchedOff))
		}, []string{`move 1 update i-1 follows_cloud name="Web01-i-1"`, `create i-0 new_instance name="WEB01" 10.0.0.9 Linux`}, nil},
		{"one that was switched off, one made by hand, and a new one: both keep theirs", func(w *world) {
			w.addInstances(instanceInProd("i-0", "WEB01", "10.0.0.9"), instanceInProd("i-1", "Web01", "10.0.0.1"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1"), switchedOff), foreignHost("x", "web01", "", true))
		}, []string{`create i-0 new_instance name="WEB01-i-0" 10.0.0.9 Linux`, "unchanged 1"}, nil},
		{"K: made by hand in another spelling", func(w *world) {
			w.addInstances(instanceInProd("i-1", "db-main", "10.0.0.1"))
			w.addAssets(foreignHost("x", "DB-Main", "", true))
		}, []string{createLine("1", "db-main-i-1")}, nil},
		{"M: what an event named stays", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web01", "10.0.0.1"))
			w.addAssets(foreignHost("x", "Web01", "", true), hostOf(instanceInProd("i-1", "web01", "10.0.0.1"), withName("web01-i-1")))
		}, []string{"unchanged 1"}, nil},
		{"M, and even the suffixed name exists in another spelling", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web01", "10.0.0.1"))
			w.addAssets(foreignHost("x", "Web01", "", true), foreignHost("y", "WEB01-I-1", "", true), hostOf(instanceInProd("i-1", "web01", "10.0.0.1"), withName("web01-i-1")))
		}, []string{"unchanged 1"}, nil},
		{"C: renamed in the cloud by case only", func(w *world) {
			w.addInstances(instanceInProd("i-1", "WEB", "10.0.0.1"))
			w.addAssets(hostOf(webInstance("1")))
		}, []string{`update i-1 follows_cloud name="WEB"`}, nil},
		{"C: renamed by case only, while an instance of a smaller id wants the same", func(w *world) {
			w.addInstances(instanceInProd("i-0", "WEB", "10.0.0.9"), instanceInProd("i-1", "WEB", "10.0.0.1"))
			w.addAssets(hostOf(webInstance("1")))
		}, []string{`create i-0 new_instance name="WEB-i-0" 10.0.0.9 Linux`, `update i-1 follows_cloud name="WEB"`}, nil},
		{"C: renamed to a variant of another's", func(w *world) {
			w.addInstances(instanceInProd("i-1", "DB", "10.0.0.1"), instanceInProd("i-2", "db", "10.0.0.2"))
			w.addAssets(hostOf(webInstance("1")), hostOf(instanceInProd("i-2", "db", "10.0.0.2")))
		}, []string{`update i-1 follows_cloud name="DB-i-1"`, "unchanged 1"}, nil},
		{"C: to a variant of a name that another leaves", func(w *world) {
			w.addInstances(instanceInProd("i-1", "DB", "10.0.0.1"), instanceInProd("i-2", "app", "10.0.0.2"))
			w.addAssets(hostOf(webInstance("1")), hostOf(instanceInProd("i-2", "db", "10.0.0.2")))
		}, []string{`move 1 update i-2 follows_cloud name="app"`, `move 2 update i-1 follows_cloud name="DB"`}, nil},
		{"a swap of variants", func(w *world) {
			w.addInstances(instanceInProd("i-1", "DB", "10.0.0.1"), instanceInProd("i-2", "WEB", "10.0.0.2"))
			w.addAssets(hostOf(webInstance("1")), hostOf(instanceInProd("i-2", "db", "10.0.0.2")))
		}, []string{`move 1 update i-2 swap_step name="WEB-i-2-jms-swap"`, `move 2 update i-1 follows_cloud name="DB"`,
			`move 3 update i-2 follows_cloud name="WEB"`}, nil},
		{"by case only, once another has left just that spelling", func(w *world) {
			w.addInstances(instanceInProd("i-1", "WEB", "10.0.0.1"), instanceInProd("i-2", "app", "10.0.0.2"))
			w.addAssets(hostOf(webInstance("1")), hostOf(instanceInProd("i-2", "WEB", "10.0.0.2")))
		}, []string{`move 1 update i-2 follows_cloud name="app"`, `move 2 update i-1 follows_cloud name="WEB"`}, nil},
		{"J: the holder of the name is released", func(w *world) {
			w.addInstances(instanceInProd("i-2", "web01", "10.0.0.2"))
			w.addAssets(hostOf(instanceInProd("i-1", "Web01", "10.0.0.1")), hostOf(instanceInProd("i-2", "web01", "10.0.0.2"), withName("web01-i-2")))
		}, []string{`move 1 update i-1 gives_way name="Web01-i-1"`, `move 2 update i-2 follows_cloud name="web01"`,
			"deactivate i-1 instance_gone"}, nil},
		{"Q: signs of four bytes are one", func(w *world) {
			w.addInstances(instanceInProd("i-1", "emoji-😀", "10.0.0.1"), instanceInProd("i-2", "emoji-🚀", "10.0.0.2"), instanceInProd("i-3", "emoji-𠮷", "10.0.0.3"))
		}, []string{createLine("1", "emoji-😀"), createLine("2", "emoji-🚀-i-2"), createLine("3", "emoji-𠮷-i-3")}, nil},
	})
}

// TestUTF8MB3: names are made without characters of four bytes if the database cannot hold them, and that is
// reported; otherwise nothing differs.
func TestUTF8MB3(t *testing.T) {
	t.Parallel()
	emoji := instanceInProd("i-1", "emoji-😀", "10.0.0.1")
	narrow := func(w *world) { w.rules.UTF8MB3 = true }
	runPlanRows(t, []planRow{
		{"a database that holds every sign", func(w *world) { w.addInstances(emoji) }, []string{createLine("1", "emoji-😀")}, nil},
		{"B: new", func(w *world) { narrow(w); w.addInstances(emoji) },
			[]string{`create i-1 new_shortened name="emoji-" 10.0.0.1 Linux`},
			func(t *testing.T, a Approved) {
				if said := a.Creates()[0].Reason.Text(language.English); !strings.Contains(said, "emoji-😀") {
					t.Error(said)
				}
			}},
		{"B: there already: said, and unchanged", func(w *world) { narrow(w); w.addInstances(emoji); w.addAssets(hostOf(emoji, withName("emoji-"))) },
			[]string{"drift i-1 name_shortened", "unchanged 1"}, nil},
		{"B: renamed to one", func(w *world) { narrow(w); w.addInstances(emoji); w.addAssets(hostOf(emoji, withName("web"))) },
			[]string{`update i-1 follows_cloud name="emoji-"`, "drift i-1 name_shortened"}, nil},
		{"the database holds every sign by now", func(w *world) { w.addInstances(emoji); w.addAssets(hostOf(emoji, withName("emoji-"))) },
			[]string{`update i-1 follows_cloud name="emoji-😀"`}, nil},
		{"two that differ by nothing else", func(w *world) { narrow(w); w.addInstances(emoji, instanceInProd("i-2", "emoji-🚀", "10.0.0.2")) },
			[]string{`create i-1 new_shortened name="emoji-" 10.0.0.1 Linux`, `create i-2 new_shortened name="emoji--i-2" 10.0.0.2 Linux`}, nil},
		{"nothing else in it: the host name, and the instance's id", func(w *world) {
			narrow(w)
			w.addInstances(instanceInProd("i-1", "👩‍💻", "10.0.0.1", func(i *inventory.Instance) { i.HostName = "desk" }), instanceInProd("i-2", "❤️🚀", "10.0.0.2"), instanceInProd("i-3", "🚀", "10.0.0.3"))
		}, []string{`create i-1 new_shortened name="desk" 10.0.0.1 Linux`, `create i-2 new_shortened name="❤" 10.0.0.2 Linux`,
			`create i-3 new_shortened name="i-3" 10.0.0.3 Linux`}, nil},
		{"signs of three bytes", func(w *world) {
			narrow(w)
			w.addInstances(instanceInProd("i-1", "☁✓→€中（一）", "10.0.0.1"))
		},
			[]string{createLine("1", "☁✓→€中（一）")}, nil},
		{"P: the account's name", func(w *world) {
			narrow(w)
			w.rules.Accounts["prod-😀"] = Account{Type: "阿里云", Enabled: true}
			w.addListing(scopeOf("prod-😀", beijing), "2", instanceInProd("i-9", "web", "10.0.0.9"))
		}, []string{"skip i-9 not_holdable"}, nil},
		{"P: an account that got such a name: its assets keep their labels", func(w *world) {
			narrow(w)
			w.rules.Accounts = map[string]Account{"prod-😀": {Type: "阿里云", Enabled: true}}
			w.listings = nil
			w.addListing(scopeOf("prod-😀", beijing), owner, webInstance("1"))
			w.addAssets(hostOf(webInstance("1")))
		}, []string{"unchanged 1"}, nil},
	})
}

// rightNamesStay: an active asset that has the very name that its instance wants is not renamed, whatever others
// are called. A server that tells two spellings apart holds both.
func rightNamesStay(t *testing.T, w *world) {
	assets := w.byID()
	for _, c := range allWrites(w.approve()) {
		before := assets[c.AssetID]
		for _, l := range w.listings {
			for _, i := range l.Instances {
				right := i.Existence != inventory.Closed && i.ID == c.InstanceID && before.Active && w.rules.desiredName(i) == before.Name
				if right && c.Action == Update && c.Patch.Name != nil && w.isListedOnce(i.ID) {
					t.Errorf("%q of %s becomes %q", before.Name, c.AssetID, *c.Patch.Name)
				}
			}
		}
	}
}

// isListedOnce reports whether exactly one listing has an instance, so that only one asset wants its name.
func (w *world) isListedOnce(instance string) bool {
	n := 0
	for _, l := range w.listings {
		for _, i := range l.Instances {
			if i.ID == instance {
				n++
			}
		}
	}
	return n == 1
}
