package plan

import "slices"

// MatchesAny reports whether a text is like one of several patterns, as Rules.ProtectedNames has them: * stands for any text,
// ? for one character, and case is not looked at.
func MatchesAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matchesPattern(p, text) })
}
