package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// hidden keeps a secret where fmt cannot call its methods.
type hidden struct{ inner Value }

func TestNothingPrintsIt(t *testing.T) {
	t.Parallel()
	v := New("hush-hush")
	for _, x := range []any{v, &v, hidden{v}, &hidden{v}, []Value{v}, map[string]Value{"k": v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if text := fmt.Sprintf(verb, x); strings.Contains(text, "hush") || strings.Contains(text, "68757368") {
				t.Errorf("%s of %T: %s", verb, x, text)
			}
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v, "h", hidden{v}, "p", &v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v, "h", hidden{v}, "l", []Value{v})
	asJSON, err := json.Marshal(map[string]any{"v": v, "h": hidden{v}})
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(map[string]any{"v": v})
	if err != nil {
		t.Fatal(err)
	}
	if all := log.String() + string(asJSON) + string(asYAML); strings.Contains(all, "hush") || !strings.Contains(all, Redacted) {
		t.Errorf("printed: %s", all)
	}
}

func TestTheTextIsKept(t *testing.T) {
	t.Parallel()
	var zero, read Value
	if !zero.IsEmpty() || zero.Reveal() != "" || zero.String() != "" || !New("").IsEmpty() {
		t.Error("the zero value is not empty")
	}
	if err := read.UnmarshalText([]byte("a b")); err != nil || read.Reveal() != "a b" || read.IsEmpty() {
		t.Errorf("read %q: %v", read.Reveal(), err)
	}
}
