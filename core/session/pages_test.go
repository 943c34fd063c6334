package session

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// TestCardLinksThePage: whoever reads the card of a run opens its page, where the store signs links and people want them; in
// any other case the page is kept, and the card has no link.
func TestCardLinksThePage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		link, folder, linked bool
	}{"signed": {link: true, linked: true}, "not wanted": {}, "a folder": {link: true, folder: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			robot := dingtalktest.New(dingtalktest.Options{Token: "t", Secret: "SECs", ReportUnexpected: t.Errorf})
			server := httptest.NewServer(robot)
			t.Cleanup(server.Close)
			store := storagetest.NewServer(t, storagetest.S3)
			var cfg config.Config
			cfg.Language = "en"
			cfg.JumpServer.URL, cfg.JumpServer.AccessKeyID, cfg.JumpServer.AccessKeySecret = "http://jumpserver.invalid", secret.New(jumpservertest.KeyID), secret.New("word")
			if c.link {
				cfg.Notification.PageLink = time.Hour
			}
			d := &cfg.Notification.DingTalk
			d.Enabled, d.Secret, d.Webhook = true, secret.New("SECs"), secret.New(server.URL+dingtalktest.WebhookPath+"?access_token=t")
			environ := []string{config.EnvState + "=" + store.Ref("state"), "AWS_ACCESS_KEY_ID=" + storagetest.GoodID, "AWS_SECRET_ACCESS_KEY=" + storagetest.GoodSecret}
			if c.folder {
				environ = []string{config.EnvState + "=file://" + t.TempDir()}
			}
			s, err := Open(Options{Config: cfg, Environ: environ, RequireState: true, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			s.Sync(t.Context(), Request{})
			cards := robot.Messages()
			if len(cards) != 1 {
				t.Fatalf("%d cards", len(cards))
			}
			link := regexp.MustCompile(`\[The whole run report\]\(([^)]+)\)`).FindStringSubmatch(cards[0].Text)
			keys, err := s.store.PageKeys(t.Context(), s.Now())
			if err != nil || len(keys) != 1 || (link != nil) != c.linked {
				t.Fatalf("%d pages, %v, and the card says %s", len(keys), err, cards[0].Text)
			}
			if c.linked {
				wantPage(t, link[1])
			}
		})
	}
}

func wantPage(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(text), "<!doctype html>") || !strings.Contains(string(text), `"outcome":"failed"`) ||
		!strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the link shows %s %v: %.200s", resp.Status, err, text)
	}
}
