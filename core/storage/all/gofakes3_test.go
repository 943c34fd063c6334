package all_test

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// TestContractOnGofakes3 runs the contract on a server that others wrote. It keeps both conditions
// of writes. What it lacks: it looks at no signature, key or token, so that it cannot show who is
// refused (TestVersitygw does); and it cannot be told to fail, so that the suite's faults are
// only shown by our own server.
func TestContractOnGofakes3(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, storagetest.Harness{
		Links:     true,
		Abilities: storage.Capabilities{CreateOnly: true, IfMatch: true},
		New: func(t testing.TB) storagetest.World {
			backend := s3mem.New()
			if err := backend.CreateBucket(storagetest.Bucket); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(gofakes3.New(backend).Server())
			t.Cleanup(server.Close)
			return storagetest.World{Open: func(t testing.TB, policy storage.RetryPolicy) storage.Bucket {
				return openBucket(t, refAt(server.URL, storagetest.Bucket), policy)
			}}
		},
	})
}

// refAt returns the reference of a key in a bucket of a server that speaks like S3.
func refAt(endpoint, bucket string) string {
	return "s3://" + bucket + "/key?region=us-east-1&endpoint=" + url.QueryEscape(endpoint)
}
