package storagetest_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// TestMemory runs the contract on a store with all preconditions, one without IfMatch and one without
// any.
func TestMemory(t *testing.T) {
	t.Parallel()
	for name, able := range map[string]storage.Capabilities{
		"all": {CreateOnly: true, IfMatch: true}, "create only": {CreateOnly: true}, "none": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, storagetest.Harness{Abilities: able, New: func(testing.TB) storagetest.World {
				b := storagetest.NewMemoryBucket(able)
				return storagetest.World{Open: func(testing.TB, storage.RetryPolicy) storage.Bucket { return b }}
			}})
		})
	}
}
