package storage_test

import (
	"context"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// nowhereBucket is a bucket that says of every write that there is nowhere to put it.
type nowhereBucket struct{ storage.Bucket }

// Put implements storage.Bucket.
func (nowhereBucket) Put(context.Context, string, []byte, storage.Condition) (string, error) {
	return "", &inventory.Error{Kind: inventory.NotFound, Message: "no such folder"}
}

// Capabilities implements storage.Bucket.
func (nowhereBucket) Capabilities(context.Context) storage.Capabilities {
	return storage.Capabilities{CreateOnly: true, IfMatch: true}
}

// TestNowhereToWrite: that there is no place for an object is a conflict with nobody, and a lease that cannot be written is
// not held by another. An object that is to be replaced and is gone is one.
func TestNowhereToWrite(t *testing.T) {
	t.Parallel()
	b := storage.Checked("nowhere://bucket", nowhereBucket{}, storagetest.InstantRetries())
	for _, c := range []struct {
		condition storage.Condition
		want      inventory.Kind
	}{{storage.Always(), inventory.Invalid}, {storage.CreateOnly(), inventory.Invalid}, {storage.IfMatch(`"x"`), inventory.Conflict}} {
		_, err := b.Put(t.Context(), "k", nil, c.condition)
		storagetest.WantKind(t, err, "k", c.want)
	}
}
