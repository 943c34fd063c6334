package metrics

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
)

// FuzzSnappy: a decoder of others gets back what was packed.
func FuzzSnappy(f *testing.F) {
	random := make([]byte, 200_000)
	for n := range random {
		random[n] = byte(rand.Uint32())
	}
	far := append(append([]byte("far away"), random[:70_000]...), "far away"...)
	for _, data := range []string{
		"", "a", "abcd", "abcdabcd", strings.Repeat("a", 100_000), strings.Repeat("jms_sync_assets region cn-beijing ", 9000), string(random), string(far),
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := s2.Decode(nil, packSnappy(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back as %d: %v", len(data), len(got), err)
		}
	})
}

// TestSnappyPacks: what repeats takes a small part of its bytes.
func TestSnappyPacks(t *testing.T) {
	t.Parallel()
	data := remoteWrite{settings: Settings{Job: "jms-sync"}, labels: Labels("jms.example.com", "DEFAULT")}.encode(All(sample()), noon().UnixMilli())
	if packed := packSnappy(data); len(packed)*3 > len(data) {
		t.Errorf("%d bytes became %d", len(data), len(packed))
	}
}
