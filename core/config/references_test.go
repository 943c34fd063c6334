package config

import (
	"slices"
	"testing"
)

func TestReferences(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a: ${B}\nc: [\"${A}-${B}\", '${D:x}']\n# ${COMMENT}\ne: $F ${1} ${}\n": {"A", "B"},
		"a: &x\n  b: ${B}\nc: *x\n": {"B"},
		"":                          nil,
	} {
		if got, err := ListReferences([]byte(text)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := ListReferences([]byte("a: [")); err == nil {
		t.Error("no YAML, and no error")
	}
}
