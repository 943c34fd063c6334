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

// remote gives the harness of an emulated store.
func remote(dialect storagetest.Dialect, versioning string, able storage.Abilities) storagetest.Harness {
	return storagetest.Harness{Abilities: able, New: func(t testing.TB) storagetest.World {
		server := storagetest.NewServer(t, dialect)
		server.WantToken(storagetest.GoodToken)
		server.Version(versioning)
		return storagetest.World{Server: server, Open: func(t testing.TB, policy storage.Policy) storage.Bucket {
			return open(t, server.Ref("key"), policy)
		}}
	}}
}

func open(t testing.TB, text string, policy storage.Policy) storage.Bucket {
	ref, err := storage.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := all.Open(ref, storagetest.Good(), all.Options{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestContract(t *testing.T) {
	t.Parallel()
	both := storage.Abilities{CreateOnly: true, IfMatch: true}
	for name, harness := range map[string]storagetest.Harness{
		"s3":  remote(storagetest.S3, "", both),
		"oss": remote(storagetest.OSS, "", storage.Abilities{CreateOnly: true}),
		"s3, ignorant": {Abilities: storage.Abilities{}, New: func(t testing.TB) storagetest.World {
			w := remote(storagetest.S3, "", storage.Abilities{}).New(t)
			w.Server.Ignore()
			return w
		}},
		"oss, versioned": remote(storagetest.OSS, "Enabled", storage.Abilities{}),
		"oss, suspended": remote(storagetest.OSS, "Suspended", storage.Abilities{}),
		"obs":            remote(storagetest.OBS, "", storage.Abilities{}),
		"dir": {Abilities: both, New: func(t testing.TB) storagetest.World {
			folder := t.TempDir() + "/made by put"
			return storagetest.World{
				Open: func(t testing.TB, policy storage.Policy) storage.Bucket { return open(t, folder+"/key", policy) },
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
