package huawei

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// strictTransport passes only whole JSON documents on to the SDK, which stops reading at the end of the
// first one, and is lenient about what is in it.
type strictTransport struct{ cloud.StrictTransport }

// RoundTrip implements http.RoundTripper.
func (r strictTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.StrictTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if !json.Valid(body) {
		return nil, notJSONError(resp.StatusCode)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func notJSONError(status int) error {
	return &cloud.APIError{Status: status, Kind: inventory.Incomplete, Message: "the answer is not the JSON that it should be"}
}
