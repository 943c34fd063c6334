package jumpservertest

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Database is a server's database as far as answers show it: which texts it treats as equal,
// how it orders them, and which it cannot store. Every version can have each.
type Database string

// The recorded databases. All but PostgreSQL keep a name, label, node or zone in the spelling in which
// an equal one was first written.
const (
	PostgreSQL     Database = ""                // every text differs from every other
	MariaDB        Database = "mariadb"         // utf8_general_ci, as JumpServer's installer sets it up
	MariaDBGeneral Database = "mariadb-general" // utf8mb4_general_ci
	MariaDBUnicode Database = "mariadb-unicode" // utf8mb4_unicode_ci
	MariaDBBinary  Database = "mariadb-binary"  // utf8mb4_bin: only trailing spaces are ignored
)

// Databases returns the recorded ones.
func Databases() []Database {
	return []Database{PostgreSQL, MariaDB, MariaDBGeneral, MariaDBUnicode, MariaDBBinary}
}

// collationKey returns the key by which this database compares and orders texts.
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

// SameText reports whether the database treats two texts as equal.
func (d Database) SameText(x, y string) bool { return d.collationKey(x) == d.collationKey(y) }

// containsText reports whether a search finds a part in a text: character by character, and without case unless the
// collation is binary.
func (d Database) containsText(text, part string) bool {
	if d == PostgreSQL {
		return strings.Contains(strings.ToLower(text), strings.ToLower(part))
	}
	return strings.Contains(d.collationKey(text+"|"), strings.TrimSuffix(d.collationKey(part+"|"), "|"))
}

// RefusesText reports whether the database can neither store a text nor compare with it: utf8 has
// at most three bytes a character.
func (d Database) RefusesText(texts ...string) bool {
	return d == MariaDB && strings.ContainsFunc(strings.Join(texts, ""), func(r rune) bool { return r > 0xFFFF })
}

// basicPlane replaces all characters of four bytes by the same one.
func basicPlane(r rune) rune {
	if r > 0xFFFF {
		return unicode.ReplacementChar
	}
	return r
}

// generalCollation is utf8_general_ci for one character: the letter without its accents, in upper case. A combining
// accent counts, and full width differs from half width.
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

// unicodeCollation is utf8mb4_unicode_ci for one character of a text in compatibility decomposition: accents, invisible
// characters and the kana's script do not count.
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

// isDeadlocked reports whether a create that makes rows of the label page collides with another one, as the
// parallel creates of a first run do on MariaDB.
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
