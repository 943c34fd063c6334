package all_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/all"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// newRemoteHarness returns the harness of an emulated store.
func newRemoteHarness(dialect storagetest.Dialect, versioning string, able storage.Capabilities) storagetest.Harness {
	return storagetest.Harness{Abilities: able, Links: true, New: func(t testing.TB) storagetest.World {
		server := storagetest.NewServer(t, dialect)
		server.RequireToken(storagetest.GoodToken)
		server.SetVersioning(versioning)
		return storagetest.World{Server: server, Open: func(t testing.TB, policy storage.RetryPolicy) storage.Bucket {
			return openBucket(t, server.Ref("key"), policy)
		}}
	}}
}

func openBucket(t testing.TB, text string, policy storage.RetryPolicy) storage.Bucket {
	ref, err := storage.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := all.Open(ref, storagetest.GoodCredentials(), all.Options{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestContract(t *testing.T) {
	t.Parallel()
	both := storage.Capabilities{CreateOnly: true, IfMatch: true}
	for name, harness := range map[string]storagetest.Harness{
		"s3":  newRemoteHarness(storagetest.S3, "", both),
		"oss": newRemoteHarness(storagetest.OSS, "", storage.Capabilities{CreateOnly: true}),
		"s3, ignorant": {Abilities: storage.Capabilities{}, Links: true, New: func(t testing.TB) storagetest.World {
			w := newRemoteHarness(storagetest.S3, "", storage.Capabilities{}).New(t)
			w.Server.IgnoreConditions()
			return w
		}},
		"oss, versioned": newRemoteHarness(storagetest.OSS, "Enabled", storage.Capabilities{}),
		"oss, suspended": newRemoteHarness(storagetest.OSS, "Suspended", storage.Capabilities{}),
		"obs":            newRemoteHarness(storagetest.OBS, "", storage.Capabilities{}),
		"dir": {Abilities: both, New: func(t testing.TB) storagetest.World {
			folder := t.TempDir() + "/made by put"
			return storagetest.World{
				Open: func(t testing.TB, policy storage.RetryPolicy) storage.Bucket {
					return openBucket(t, folder+"/key", policy)
				},
				Fill: func(key string, data []byte) {
					file := filepath.Join(folder, key)
					if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, data, 0o600)); err != nil {
						t.Fatal(err)
					}
				},
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, harness)
		})
	}
}
