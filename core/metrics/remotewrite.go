package metrics

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/wait"
)

// The bounds of remote write: receivers refuse more samples at once, and a broken request is made once more.
const (
	maxSamples     = 2000
	maxWriteTries  = 2
	writeRetryWait = 500 * time.Millisecond
)

// remoteWrite sends samples by Prometheus' remote write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/).
type remoteWrite struct {
	client
	settings Settings
	labels   []string
	now      func() time.Time
}

func (w remoteWrite) push(ctx context.Context, series []state.Series) error {
	at := w.now().UnixMilli()
	for batch := range slices.Chunk(series, maxSamples) {
		if err := w.send(ctx, packSnappy(w.encode(batch, at))); err != nil {
			return err
		}
	}
	return nil
}

// send sends one request, once more where its receiver did not take it for now.
func (w remoteWrite) send(ctx context.Context, body []byte) error {
	waits := httpx.Backoff{First: writeRetryWait, Factor: 2, Max: writeRetryWait}
	for try := 1; ; try++ {
		err := w.sendOnce(ctx, body)
		var refused *statusError
		final := errors.As(err, &refused) && refused.status/100 == 4 && refused.status != http.StatusTooManyRequests
		if err == nil || final || try == maxWriteTries || wait.For(ctx, waits.Next()) != nil {
			return err
		}
	}
}

func (w remoteWrite) sendOnce(ctx context.Context, body []byte) error {
	req, err := newRequest(ctx, http.MethodPost, w.settings.RemoteWrite.Reveal())
	if err != nil {
		return err
	}
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	if !w.settings.RemoteWriteToken.IsEmpty() {
		req.Header.Set("Authorization", "Bearer "+w.settings.RemoteWriteToken.Reveal())
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return w.do(req, w.settings.RemoteWrite, w.settings.RemoteWriteToken)
}

// encode returns series as a prometheus.WriteRequest: timeseries 1 {labels 1 {name 1, value 2}, samples 2 {value 1,
// timestamp 2}}. Labels are sorted by name, and empty ones left out, as the specification asks.
func (w remoteWrite) encode(series []state.Series, at int64) []byte {
	var request []byte
	for _, s := range series {
		labels := [][2]string{{"__name__", s.Name}, {"job", w.settings.Job}}
		for _, pairs := range [][]string{s.Labels, w.labels} {
			for n := 0; n+1 < len(pairs); n += 2 {
				if pairs[n+1] != "" {
					labels = append(labels, [2]string{pairs[n], strings.ToValidUTF8(pairs[n+1], "\uFFFD")})
				}
			}
		}
		sort.Slice(labels, func(x, y int) bool { return labels[x][0] < labels[y][0] })
		var one []byte
		for _, l := range labels {
			one = appendBytes(one, 1, appendBytes(appendBytes(nil, 1, []byte(l[0])), 2, []byte(l[1])))
		}
		sample := binary.LittleEndian.AppendUint64([]byte{1<<3 | 1}, math.Float64bits(s.Value))
		sample = binary.AppendUvarint(append(sample, 2<<3), uint64(at))
		request = appendBytes(request, 1, appendBytes(one, 2, sample))
	}
	return request
}

// appendBytes appends a field of bytes to a message of protocol buffers
// (https://protobuf.dev/programming-guides/encoding/#length-types).
func appendBytes(to []byte, field byte, value []byte) []byte {
	to = binary.AppendUvarint(append(to, field<<3|2), uint64(len(value)))
	return append(to, value...)
}
