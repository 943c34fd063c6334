package jumpservertest

import (
	_ "embed"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

type platform struct {
	ID        int                `json:"id"`
	Name      string             `json:"name"`
	Category  string             `json:"category"`
	Type      string             `json:"type"`
	Zones     bool               `json:"domain_enabled"`
	Protocols []platformProtocol `json:"protocols"`
	extra     map[string]any     // what else a row shows
}

type platformProtocol struct {
	Name     string `json:"name"`
	Port     int    `json:"port"`
	Primary  bool   `json:"primary"`
	Required bool   `json:"required"`
	Default  bool   `json:"default"`
	Public   bool   `json:"public"`
}

//go:embed platforms.json
var platformTable []byte

// hostPlatforms are the fields that v4.10.16 shows of its twelve host platforms besides the table, and v4.10.19 of
// some others; v4.7.0 shows the same.
//
//go:embed hostplatforms.json
var hostPlatforms []byte

func loadPlatforms(o Options) []platform {
	var all []platform
	var extra map[string]map[string]any
	if err := errors.Join(json.Unmarshal(platformTable, &all), json.Unmarshal(hostPlatforms, &extra)); err != nil {
		panic(err) // the files are ours
	}
	for n := range all {
		all[n].extra = extra[all[n].Name]
		if id, other := o.Platforms[all[n].Name]; other {
			all[n].ID = id
		}
		if all[n].Name == "General" && o.Version.isSince(V41019) {
			all[n].Category = "ds"
		}
		if slices.Contains(o.NoZones, all[n].Name) {
			all[n].Zones = false
		}
	}
	return all
}

func (s *Server) platformByID(id int) (platform, bool) {
	at := slices.IndexFunc(s.platforms, func(p platform) bool { return p.ID == id })
	if at < 0 {
		return platform{}, false
	}
	return s.platforms[at], true
}

func (s *Server) platformByName(name string) platform {
	at := slices.IndexFunc(s.platforms, func(p platform) bool { return p.Name == name })
	if at < 0 {
		return platform{}
	}
	return s.platforms[at]
}

// defaultPlatform returns the platform of a seeded asset without one: Linux for a host, otherwise the
// first of its category.
func (s *Server) defaultPlatform(category string) platform {
	at := slices.IndexFunc(s.platforms, func(p platform) bool {
		return p.Category == category && (category != "host" || p.Name == "Linux")
	})
	if at < 0 {
		return platform{}
	}
	return s.platforms[at]
}

// defaultProtocols returns the protocols of a host that was created without any.
func defaultProtocols(p platform) []Protocol {
	var out []Protocol
	for _, pp := range p.Protocols {
		if pp.Primary || pp.Required || pp.Default {
			out = append(out, Protocol{pp.Name, pp.Port})
		}
	}
	slices.SortStableFunc(out, func(x, y Protocol) int { return strings.Compare(y.Name, x.Name) })
	return out
}
