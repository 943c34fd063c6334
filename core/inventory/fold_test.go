package inventory_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestFoldJoinsWhatDatabasesJoin has every pair of names that a real MariaDB called equal under utf8_general_ci or
// utf8mb4_unicode_ci.
func TestFoldJoinsWhatDatabasesJoin(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"Web01", "web01"}, {"web01", "WEB01"},
		{"ΑΒΓ", "αβγ"}, {"ΟΔΟΣ", "οδος"}, {"ПРИВЕТ", "привет"}, {"ＡＢＣ", "ａｂｃ"},
		{"plain", "plàin"}, {"unter", "Ünter"}, {"caf\u00e9", "cafe\u0301"},
		{"gros", "groß"}, {"strasse", "straße"}, {"STRASSE", "stra\u1e9ee"},
		{"linux-i", "lınux-ı"}, {"linux-i", "LİNUX-I"},
		{"full01", "ｆｕｌｌ０１"}, {"サーバ", "さーば"}, {"ｻｰﾊﾞ", "サーバ"}, {"っ", "ッ"}, {"ヵ", "か"},
		{"a\u200bb", "ab"}, {"全角 a", "全角　a"},
		{"tail", "tail "}, {"tail", "tail\u00a0"}, {"tail", "\ttail"},
		{"😀", "🚀"}, {"😀", "𠮷"}, {"𠮷", "𠮸"}, {"x-😀", "X-𠮷"},
		{"nodo", "nødo"}, {"lodz", "łódź"}, {"aer", "ær"}, // utf8mb4_0900_ai_ci
		{"❤", "❤\ufe0f"},
	} {
		if inventory.FoldName(pair[0]) != inventory.FoldName(pair[1]) {
			t.Errorf("Fold: %q and %q differ: %q, %q", pair[0], pair[1], inventory.FoldName(pair[0]), inventory.FoldName(pair[1]))
		}
		if !inventory.MayBeEqual(pair[0], pair[1]) {
			t.Errorf("SameFolded: %q and %q differ", pair[0], pair[1])
		}
	}
}

func TestFoldKeepsApartWhatDatabasesKeepApart(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"web01", "web02"}, {"web-01", "web_01"}, {"web01", "web 01"}, {"a b", "a  b"},
		{"财务", "財務"}, {"a😀", "a"}, {"a😀😀", "a😀"}, {"x", ""}, {"が", "き"},
		{"aliyun-prod", "aliyun-test"}, {"i-0a", "i-0b"}, {"สี", "สา"}, {"☁", "✓"},
	} {
		if inventory.FoldName(pair[0]) == inventory.FoldName(pair[1]) || inventory.MayBeEqual(pair[0], pair[1]) {
			t.Errorf("%q and %q are one", pair[0], pair[1])
		}
	}
	if inventory.MayBeEqual("pas", "pass") {
		t.Error("pas and pass are one account")
	}
	if inventory.FoldName("pas") != inventory.FoldName("pass") {
		t.Error(`Fold("pas") and Fold("pass") differ, so ß cannot stand for both`)
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "Web01", "straße", "ß s", "ＦＵＬＬ", "サーバ", "e\u0301", "😀", "\xff", "ﬀ ß", "ſſ", "\ufa6c"} {
		f.Add(s, "web01")
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		once := inventory.FoldName(s)
		if again := inventory.FoldName(once); again != once {
			t.Errorf("Fold(%q) = %q, folded again %q", s, once, again)
		}
		if !inventory.MayBeEqual(s, s) || inventory.MayBeEqual(s, other) != inventory.MayBeEqual(other, s) {
			t.Errorf("SameFolded of %q and %q depends on their order", s, other)
		}
		if utf8.ValidString(s) && utf8.ValidString(other) && inventory.MayBeEqual(s, other) && once != inventory.FoldName(other) {
			t.Errorf("%q and %q are the same, yet their forms are %q and %q", s, other, once, inventory.FoldName(other))
		}
		if upper := strings.ToUpper(s); utf8.ValidString(s) && inventory.FoldName(upper) != once {
			t.Errorf("Fold(%q) = %q, in upper case %q", s, once, inventory.FoldName(upper))
		}
	})
}
