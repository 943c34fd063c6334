package trigger

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

var testFiredAt = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func newTimerEvent(t testing.TB, payload string) []byte {
	t.Helper()
	e, err := json.Marshal(map[string]any{
		"triggerTime": "2026-11-23T10:00:00Z", "triggerName": "full-sync", "payload": payload, "later": 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestFCTimer(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]Request{
		"":                           {},
		" \n":                        {},
		"{}":                         {},
		`{"dry_run":false}`:          {},
		`{"watch":true}`:             {CheckStaleness: true},
		` {"dry_run" : true} `:       {DryRun: true},
		`{"clouds":["生产","生产"]}`:     {Clouds: []string{"生产", "生产"}},
		`{"regions":["cn-beijing"]}`: {Regions: []string{"cn-beijing"}},
		`{"clouds":["aliyun-prod"],"regions":["cn-beijing"],"dry_run":true}`: {
			Clouds: []string{"aliyun-prod"}, Regions: []string{"cn-beijing"}, DryRun: true,
		},
		`{"clouds":["a"],"part":"1/1"}`:                     {Clouds: []string{"a"}, Shard: inventory.Shard{Number: 1, Count: 1}},
		`{"part":"2/4","regions":["r"]}`:                    {Regions: []string{"r"}, Shard: inventory.Shard{Number: 2, Count: 4}},
		`{"clouds":["a"],"regions":["r"],"part":"100/100"}`: {Clouds: []string{"a"}, Regions: []string{"r"}, Shard: inventory.Shard{Number: 100, Count: 100}},
	} {
		tick, err := ParseFCTimer(newTimerEvent(t, payload))
		if err != nil {
			t.Errorf("%q: %v", payload, err)
			continue
		}
		if want := (Timer{FiredAt: testFiredAt, Name: "full-sync", Request: want}); !reflect.DeepEqual(tick, want) {
			t.Errorf("%q: %+v", payload, tick)
		}
	}
}

// A payload that cannot be read runs nothing, and says what is allowed.
func TestPayloadRefuses(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		"TestPayload":                       "not a JSON object",
		"null":                              "not a JSON object",
		"[]":                                "not a JSON object",
		"1":                                 "not a JSON object",
		`"{}"`:                              "not a JSON object",
		`{`:                                 "not valid JSON",
		`{"clouds"}`:                        "not valid JSON",
		`{"clouds":["a"]`:                   "not valid JSON",
		`{"clouds":["a"]} {}`:               "follows",
		`{} x`:                              "follows",
		`{"cloud":["a"]}`:                   `"cloud": no such key`,
		`{"":1}`:                            `"": no such key`,
		`{"Clouds":["a"]}`:                  `"Clouds": no such key`,
		`{"DRY_RUN":true}`:                  `"DRY_RUN": no such key`,
		`{"clouds":["a"],"clouds":["b"]}`:   `"clouds" stands there twice`,
		`{"dry_run":true,"dry_run":false}`:  `"dry_run" stands there twice`,
		`{"dry_run":true,"dry_r\u0075n":0}`: `"dry_run" stands there twice`,
		`{"clouds":"a"}`:                    `"clouds": must be a list`,
		`{"clouds":null}`:                   `"clouds": must be a list`,
		`{"clouds":{}}`:                     `"clouds": must be a list`,
		`{"regions":[1]}`:                   `"regions": must be a list`,
		`{"clouds":[]}`:                     `"clouds": the list is empty`,
		`{"regions":[]}`:                    `"regions": the list is empty`,
		`{"clouds":[null]}`:                 `"clouds": a name is empty`,
		`{"clouds":["a",""]}`:               `"clouds": a name is empty`,
		`{"regions":[" "]}`:                 `"regions": a name is empty`,
		`{"regions":["cn-beijing "]}`:       `"regions": a name is empty or has blanks`,
		`{"dry_run":null}`:                  `"dry_run": must be true or false`,
		`{"dry_run":"true"}`:                `"dry_run": must be true or false`,
		`{"watch":1}`:                       `"watch": must be true or false`,
		`{"watch":true,"dry_run":true}`:     `"watch": stands alone`,
		`{"dry_run":1}`:                     `"dry_run": must be true or false`,
		`{"part":"1/2"}`:                    `"part": a part without clouds or regions`,
		`{"part":"1/2","dry_run":true}`:     `"part": a part without clouds or regions`,
		`{"clouds":["a"],"part":null}`:      `"part": must be a text`,
		`{"clouds":["a"],"part":1}`:         `"part": must be a text`,
		`{"clouds":["a"],"part":[1,2]}`:     `"part": must be a text`,
		`{"clouds":["a"],"part":""}`:        `"part": must be a text`,
		`{"clouds":["a"],"part":"1"}`:       `"part": must be a text`,
		`{"clouds":["a"],"part":"0/2"}`:     `"part": must be a text`,
		`{"clouds":["a"],"part":"-1/2"}`:    `"part": must be a text`,
		`{"clouds":["a"],"part":"3/2"}`:     `"part": must be a text`,
		`{"clouds":["a"],"part":"1/101"}`:   `"part": must be a text`,
		`{"clouds":["a"],"part":"01/2"}`:    `"part": must be a text`,
		`{"clouds":["a"],"part":"+1/2"}`:    `"part": must be a text`,
		`{"clouds":["a"],"part":" 1/2"}`:    `"part": must be a text`,
		`{"clouds":["a"],"part":"1/2/3"}`:   `"part": must be a text`,
		`{"clouds":["a"],"Part":"1/2"}`:     `"Part": no such key`,
	} {
		tick, err := ParseFCTimer(newTimerEvent(t, payload))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), allowedText) {
			t.Errorf("%s: %+v %v, want %q", payload, tick, err, want)
		}
	}
}

