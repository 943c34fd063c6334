package config_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
)

func TestSources(t *testing.T) {
	t.Parallel()
	bucket := func(_ context.Context, ref string) ([]byte, error) {
		if ref != "oss://bucket/jms.yaml" {
			return nil, &inventory.Error{Kind: inventory.NotFound, Message: "no such object"}
		}
		return []byte(sampleFile + "timezone: UTC\n"), nil
	}
	for name, test := range map[string]struct {
		flag, variable string
		want           string // the time zone, or the mistake
	}{
		"flag":               {"a.yaml", "b.yaml", "Asia/Tokyo"},
		"flag as reference":  {"file://a.yaml", "", "Asia/Tokyo"},
		"variable":           {"", "b.yaml", "Europe/Paris"},
		"variable reference": {"", "file://b.yaml", "Europe/Paris"},
		"default file":       {"", "", "America/Lima"},
		"other scheme":       {"", "oss://bucket/jms.yaml", "UTC"},
		"missing flag":       {"none.yaml", "b.yaml", "-c: 找不到文件 none.yaml"},
		"missing variable":   {"", "file:///none.yaml", "JMS_SYNC_CONFIG: 找不到文件 /none.yaml"},
		"forbidden":          {"forbidden.yaml", "", "-c: 没有读取 forbidden.yaml 的权限"},
		"broken":             {"dir", "", "-c: 读不了 dir：is a directory"},
		"unknown scheme":     {"", "s3://bucket/x", "JMS_SYNC_CONFIG: 不认识 s3://，可用的有 file://, oss:// 和文件路径"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(t.Context(), config.Source{Clouds: testClouds(),
				File: test.flag, Env: []string{"JMS_SYNC_CONFIG=" + test.variable},
				ReadFile: readNothing, Fetchers: map[string]config.FetchFunc{"oss": bucket},
			})
			got := c.Timezone
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func readNothing(name string) ([]byte, error) {
	zones := map[string]string{"a.yaml": "Asia/Tokyo", "b.yaml": "Europe/Paris", "config.yaml": "America/Lima"}
	switch {
	case name == "forbidden.yaml":
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	case name == "dir":
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	case zones[name] == "":
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(sampleFile + "timezone: " + zones[name] + "\n"), nil
}

func TestMissingDefaultFileIsNoMistake(t *testing.T) {
	t.Parallel()
	if c := mustLoad(t, "", minimalEnv()); c.Clouds[0].Name != "prod" {
		t.Errorf("got %v", c.Clouds)
	}
	_, err := config.Load(t.Context(), config.Source{Clouds: testClouds(), Env: environList(minimalEnv()), ReadFile: func(name string) ([]byte, error) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}})
	if err == nil || err.Error() != "config.yaml: 没有读取 config.yaml 的权限" {
		t.Errorf("a default file that cannot be read passes: %v", err)
	}
}

func TestRealFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "jms.yaml")
	if err := os.WriteFile(name, []byte(sampleFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(t.Context(), config.Source{Clouds: testClouds(), File: name}); err != nil {
		t.Error(err)
	}
	_, err := config.Load(t.Context(), config.Source{Clouds: testClouds(), File: name + ".none"})
	if err == nil || !strings.Contains(err.Error(), "找不到文件") {
		t.Errorf("a missing file gives %v", err)
	}
}

// TestFetchFails: an object store's error keeps its kind, because it is no mistake of the user's.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	_, err := config.Load(t.Context(), config.Source{Clouds: testClouds(),
		File: "oss://bucket/x?token=SECRET-1",
		Fetchers: map[string]config.FetchFunc{"oss": func(context.Context, string) ([]byte, error) {
			return nil, &inventory.Error{Kind: inventory.Temporary, Message: "503"}
		}},
	})
	var bad *config.Error
	if inventory.KindOf(err) != inventory.Temporary || errors.As(err, &bad) || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := config.Load(ended, config.Source{Clouds: testClouds(), Env: environList(minimalEnv())}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context gives %v", err)
	}
}

// TestCAFile: the certificates are read with the configuration, and what is wrong with them is a mistake like
// others.
func TestCAFile(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for name, c := range map[string]struct {
		ca, want string
		err      error
	}{
		"good":      {certificate, "", nil},
		"missing":   {"", "jumpserver.ca_file: 找不到文件 ca.pem", fs.ErrNotExist},
		"forbidden": {"", "jumpserver.ca_file: 没有读取 ca.pem 的权限", fs.ErrPermission},
		"a key":     {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "jumpserver.ca_file: ca.pem 里没有 PEM 格式的证书", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(t.Context(), config.Source{Clouds: testClouds(),
				File: "config.yaml", Env: []string{"JMS_SYNC_JUMPSERVER_CA_FILE=ca.pem"},
				ReadFile: func(name string) ([]byte, error) {
					if name == "ca.pem" {
						return []byte(c.ca), c.err
					}
					return []byte(sampleFile), nil
				},
			})
			switch {
			case c.want == "" && (err != nil || string(got.JumpServer.CA) != c.ca):
				t.Errorf("%q: %v", got.JumpServer.CA, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
