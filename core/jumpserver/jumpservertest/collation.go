package jumpservertest

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Database is what a server keeps its data in, as far as answers show it: which texts it calls equal,
// how it orders them, and which it cannot store. It goes with every version.
type Database string

// The databases that were recorded. On all but PostgreSQL a name, label, node or zone is what an
// equal one was written as first.
const (
	PostgreSQL     Database = ""                // every text is one of its own
	MariaDB        Database = "mariadb"         // utf8_general_ci, as JumpServer's installer ships it
	MariaDBGeneral Database = "mariadb-general" // utf8mb4_general_ci
	MariaDBUnicode Database = "mariadb-unicode" // utf8mb4_unicode_ci
	MariaDBBinary  Database = "mariadb-binary"  // utf8mb4_bin: only spaces at the end do not count
)

// Databases lists the recorded ones.
func Databases() []Database {
	return []Database{PostgreSQL, MariaDB, MariaDBGeneral, MariaDBUnicode, MariaDBBinary}
}

// collationKey returns what makes two texts one in this database, and by which it orders them.
func (d Database) collationKey(text string) string {
	switch d {
	case PostgreSQL:
		return text
	case MariaDBBinary:
		return strings.TrimRight(text, " ")
	case MariaDBUnicode:
		text = norm.NFKD.String(strings.Map(basicPlane, text))
		return strings.TrimRight(decompose(strings.Map(unicodeCollation, text)), " ")
	}
	return strings.TrimRight(strings.Map(generalCollation, text), " ")
}

// SameText reports whether the database calls two texts one.
func (d Database) SameText(x, y string) bool { return d.collationKey(x) == d.collationKey(y) }

// containsText reports whether a search for a part finds it in a text: letter by letter, but for a binary
// collation always without case.
func (d Database) containsText(text, part string) bool {
	if d == PostgreSQL {
		return strings.Contains(strings.ToLower(text), strings.ToLower(part))
	}
	return strings.Contains(d.collationKey(text+"|"), strings.TrimSuffix(d.collationKey(part+"|"), "|"))
}

// RefusesText reports whether the database cannot hold a text, nor compare with it: utf8 has room for signs of
// at most three bytes.
func (d Database) RefusesText(texts ...string) bool {
	return d == MariaDB && strings.ContainsFunc(strings.Join(texts, ""), func(r rune) bool { return r > 0xFFFF })
}

// basicPlane makes one sign of all that take four bytes.
func basicPlane(r rune) rune {
	if r > 0xFFFF {
		return unicode.ReplacementChar
	}
	return r
}

// generalCollation is utf8_general_ci, sign by sign: the letter without its accents, in upper case. An accent
// that is a sign of its own counts, and full width differs from half.
func generalCollation(r rune) rune {
	switch r = basicPlane(r); r {
	case 'ß':
		return 'S'
	case 'ı':
		return 'I'
	}
	if parts := []rune(norm.NFD.String(string(r))); len(parts) > 1 && unicode.Is(unicode.Mn, parts[1]) {
		r = parts[0]
	}
	return unicode.ToUpper(r)
}

// unicodeCollation is what utf8mb4_unicode_ci makes of a sign after compatible ones were decomposed: accents and what
// is not seen do not count, nor does the kana's script.
func unicodeCollation(r rune) rune {
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
		return -1
	case r >= 'ァ' && r <= 'ヶ':
		return r - 'ァ' + 'ぁ'
	}
	return unicode.ToLower(r)
}

func decompose(text string) string { return strings.ReplaceAll(text, "ß", "ss") }

// isDeadlocked reports whether a create that makes rows of the label page meets another one that does: on
// MariaDB the first runs' parallel creates do.
func (s *Server) isDeadlocked(o *org, f rowFields) bool {
	fresh := slices.ContainsFunc(f.labels, func(l wantedLabel) bool {
		return l.row == nil && o.labels.find(l.name, l.value) == nil
	})
	if fresh && s.options.Deadlocks > 0 {
		s.options.Deadlocks--
		return true
	}
	return false
}
