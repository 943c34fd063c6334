package alibaba

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// endingTransport answers every request, and then ends the run.
type endingTransport struct{ end context.CancelFunc }

func (a endingTransport) RoundTrip(*http.Request) (*http.Response, error) {
	a.end()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

// TestStrictTransportAnswersOnce: where the run ends while a page waits for its place, there is an error
// and no answer beside it, of which net/http would complain to the process's own log.
func TestStrictTransportAnswersOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	full := make(chan struct{}, 1)
	full <- struct{}{}
	by := &strictTransport{StrictTransport: cloud.StrictTransport{Ctx: ctx, Base: endingTransport{cancel}}, slot: cloud.Slot{Slots: full}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://ecs", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := by.RoundTrip(req) //nolint:bodyclose // there is none
	by.slot.Free()                 // which it does not have
	if resp != nil || err == nil || len(full) != cap(full) {
		t.Errorf("answer %v, error %v, %d of %d slots", resp != nil, err, len(full), cap(full))
	}
}
