package language

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	candidates := []string{"url", "access_key_id", "access_key_secret", "org_id", "verify_ssl"}
	for name, want := range map[string]string{
		"urls": "url", "ulr": "url", "acess_key_id": "access_key_id", "accessKeyId": "access_key_id", "access-key-secret": "access_key_secret",
		"orgid": "org_id", "verifyssl": "verify_ssl", "host": "", "": "", strings.Repeat("url", 1000): "", "组织": "",
	} {
		if got := Nearest(name, candidates); got != want {
			t.Errorf("%q is near %q, want %q", name, got, want)
		}
	}
	if d := editDistance([]rune("kitten"), []rune("sitting")); d != 3 {
		t.Errorf("distance is %d", d)
	}
}
