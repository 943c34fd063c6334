package cloud_test

import (
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
