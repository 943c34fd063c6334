package enginetest

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// AccountTemplate is an account template of a world, by its name.
type AccountTemplate struct {
	Name       string `json:"name"`
	Username   string `json:"username"`
	SecretType string `json:"secret_type"`
}

// seedRuleNames makes what rules name in JumpServer.
func (w *World) seedRuleNames(s Setup) {
	for _, name := range s.JumpServer.Zones {
		w.zoneID(name)
	}
	for name, kind := range s.JumpServer.Own {
		w.JumpServer.AddPlatform(name, kind, 22)
	}
	for _, t := range s.JumpServer.Templates {
		w.JumpServer.SeedTemplate(jumpservertest.DefaultOrg, jumpservertest.AccountTemplate{Name: t.Name, Username: t.Username, SecretType: t.SecretType})
	}
}

// accountNames returns the names of a host's accounts, sorted.
func (w *World) accountNames(host string) string {
	var names []string
	for _, a := range w.JumpServer.AccountsOf(jumpservertest.DefaultOrg, host) {
		names = append(names, a.Name)
	}
	return strings.Join(slices.Sorted(slices.Values(names)), " ")
}
