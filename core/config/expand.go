package config

import "strings"

// expandVariables replaces ${NAME} and ${NAME:default}. It works on values after the YAML was parsed, so that
// quotes and colons in a variable cannot change the file's form, and only once, so that a secret with "${" stays
// what it is. A variable that is set but empty counts as unset. It returns the names that have neither value nor
// default. Anything else with a "$" stays.
func expandVariables(text string, env map[string]string) (expanded string, missing []string) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			break
		}
		inner, after, closed := strings.Cut(rest, "}")
		name, preset, hasPreset := strings.Cut(inner, ":")
		if !closed || !isVariableName(name) {
			b.WriteString(before + "${")
			text = rest
			continue
		}
		value := env[name]
		switch {
		case value != "":
		case hasPreset:
			value = preset
		default:
			missing = append(missing, name)
		}
		b.WriteString(before + value)
		text = after
	}
	b.WriteString(text)
	return b.String(), missing
}

// isVariableName reports whether a name can be that of an environment variable.
func isVariableName(name string) bool {
	for i, r := range name {
		letter := r == '_' || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z')
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
