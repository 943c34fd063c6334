package fakecloudtest

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// The calls of the API.
const (
	WhoAmI       = "WhoAmI"
	ListRegions  = "ListRegions"
	ListMachines = "ListMachines"
	ShowMachine  = "ShowMachine"
)

// api makes the calls. It stands in for an SDK.
type api struct {
	client  *http.Client
	places  cloud.Endpoints
	account cloud.Account
}

func newAPI(account cloud.Account, places cloud.Endpoints, transport http.RoundTripper) api {
	strict := cloud.StrictTransport{Base: transport, Timeout: account.RequestTimeout, ParseError: parseError}
	return api{client: &http.Client{Transport: strict}, places: places, account: account}
}

// get makes a signed call.
func (a api) get(ctx context.Context, action, region string, query url.Values) (document, error) {
	all := url.Values{"region": {region}}
	for name, values := range query {
		all[name] = values
	}
	service := serviceMachines
	if action == WhoAmI {
		service = serviceIdentity
	}
	address := cmp.Or(a.places.Of(service).URL(), "https://"+service+".fakecloud.invalid")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/"+action+"?"+all.Encode(), nil)
	if err != nil {
		return document{}, err
	}
	at := time.Now().UTC().Format(requestTime)
	req.Header.Set("X-Fake-Key", a.account.AccessKeyID.Reveal())
	req.Header.Set("X-Fake-Time", at)
	req.Header.Set("X-Fake-Signature", signatureOf(a.account.AccessKeySecret, at, req.URL.RequestURI()))
	resp, err := a.client.Do(req)
	if err != nil {
		return document{}, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	var answer document
	if json.NewDecoder(resp.Body).Decode(&answer) != nil || answer.Request == "" {
		return document{}, &cloud.APIError{Status: resp.StatusCode, Kind: inventory.Incomplete, Message: "the answer is no document"}
	}
	return answer, nil
}

// parseError reads an answer that is no success.
func parseError(status int, body []byte) error {
	var answer document
	_ = json.Unmarshal(body, &answer) // a gateway's page has no code
	return &cloud.APIError{Status: status, Code: answer.Code, Message: answer.Message, RequestID: answer.Request}
}

// signatureOf signs the time and the address of a call.
func signatureOf(key secret.Value, at, uri string) string {
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte(at + "\n" + uri))
	return hex.EncodeToString(mac.Sum(nil))
}

// requestTime is the form of the time that is signed.
const requestTime = time.RFC3339
