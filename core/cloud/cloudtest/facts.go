package cloudtest

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The tags of an instance that FillFacts adds: a value is empty, another one has what a separator may be, and keys differ
// by case alone.
func factTags() map[string]string {
	return map[string]string{"app": "shop", "App": "Shop=1,2:3", "empty": "", "团队": "支付 “核心”", "kubernetes.io/role": "node"}
}

// Tags returns the tags that FillFacts gives an instance, as facts have them.
func (Harness) Tags() []inventory.Tag { return sortedTags(factTags()) }

// TagMap returns the same as an emulator takes them.
func (Harness) TagMap() map[string]string { return factTags() }

func sortedTags(tags map[string]string) []inventory.Tag {
	all := make([]inventory.Tag, 0, len(tags))
	for key, value := range tags {
		all = append(all, inventory.Tag{Key: key, Value: value})
	}
	slices.SortFunc(all, func(a, b inventory.Tag) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// withFacts changes an account so that it wants facts.
func withFacts(want inventory.Want) func(*cloud.Account) {
	return func(a *cloud.Account) { a.Want = want }
}

// ways are the calls by which instances are shown: the list, and both questions by id.
func ways(t *testing.T, h Harness, l cloud.Lister, ids ...string) map[string][]inventory.Instance {
	t.Helper()
	list, err := l.List(t.Context(), h.Region)
	glance, glanceErr := l.Find(t.Context(), h.Region, ids)
	lookup, lookupErr := FindInstances(t.Context(), l, h.Region, ids...)
	if err := errors.Join(err, glanceErr, lookupErr); err != nil {
		t.Fatal(err)
	}
	return map[string][]inventory.Instance{"list": list, "glance": glance, "lookup": lookup}
}

// testFacts: what is wanted of an instance is read, in lists and by ids; nothing else is kept, and none is asked for.
func testFacts(t *testing.T, h Harness) {
	w := h.New(t)
	id, want := w.FillFacts(h.Region)
	h.checkSample(t, want)
	for name, list := range ways(t, h, w.Open(t, InstantRetries(), nil), id) {
		if list[0].Facts != nil {
			t.Errorf("%s: nothing is wanted, and %+v is kept", name, *list[0].Facts)
		}
	}
	before := w.Calls("")
	ways(t, h, w.Open(t, InstantRetries(), nil), id)
	plain := w.Calls("") - before
	for name, list := range ways(t, h, w.Open(t, InstantRetries(), withFacts(inventory.WantAll())), id) {
		h.CheckFacts(t, name, list, nil, want)
	}
	if more := w.Calls("") - before - 2*plain; more != h.FactCalls {
		t.Errorf("facts take %d calls more, want %d", more, h.FactCalls)
	}
	few := inventory.Want{Facts: inventory.FactStatus, Tags: []string{"app", "none"}}
	only := inventory.Facts{Status: want.Status, Tags: []inventory.Tag{{Key: "app", Value: "shop"}}}
	for name, list := range ways(t, h, w.Open(t, InstantRetries(), withFacts(few)), id) {
		h.CheckFacts(t, name, list, nil, only)
	}
}

// CheckFacts fails the test unless the list has one instance, with these facts.
func (Harness) CheckFacts(t *testing.T, what string, list []inventory.Instance, err error, want inventory.Facts) {
	t.Helper()
	switch {
	case err != nil || len(list) != 1 || list[0].Facts == nil:
		t.Errorf("%s: %+v, error %v", what, list, err)
	case !reflect.DeepEqual(*list[0].Facts, want):
		t.Errorf("%s: facts\n%+v\nwant\n%+v", what, *list[0].Facts, want)
	}
}

// checkSample fails the test if a world forgot a fact that its cloud shows.
func (h Harness) checkSample(t *testing.T, sample inventory.Facts) {
	t.Helper()
	for field, fact := range map[string]inventory.Fact{
		"Status": inventory.FactStatus, "Zone": inventory.FactZone, "Subnet": inventory.FactSubnet, "Groups": inventory.FactGroups,
		"ResourceGroup": inventory.FactResourceGroup, "Image": inventory.FactImage, "Charge": inventory.FactCharge,
		"CreatedAt": inventory.FactCreatedAt, "ExpiresAt": inventory.FactExpiresAt, "Elastic": inventory.FactElastic,
	} {
		if has := !reflect.ValueOf(sample).FieldByName(field).IsZero(); has == (h.NoFacts&fact != 0) {
			t.Errorf("the sample has %s: %t", field, has)
		}
	}
	if !reflect.DeepEqual(sample.Tags, h.Tags()) {
		t.Errorf("the sample has the tags %+v", sample.Tags)
	}
}

// testFactsOfSecondWitness: an instance that only the second kind of call shows has the same facts, or says which of them are
// unread: none of them changes in silence because a list lost a row.
func testFactsOfSecondWitness(t *testing.T, h Harness) {
	w := h.New(t)
	w.Fill(h.Region, 2)
	id, want := w.FillFacts(h.Region)
	w.Hide(h.Region, id)
	list, err := FindInstances(t.Context(), w.Open(t, InstantRetries(), withFacts(inventory.WantAll())), h.Region, id)
	if err != nil {
		if inventory.KindOf(err) != inventory.Incomplete {
			t.Fatal(err)
		}
		return // it is not shown at all
	}
	got := list[0].Facts
	if got == nil {
		t.Fatal("no facts")
	}
	if !got.TagsUnread && !reflect.DeepEqual(got.Tags, want.Tags) {
		t.Errorf("tags %+v, want %+v, or that they are unread", got.Tags, want.Tags)
	}
	for fact := inventory.FactStatus; fact <= inventory.FactElastic; fact <<= 1 {
		one := inventory.Want{Facts: fact}
		if got.Unread&fact == 0 && !reflect.DeepEqual(one.Keep(*got), one.Keep(want)) {
			t.Errorf("fact %d: %+v, want %+v, or that it is unread", fact, one.Keep(*got), one.Keep(want))
		}
	}
}

// testFactsShareTexts: texts that many instances share are kept once: at a hundred thousand instances the copies alone
// would be tens of megabytes.
func testFactsShareTexts(t *testing.T, h Harness) {
	w := h.New(t)
	w.FillFacts(h.Region)
	w.FillFacts(h.Region)
	list, err := w.Open(t, InstantRetries(), withFacts(inventory.WantAll())).List(t.Context(), h.Region)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d instances, error %v", len(list), err)
	}
	one, two := textsOf(list[0].Facts), textsOf(list[1].Facts)
	for n := range min(len(one), len(two)) {
		if one[n] != "" && one[n] == two[n] && unsafe.StringData(one[n]) != unsafe.StringData(two[n]) {
			t.Errorf("%q is kept twice", one[n])
		}
	}
	if len(one) != len(two) || len(one) < 1+2*len(factTags()) {
		t.Errorf("%d and %d texts", len(one), len(two))
	}
	untimed := inventory.WantAll()
	untimed.Facts &^= inventory.FactCreatedAt | inventory.FactExpiresAt
	list, err = w.Open(t, InstantRetries(), withFacts(untimed)).List(t.Context(), h.Region)
	if err != nil || len(list) != 2 || list[0].Facts != list[1].Facts {
		t.Errorf("the same facts are kept twice: %+v, error %v", list, err)
	}
}

// textsOf returns all texts of facts.
func textsOf(f *inventory.Facts) []string {
	all := append([]string{f.Status, f.Zone, f.Subnet, f.ResourceGroup, f.Image, f.Charge}, f.Groups...)
	for _, tag := range f.Tags {
		all = append(all, tag.Key, tag.Value)
	}
	return all
}

// Created is when the instances that FillFacts adds were made.
func (Harness) Created() time.Time { return time.Date(2026, 3, 1, 2, 3, 0, 0, time.UTC) }

// Expires is when they end, where their cloud shows that.
func (Harness) Expires() time.Time { return time.Date(2027, 11, 30, 4, 5, 0, 0, time.UTC) }
