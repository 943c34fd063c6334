package session

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// compiled returns a configuration with one rule.
func compiled(t *testing.T, set mapping.Settings) config.Config {
	t.Helper()
	rules, mistakes := mapping.Compile([]mapping.Rule{{Set: set}}, mapping.Options{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return config.Config{Mapping: rules}
}

// TestSaltOfRules: other rules, and other policies of what they set, let the next run compare everything anew.
func TestSaltOfRules(t *testing.T) {
	t.Parallel()
	none, one, other := config.Config{}, compiled(t, mapping.Settings{Node: "/DEFAULT/a"}), compiled(t, mapping.Settings{Node: "/DEFAULT/b"})
	managed := one
	managed.Sync.Manage.Node = config.FieldAlways
	bounded := one
	bounded.Sync.Guard.Moves.Percent = 10
	seen := map[string]string{}
	for name, cfg := range map[string]config.Config{"none": none, "one": one, "another": other, "managed": managed, "bounded": bounded} {
		salt := fingerprintSalt(cfg)
		if twin, twice := seen[salt]; twice {
			t.Errorf("%s and %s have the same salt", name, twin)
		}
		seen[salt] = name
	}
	if again := compiled(t, mapping.Settings{Node: "/DEFAULT/a"}); fingerprintSalt(again) != fingerprintSalt(one) {
		t.Error("the same rules have another salt")
	}
}

// TestNeedsOfRules: only what rules name, or may write to assets that exist, is read of JumpServer; without rules nothing
// more than ever.
func TestNeedsOfRules(t *testing.T) {
	t.Parallel()
	all := config.Manage{Node: config.FieldAlways, Port: config.FieldAlways, Accounts: config.FieldAlways}
	everything := mapping.Settings{Node: "/DEFAULT/a", Port: 2222, Zone: "red", Accounts: []string{"ops"}}
	for name, c := range map[string]struct {
		cfg    config.Config
		manage config.Manage
		want   inventory.Needs
	}{
		"no rules":    {config.Config{}, all, inventory.Needs{}},
		"on creation": {compiled(t, everything), config.Manage{}, inventory.Needs{Zones: true, Templates: true}},
		"always":      {compiled(t, everything), all, inventory.Needs{Zones: true, Templates: true, Nodes: true, Protocols: true, Accounts: true}},
	} {
		c.cfg.Sync.Manage = c.manage
		if got := needsOf(c.cfg); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
