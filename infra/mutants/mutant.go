package main

import (
	"fmt"
	"strings"
)

// mutant is one rule, how it is broken, and the test that must notice.
type mutant struct {
	name string // of the rule
	file string // below the repository's root
	// old occurs once in the file, and becomes broken.
	old, broken string
	pkg, test   string
}

// breakRule returns the text of the file with the rule broken.
func (m mutant) breakRule(source string) (string, error) {
	n := strings.Count(source, m.old)
	if n != 1 {
		return "", fmt.Errorf("%s has %d places with %q, and not one", m.file, n, m.old)
	}
	return strings.Replace(source, m.old, m.broken, 1), nil
}
