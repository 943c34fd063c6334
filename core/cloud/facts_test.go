package cloud_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestParseTime: each form that a cloud writes, and what is no time, or no end.
func TestParseTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 2, 3, 4, 0, time.UTC)
	for text, want := range map[cloud.LenientText]time.Time{
		"2026-03-01T02:03:04Z": at, "2026-03-01T10:03:04+08:00": at, "2026-03-01T02:03Z": at.Truncate(time.Minute), "2026-03-01T02:03:04.1234567+00:00": at.Add(123456700),
		"2026-03-01T02:03:04.000000": at, "": {}, "0": {}, "yesterday": {}, "2026-03-01": {},
	} {
		got := cloud.ParseTime(text)
		if !got.Equal(want) || got.Location() != want.Location() {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[cloud.LenientText]bool{"2099-12-31T15:59Z": true, "2100-01-01T00:00:00Z": true, "2098-12-31T15:59Z": false, "": true} {
		if got := cloud.ParseExpiry(text).IsZero(); got != want {
			t.Errorf("%q never ends: %t", text, got)
		}
	}
}

// TestLenientText: the short way for plain texts gives what JSON says.
func TestLenientText(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"cn-beijing-h"`: "cn-beijing-h", `""`: "", `" a "`: "a", `"a\"b"`: `a"b`, `"\u5e94\u7528"`: "应用", `"应用"`: "应用", `0`: "0", `1234567`: "1234567", `-7`: "-7", `1.5`: "1.5", `1e3`: "1e3",
		`null`: "", `true`: "", `{"a":1}`: "", `["a"]`: "", `"` + strings.Repeat("x", 256) + `"`: strings.Repeat("x", 256), `"` + strings.Repeat("x", 257) + `"`: "", "\"a\xffb\"": "a�b",
	} {
		var got struct{ Text cloud.LenientText }
		if err := json.Unmarshal([]byte(`{"Text":`+raw+`}`), &got); err != nil || string(got.Text) != want {
			t.Errorf("%s: %q, want %q, error %v", raw, got.Text, want, err)
		}
	}
}

// TestShown: a field of another form spoils nothing, and is told from one that is not there.
func TestShown(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]struct {
		tags  []inventory.Tag
		isOdd bool
	}{
		`{}`: {}, `{"Tags":null}`: {}, `{"Tags":[]}`: {tags: []inventory.Tag{}}, `{"Tags":[{"Key":"a","Value":"b"},{"Key":"c"}]}`: {tags: []inventory.Tag{{Key: "a", Value: "b"}, {Key: "c"}}},
		`{"Tags":"none"}`: {isOdd: true}, `{"Tags":{"Key":"a"}}`: {isOdd: true}, `{"Tags":[{"Key":7}]}`: {isOdd: true},
	} {
		var row struct{ Tags cloud.Shown[[]inventory.Tag] }
		if err := json.Unmarshal([]byte(document), &row); err != nil {
			t.Fatal(err)
		}
		tags, isOdd := cloud.ReadTags(row.Tags)
		if isOdd != want.isOdd || !isOdd && !reflect.DeepEqual(tags, want.tags) {
			t.Errorf("%s: %+v, odd %t", document, tags, isOdd)
		}
		var unread inventory.Fact
		cloud.ReadInto(row.Tags, inventory.Want{}, inventory.FactGroups, &unread)
		if unread != 0 {
			t.Errorf("%s: what nobody wants is unread", document)
		}
		cloud.ReadInto(row.Tags, inventory.WantAll(), inventory.FactGroups, &unread)
		if (unread == inventory.FactGroups) != want.isOdd {
			t.Errorf("%s: unread %d", document, unread)
		}
	}
	if tags, isOdd := cloud.NewShown([]inventory.Tag{{Key: "a"}}).Read(); isOdd || !reflect.DeepEqual(tags, []inventory.Tag{{Key: "a"}}) {
		t.Errorf("%+v, odd %t", tags, isOdd)
	}
}

// TestFactsAreShared: rows with the same facts share them, and those that differ in anything do not.
func TestFactsAreShared(t *testing.T) {
	t.Parallel()
	made := func(change func(*inventory.Facts)) inventory.Instance {
		f := inventory.Facts{Status: "running", Zone: "z", Groups: []string{"g", "h"}, Tags: []inventory.Tag{{Key: "a", Value: "bc"}, {Key: "d"}}}
		change(&f)
		return inventory.Instance{ID: "i", Facts: &f}
	}
	same := func(*inventory.Facts) {}
	rows := []inventory.Instance{made(same), made(same)}
	for _, change := range []func(*inventory.Facts){
		func(f *inventory.Facts) { f.Status = "stopped" }, func(f *inventory.Facts) { f.Zone, f.Subnet = "", "z" }, func(f *inventory.Facts) { f.Groups = []string{"gh"} },
		func(f *inventory.Facts) { f.Groups = nil }, func(f *inventory.Facts) { f.Tags[0] = inventory.Tag{Key: "ab", Value: "c"} }, func(f *inventory.Facts) { f.Tags = f.Tags[:1] },
		func(f *inventory.Facts) { f.TagsUnread = true }, func(f *inventory.Facts) { f.Unread = inventory.FactSubnet }, func(f *inventory.Facts) { f.Elastic = 1 },
		func(f *inventory.Facts) { f.ResourceGroup = "r" }, func(f *inventory.Facts) { f.Image = "r" }, func(f *inventory.Facts) { f.Charge = "r" },
		func(f *inventory.Facts) { f.CreatedAt = time.Now() }, func(f *inventory.Facts) { f.ExpiresAt = time.Now() },
	} {
		rows = append(rows, made(change))
	}
	before := make([]inventory.Facts, len(rows))
	for n := range rows {
		before[n] = *rows[n].Facts
	}
	var once cloud.Interner
	once.InternRows(rows)
	met := map[*inventory.Facts]int{}
	for n, row := range rows {
		met[row.Facts]++
		if !reflect.DeepEqual(*row.Facts, before[n]) {
			t.Errorf("row %d has %+v, not %+v", n, *row.Facts, before[n])
		}
	}
	if met[rows[0].Facts] != 2 || len(met) != len(rows)-1 {
		t.Errorf("%d different facts of %d rows", len(met), len(rows))
	}
}

// factLister is a lister that shares what its instances have in common.
type factLister struct{ fake }

func (*factLister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	rows := []inventory.Instance{{ID: "i-" + region, Facts: &inventory.Facts{Zone: "z"}}}
	cloud.InternerOf(ctx).InternRows(rows)
	return rows, nil
}

// TestListingsShareFacts: what instances of several regions and accounts have in common is there once in a run, and is not
// kept for the next one.
func TestListingsShareFacts(t *testing.T) {
	t.Parallel()
	fleet := cloud.NewFleet([]cloud.OpenedAccount{target("a", &factLister{}, "r1", "r2"), target("b", &factLister{}, "r1")})
	met := map[*inventory.Facts]int{}
	for range 2 {
		for _, l := range fleet.List(t.Context(), cloud.Filter{}) {
			met[l.Instances[0].Facts]++
		}
	}
	if len(met) != 2 {
		t.Errorf("%d different facts in two runs", len(met))
	}
	for _, n := range met {
		if n != 3 {
			t.Errorf("facts are shared by %d instances of a run, not 3", n)
		}
	}
}
