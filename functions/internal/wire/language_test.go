package wire_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// TestPlatformsLocale: a platform's locale is nobody's choice (Lambda sets LANG=en_US.UTF-8): without a configured language
// a function speaks Chinese.
func TestPlatformsLocale(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(`
jumpserver: {url: "http://127.0.0.1:1", access_key_id: 11111111-1111-4111-8111-111111111111, access_key_secret: s}
clouds: [{type: aws, name: a}]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, environ := range map[string][]string{
		"zh": {"LANG=en_US.UTF-8", "LC_ALL=en_US.UTF-8"},
		"en": {"LANG=zh_CN.UTF-8", "JMS_SYNC_LANGUAGE=en"},
	} {
		cfg, _, err := wire.NewLoader(file, environ)(t.Context(), session.Role{}, "")
		if err != nil || cfg.Language != want {
			t.Errorf("%q: %s, not %s, %v", environ, cfg.Language, want, err)
		}
	}
}
