package language

import (
	"strings"
	"unicode/utf8"
)

// Nearest returns the candidate that a name was probably meant to be, or "". The first of equally near ones
// wins, so candidates come in the order of the reference.
func Nearest(name string, candidates []string) string {
	if len(name) > 100 {
		return ""
	}
	name = strings.ToLower(name)
	best, limit := "", max(1, utf8.RuneCountInString(name)/3)
	for _, candidate := range candidates {
		lower := strings.ToLower(candidate)
		// "access-key-id" and "accessKeyId" are the same words as access_key_id.
		if lettersOnly(lower) == lettersOnly(name) {
			return candidate
		}
		d := editDistance([]rune(name), []rune(lower))
		if d <= limit {
			best, limit = candidate, d-1
		}
	}
	return best
}

func lettersOnly(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, name)
}

// editDistance counts the letters to insert, drop, replace or swap with their neighbour to turn a into b (optimal
// string alignment).
func editDistance(a, b []rune) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+substitutionCost(a[i], b[j]))
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

func substitutionCost(a, b rune) int {
	if a == b {
		return 0
	}
	return 1
}
