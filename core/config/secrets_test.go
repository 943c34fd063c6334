package config

import (
	"reflect"
	"testing"

	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/secret"
)

// countSecrets counts the fields of a type that hold a secret, each list as one element.
func countSecrets(of reflect.Type) int {
	switch {
	case of == reflect.TypeFor[secret.Value]():
		return 1
	case of.Kind() == reflect.Slice:
		return countSecrets(of.Elem())
	case of.Kind() != reflect.Struct, of == reflect.TypeFor[mapping.Condition](): // which holds itself, and texts
		return 0
	}
	n := 0
	for field := range of.Fields() {
		n += countSecrets(field.Type)
	}
	return n
}

// TestSecretsAreComplete: a secret that a setting adds is among them.
func TestSecretsAreComplete(t *testing.T) {
	t.Parallel()
	if got, want := len(Config{Clouds: []Cloud{{}}, Notification: Notification{Channels: []Channel{{}}}}.Secrets()), countSecrets(reflect.TypeFor[Config]()); got != want || want < 8 {
		t.Errorf("%d secrets, the settings have %d", got, want)
	}
}
