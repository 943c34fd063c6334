package jumpservertest

import (
	"encoding/json"
	"slices"
	"strings"
)

// missingPlatform returns the only mistake of a single create that names neither a platform nor protocols: the server
// looks for the default protocols first.
func (s *Server) missingPlatform(row map[string]any, was *host, list bool) (mistake map[string]any, is bool) {
	if was != nil || list || row["protocols"] != nil {
		return nil, false
	}
	number, readable := platformKey(row["platform"], false)
	if _, found := s.platformByID(int(number)); found || row["platform"] != nil && !readable {
		return nil, false
	}
	if s.options.Version.isSince(V41019) {
		return map[string]any{"Platform": []string{unknownPK(number)}}, true
	}
	return map[string]any{"platform": "Platform not exist"}, true
}

func unknownPK(number float64) string {
	if number == 0 {
		return `Invalid pk "None" - object does not exist.`
	}
	return `Invalid pk "` + trimFloat(number) + `" - object does not exist.`
}

func (s *Server) validatePlatform(c *call, row map[string]any, was *host, full, list bool, f *rowFields, v *validation) {
	raw, given := row["platform"]
	number, readable := platformKey(raw, list && was != nil && s.options.Version == V47)
	p, found := s.platformByID(int(number))
	unknown := ""
	switch {
	case !given && !full:
		return
	case !given:
		unknown = "This field is required."
	case !readable && s.options.Version.isSince(V41019):
		unknown = "Incorrect type. Expected pk value, received " + pythonType(raw) + "."
	case !readable:
		v.crash = true
		return
	case number == 0, !found:
		unknown = unknownPK(number)
	case c.kind.gateways && !strings.HasPrefix(p.Name, gatewayPlatform):
		f.platform = &p
		v.addMistake("platform", []string{"The platform must start with Gateway"})
		return
	case c.kind.category != "" && p.Category != c.kind.category, was != nil && p.Category != was.categoryName():
		v.addMistake("platform", map[string]any{"platform": "Platform does not match: " + p.Name})
		v.addMistake("protocols", map[string]any{"protocols": "Protocol is required: " + primaryProtocol(p)})
		return
	default:
		f.platform = &p
		return
	}
	v.addMistake("platform", []string{unknown})
	switch {
	case was != nil: // the server uses the host's own platform
	case s.options.Version.isSince(V41019) && given:
		v.addMistake("protocols", map[string]any{"Platform": []string{unknown}})
	default:
		v.addMistake("protocols", map[string]any{"platform": "Platform not exist"})
	}
}

// platformKey reads 1, {"pk":1} or {"id":1}; 0 where such an object has no number. Some lists
// accept only objects.
func platformKey(raw any, objectOnly bool) (number float64, readable bool) {
	object, isObject := raw.(map[string]any)
	if isObject {
		raw = object["pk"]
		if raw == nil {
			raw = object["id"]
		}
	}
	number, isNumber := raw.(float64)
	return number, isObject || isNumber && !objectOnly
}

func trimFloat(n float64) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}

// validateProtocols reads protocols: a single create may omit them, a list create and a PUT may not.
func (s *Server) validateProtocols(row map[string]any, was *host, full, list bool, f *rowFields, v *validation) {
	raw, given := row["protocols"]
	f.protocolsGiven = given
	p := s.platformFor(f, was)
	needed := full && (list || was != nil)
	switch {
	case p == nil:
		if given {
			s.readProtocols(raw, f, v)
		}
		return
	case !given && !needed && was == nil:
		f.protocols = defaultProtocols(*p)
		return
	case !given && needed && list && s.options.Version.isSince(V41019), !given && needed && was != nil && s.options.Version.isSince(V41019):
		v.addMistake("protocols", []string{"This field is required."})
		return
	case !given && !needed, given && !s.readProtocols(raw, f, v):
		return
	}
	if !slices.ContainsFunc(f.protocols, func(x Protocol) bool { return x.Name == primaryProtocol(*p) }) {
		v.addMistake("protocols", map[string]any{"protocols": "Protocol is required: " + primaryProtocol(*p)})
	}
}

// platformFor returns the platform that a row names, or else the host's own.
func (s *Server) platformFor(f *rowFields, was *host) *platform {
	if f.platform != nil || was == nil {
		return f.platform
	}
	own := s.platformByName(was.Platform)
	return &own
}

// readProtocols reads a list of protocols, and reports whether it could be read.
func (s *Server) readProtocols(raw any, f *rowFields, v *validation) bool {
	items, isList := raw.([]any)
	v.crash = v.crash || !isList
	for _, item := range items {
		given, _ := item.(map[string]any)
		name, _ := given["name"].(string)
		_, hasKey := given["port"]
		port, hasPort := given["port"].(float64)
		switch {
		case !hasKey && s.options.Version.isSince(V41019):
			v.addMistake("protocols", []any{map[string]any{"port": []string{"This field is required."}}})
			return false
		case !hasPort:
			v.crash = true
			return false
		case port > 65535:
			v.addMistake("protocols", []any{map[string]any{"port": []string{"Ensure this value is less than or equal to 65535."}}})
			return false
		}
		f.protocols = append(f.protocols, Protocol{name, int(port)})
	}
	return isList
}

func primaryProtocol(p platform) string {
	for _, pp := range p.Protocols {
		if pp.Primary {
			return pp.Name
		}
	}
	return ""
}
