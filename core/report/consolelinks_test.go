package report

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/language"
)

// TestConsoleLinks: where there is a console, a held set leads to its page and to its approval; a set that is in no store
// leads nowhere.
func TestConsoleLinks(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	o := Options{Lang: language.Chinese, AssetURL: "https://jms.example.com", ConsoleURL: "https://console.example.com"}
	r := Report{Outcome: Held, Held: 3, HeldSets: []HeldSetSummary{{Hash: hash, Assets: 3, Stored: true}}, Changes: []Change{{Action: "hold", Account: "a", Region: "r", Name: "web"}}}
	text := NewMessage(r, o).Markdown
	if !strings.Contains(text, "[查看](https://console.example.com/#/held/"+hash+") · [批准](https://console.example.com/#/held/"+hash+"/approve)") ||
		!strings.Contains(text, "jms-sync approve "+hash) {
		t.Error(text)
	}
	o.ApprovalLink = func(hash string) string { return hash[:4] + ".signed" }
	if text := NewMessage(r, o).Markdown; !strings.Contains(text, "[批准](https://console.example.com/approve#abab.signed)") {
		t.Error(text)
	}
	r.HeldSets[0].Stored = false
	if text := NewMessage(r, o).Markdown; strings.Contains(text, "console.example.com") {
		t.Error(text)
	}
}
