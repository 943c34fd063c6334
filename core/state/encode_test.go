package state

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

func TestEncodedIsReadAndAlwaysTheSame(t *testing.T) {
	t.Parallel()
	body := leaseBody{Token: 7, Holder: "请求 <1>", Until: testStart, Nonce: "n1", TTL: 2 * time.Minute}
	first, err := encodeObject(body, smallMaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":2,"checksum":"sha256:0933f6f3dd14052ad34207009c1a1d57941c950ac2573c2d30a6281ed448492e",` +
		`"body":{"token":7,"holder":"请求 \u003c1\u003e","until":"2026-09-01T08:00:00Z","nonce":"n1","ttl_ns":120000000000}}` + "\n"
	if string(first) != want {
		t.Errorf("%s, want\n%s", first, want)
	}
	for range 5 {
		if again, _ := encodeObject(body, smallMaxBytes); string(again) != string(first) {
			t.Fatalf("the same body gives %s and %s", first, again)
		}
	}
	var back leaseBody
	if why := decodeObject(first, smallMaxBytes, &back); why != "" || back != body {
		t.Errorf("read back %+v, %q", back, why)
	}
}

func TestEncodeRefusesTooMuchAndTheUnwritable(t *testing.T) {
	t.Parallel()
	_, err := encodeObject(leaseBody{Holder: strings.Repeat("x", smallMaxBytes)}, smallMaxBytes)
	wantKind(t, err, inventory.Invalid)
	_, err = encodeObject(leaseBody{Until: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}, smallMaxBytes)
	wantKind(t, err, inventory.Invalid)
}

// corruptObjects returns what may lie under a key and must not be used; version is the schema of the kind.
func corruptObjects(version int) map[string]string {
	seal := func(version int, body string) string {
		return fmt.Sprintf(`{"schema":%d,"checksum":%q,"body":%s}`, version, checksumOf([]byte(body)), body)
	}
	return map[string]string{
		"empty":               "",
		"no JSON":             "\x00\xff not json",
		"null":                "null",
		"a list":              "[]",
		"half":                seal(version, `{"token":1}`)[:40],
		"trailing":            seal(version, `{"token":1}`) + "{}",
		"no schema":           `{"checksum":"x","body":{}}`,
		"negative schema":     seal(-1, `{}`),
		"later schema":        seal(3, `{"token":1}`),
		"schema of text":      `{"schema":"1"}`,
		"no checksum":         fmt.Sprintf(`{"schema":%d,"body":{"token":1}}`, version),
		"wrong checksum":      strings.Replace(seal(version, `{"token":1}`), `"token":1`, `"token":2`, 1),
		"body of another":     seal(version, `{"runs":[1]}`),
		"field of wrong type": seal(version, `{"token":"x","cloud":1,"until":2,"at":3}`),
		"body is a text":      seal(version, `"x"`),
		"no body":             fmt.Sprintf(`{"schema":%d,"checksum":%q}`, version, checksumOf(nil)),
		"oversized":           seal(version, `{"holder":"`+strings.Repeat("x", reportMaxBytes)+`"}`),
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range corruptObjects(2) {
		if why := decodeObject([]byte(text), smallMaxBytes, &leaseBody{}); why == "" {
			t.Errorf("%s: was read", name)
		}
	}
	if why := decodeObject([]byte(corruptObjects(2)["later schema"]), smallMaxBytes, &leaseBody{}); !strings.Contains(why, "schema 3") {
		t.Errorf("a later schema is said as %q", why)
	}
}

func FuzzDecode(f *testing.F) {
	for version := 1; version <= 2; version++ {
		for _, text := range corruptObjects(version) {
			f.Add([]byte(text))
		}
	}
	good, err := encodeObject(ScopeState{AppliedFingerprint: ""}.newBody(newScope("a", "r"), "n"), smallMaxBytes)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		// Whatever is read as sound is written the same way again, or is unsound.
		var b scopeBody
		if decodeObject(data, smallMaxBytes, &b) == "" {
			if _, err := encodeObject(b, 4*smallMaxBytes); err != nil {
				t.Fatalf("read, but cannot be written: %v", err)
			}
		}
		for _, body := range []any{&leaseBody{}, &queueBody{}, &queuedReportBody{}, &runBody{}} {
			_ = decodeObject(data, queueMaxBytes, body)
		}
	})
}

// FuzzAnyObject puts arbitrary bytes under every key that a scope's run reads.
func FuzzAnyObject(f *testing.F) {
	for version := 1; version <= 2; version++ {
		for _, text := range corruptObjects(version) {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, can := range allAbilities() {
			m := newMemoryBucket(can)
			s, c := newStore(t, m)
			at := newScope("prod", "cn-hangzhou")
			w := s.ReportQueue("events", time.Minute)
			m.setObject(s.scopeKey(at), data)
			m.setObject(w.key, data)
			m.setObject(w.folder+"20260901T080000.000000000Z-x.json", data)
			m.setObject(s.prefix+"lease/"+safeKeyPart("run")+".json", data)
			m.setObject(sequenceKey(s.prefix+"lease/"+safeKeyPart("run")+"/", 12), data)
			m.setObject(s.dayFolder(c.Now())+"20260901T080000.000000000Z-x.json", data)
			if v := s.LoadSnapshot(t.Context(), []inventory.Scope{at}); v.ScopeState(at) != (ScopeState{}) && len(v.Warnings()) > 0 {
				t.Fatalf("%s: something is known of what was damaged: %+v", name, v.ScopeState(at))
			}
			if l, err := s.AcquireLease(t.Context(), "run", time.Minute, "h"); err == nil && !l.IsValid(c.Now()) {
				t.Fatalf("%s: an invalid lease", name)
			}
			b, err := w.Put(t.Context(), []byte(`{}`), c.Now())
			if can.CreateOnly && !b.Queued {
				t.Fatalf("%s: not kept: %v", name, err)
			}
			_ = b.Ack(t.Context())
			_, _ = s.ListRuns(t.Context(), c.Now().Add(-time.Hour), 10)
		}
	})
}
