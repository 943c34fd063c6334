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
	by := &strictTransport{StrictTransport: cloud.StrictTransport{Ctx: ctx, Base: endingTransport{cancel}}, convertSlots: full}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://ecs", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := by.RoundTrip(req) //nolint:bodyclose // there is none
	if resp != nil || err == nil || by.hasSlot {
		t.Errorf("answer %v, error %v, placed %t", resp != nil, err, by.hasSlot)
	}
}
