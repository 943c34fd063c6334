package inventory

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// someFacts has every field set, and tags in no order with one key twice.
func someFacts() Facts {
	at := time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)
	return Facts{
		Status: "running", Zone: "cn-beijing-h", Subnet: "vsw-1", Groups: []string{"sg-1", "sg-2"}, ResourceGroup: "rg-1", Image: "m-1",
		Charge: "prepaid", CreatedAt: at, ExpiresAt: at.AddDate(1, 0, 0), Elastic: 1,
		Tags: []Tag{{"env", "prod"}, {"app", "shop"}, {"app", "again"}, {"Team", "a"}}, TagsUnread: true, Unread: FactSubnet | FactGroups,
	}
}

func TestNothingIsKeptWhereNothingIsWanted(t *testing.T) {
	t.Parallel()
	if got := (Want{}).Keep(someFacts()); got != nil {
		t.Errorf("kept %+v", got)
	}
}

func TestEverythingIsKeptWhereEverythingIsWanted(t *testing.T) {
	t.Parallel()
	want := someFacts()
	want.Tags = []Tag{{"Team", "a"}, {"app", "shop"}, {"env", "prod"}}
	if got := WantAll().Keep(someFacts()); !reflect.DeepEqual(*got, want) {
		t.Errorf("kept %+v\nwant %+v", *got, want)
	}
}

// TestEachFactIsKeptAlone: a fact that is wanted is kept, and none beside it.
func TestEachFactIsKeptAlone(t *testing.T) {
	t.Parallel()
	fields := map[Fact]string{
		FactStatus: "Status", FactZone: "Zone", FactSubnet: "Subnet", FactGroups: "Groups", FactResourceGroup: "ResourceGroup", FactImage: "Image",
		FactCharge: "Charge", FactCreatedAt: "CreatedAt", FactExpiresAt: "ExpiresAt", FactElastic: "Elastic",
	}
	for fact := Fact(1); fact <= allFacts; fact <<= 1 {
		kept := reflect.ValueOf(*Want{Facts: fact}.Keep(someFacts()))
		var got []string
		for n := range kept.NumField() {
			if !kept.Field(n).IsZero() {
				got = append(got, kept.Type().Field(n).Name)
			}
		}
		want := []string{fields[fact]}
		if fact&someFacts().Unread != 0 {
			want = append(want, "Unread")
		}
		if !slices.Equal(got, want) {
			t.Errorf("fact %d: %q is kept, want %q", fact, got, want)
		}
	}
}

func TestOnlyNamedTagsAreKept(t *testing.T) {
	t.Parallel()
	got := Want{Tags: []string{"app", "none"}}.Keep(someFacts())
	if want := (Facts{Tags: []Tag{{"app", "shop"}}, TagsUnread: true}); !reflect.DeepEqual(*got, want) {
		t.Errorf("kept %+v, want %+v", *got, want)
	}
	if value, there := got.Tag("app"); value != "shop" || !there {
		t.Errorf("app is %q, %t", value, there)
	}
	if _, there := got.Tag("App"); there {
		t.Error("keys are compared without case")
	}
	if _, there := (*Facts)(nil).Tag("app"); there {
		t.Error("no facts have a tag")
	}
}