func TestEventRefuses(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                        "it is empty",
		"null":                    "not a JSON object",
		"[]":                      "not a JSON object",
		`{}`:                      "triggerTime is missing",
		`{"payload":""}`:          "triggerTime is missing",
		`{"triggerTime":null}`:    "triggerTime is missing",
		`{"triggerTime":""}`:      "triggerTime must be a time",
		`{"triggerTime":1}`:       "triggerTime must be a time",
		`{"triggerTime":"today"}`: "triggerTime must be a time",
		`{"triggerTime":"2026-11-23T10:00:00Z","triggerName":1}`:                "triggerName must be a text",
		`{"triggerTime":"2026-11-23T10:00:00Z","payload":{"clouds":["a"]}}`:     "payload must be a text",
		`{"triggerTime":"2026-11-23T10:00:00Z","payload":"{}","payload":""}`:    `"payload" stands there twice`,
		`{"triggerTime":"2026-11-23T10:00:00Z","Payload":"{\"dry_run\":true}"}`: `"Payload" must be written "payload"`,
	} {
		if tick, err := ParseFCTimer([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v %v, want %q", raw, tick, err, want)
		}
	}
}

func TestWithoutPayload(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`{"triggerTime":"2026-11-23T18:00:00+08:00"}`,
		`{"triggerTime":"2026-11-23T10:00:00Z","triggerName":null,"payload":null}`,
	} {
		tick, err := ParseFCTimer([]byte(raw))
		if err != nil || !tick.FiredAt.Equal(testFiredAt) || !reflect.DeepEqual(tick.Request, Request{}) {
			t.Errorf("%s: %+v %v", raw, tick, err)
		}
	}
}

// The samples are the documented one, whose payload is nobody's request, and one derived from it.
func TestFCTimerSamples(t *testing.T) {
	t.Parallel()
	documented, err := os.ReadFile("testdata/fc-timer.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseFCTimer(documented); err == nil || !strings.Contains(err.Error(), "payload") {
		t.Errorf("documented sample: %v", err)
	}
	tick, err := ParseFCTimer([]byte(strings.Replace(string(documented), "TestPayload", "", 1)))
	want := Timer{FiredAt: time.Date(2022, 7, 29, 10, 2, 58, 0, time.UTC), Name: "TestTimer"}
	if err != nil || !reflect.DeepEqual(tick, want) {
		t.Errorf("documented sample without its payload: %+v %v", tick, err)
	}
	derived, err := os.ReadFile("testdata/fc-timer-json-payload.json")
	if err != nil {
		t.Fatal(err)
	}
	tick, err = ParseFCTimer(derived)
	request := Request{Clouds: []string{"aliyun-prod"}, Regions: []string{"cn-hangzhou"}, DryRun: true}
	if err != nil || !reflect.DeepEqual(tick.Request, request) {
		t.Errorf("derived sample: %+v %v", tick, err)
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age, after time.Duration
		want       bool
	}{
		{10 * time.Minute, 10 * time.Minute, false},
		{10*time.Minute + 1, 10 * time.Minute, true},
		{5 * time.Hour, 10 * time.Minute, true},
		{5 * time.Hour, 0, false},
		{5 * time.Hour, -1, false},
		{-time.Hour, 10 * time.Minute, false},
		{0, 1, false},
	} {
		if got := IsStale(testFiredAt, testFiredAt.Add(c.age), c.after); got != c.want {
			t.Errorf("%s old with a limit of %s: %t", c.age, c.after, got)
		}
	}
	if !IsStale(time.Time{}, testFiredAt, time.Minute) {
		t.Error("a tick from the year 1 is not stale")
	}
}
