// Package jumpserver reads and writes the hosts of one organisation of a JumpServer, v4.7 to v4.10, through
// its REST API. A read returns everything or an error; a write reports for each host whether it was carried out.
//
// The API was recorded from real servers; the rules that follow stand beside
// the code that obeys them. The most important ones:
//
//   - The answering organisation is verified before anything is read or written, because
//     JumpServer answers an unknown X-JMS-ORG with the data of the DEFAULT organisation.
//   - A list is complete (rows = count, every id once, every row of this organisation) or an error.
//   - Hosts are created one per request, with an id that the caller chose, so a repeated create cannot
//     make a second host. Lists are used for updates that leave protocols alone, and for removals.
//   - Nothing is deleted unless JumpServer named exactly the approved ids under the very key by
//     which they are then deleted.
//   - When the context of a call is cancelled or over, no further request is sent for that call.
//   - A write of hosts without an answer may have been carried out, or still be: the hosts are read back before
//     anything is repeated.
package jumpserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/wait"
)

// DefaultOrganisation is the id of the organisation that every JumpServer has.
const DefaultOrganisation = "00000000-0000-0000-0000-000000000002"

// rootOrganisationID shows the assets of all organisations and refuses every write.
const rootOrganisationID = "00000000-0000-0000-0000-000000000000"

const (
	defaultConnectTimeout = 5 * time.Second
	// defaultRequestTimeout leaves time for a second try within callBudget. The slowest answer to a read that was
	// measured (a page of 1000 rows) took about two seconds; list writes have a time of their own, see writeTimes.
	defaultRequestTimeout = 6 * time.Second
	defaultBatchSize      = 100
	maxIdleConns          = 16
)

// Options are all that a client needs. It reads no files and no environment, except that an
// empty Proxy means HTTP(S)_PROXY, and that NO_PROXY is obeyed in any case.
type Options struct {
	URL            string        // http(s)://host[:port], with a path only where a proxy adds one
	KeyID          secret.Value  // the access key's id, a UUID
	Secret         secret.Value  // the access key's secret
	OrgID          string        // a UUID; "" = DefaultOrganisation
	VerifySSL      bool          // false: every certificate is accepted
	CA             []byte        // PEM: certificates that are trusted besides the system's
	Proxy          string        // http(s)://…
	OtherProxy     bool          // a proxy is configured that is not for JumpServer: mentioned when JumpServer is unreachable
	ConnectTimeout time.Duration // 0 = 5 s
	// RequestTimeout bounds one try; 0 = 6 s. A list write may take longer: several times what its
	// rows are expected to take. All tries of a read together take at most 10 s, or RequestTimeout if that is more.
	RequestTimeout time.Duration
	BatchSize      int          // most rows of a list PATCH or a bulk removal; 0 = 100
	Log            *slog.Logger // nil = nothing is logged

	Needs inventory.Needs // what Read reads besides hosts, names and platforms

	// Transport, Now and Sleep are for tests; nil means the network and the real clock.
	Transport http.RoundTripper
	Now       func() time.Time
	Sleep     func(ctx context.Context, d time.Duration) error
}

// Client is one organisation of one JumpServer. It is safe for concurrent use: all calls
// share one rate limiter and one set of cached facts.
type Client struct {
	baseURL     *url.URL
	orgID       string
	sign        signer
	scrub       func(text string) string // removes secrets from a server's texts
	fingerprint string
	httpClient  *http.Client
	chooseProxy httpx.ProxyFunc // which proxy a request uses
	otherProxy  bool            // a proxy is configured that is not for JumpServer
	batchSize   int
	// maxListRows is how many rows of a list something in front of JumpServer let through; 0 = it refused none.
	maxListRows atomic.Int64
	tryTimeout  time.Duration
	needs       inventory.Needs
	log         *slog.Logger
	now         func() time.Time
	sleep       func(ctx context.Context, d time.Duration) error

	limiter    *rateLimiter
	writeTimes *writeTimes
	callCount  atomic.Int64
	skew       atomic.Int64 // see Skew

	// cachedFacts is what is known of this JumpServer: one immutable value, replaced as a whole
	// and kept between runs. nil means that the organisation was not verified yet.
	cachedFacts atomic.Pointer[facts]
	// labelIDs holds the label ids of assets that were read by their ids, as is done before each write of labels.
	labelIDs labelIDs
	// verifiedAt is when the configured organisation last answered; nil = not yet.
	verifiedAt atomic.Pointer[time.Time]
	// The lists that rules need, kept between runs like the facts.
	zones     knownList[inventory.Zone]
	templates knownList[inventory.AccountTemplate]
	nodes     knownList[inventory.Node]
	// factsLock and nodesLock let one goroutine at a time learn facts and create nodes.
	factsLock, nodesLock contextLock
}

// New returns a client without sending a request. Errors are of kind Invalid (URL, proxy),
// BadCredentials (a key id that is no UUID: JumpServer answers it with a 500) and Organisation
// (an id that is no UUID, or the root organisation, which can be read but not written).
func New(o Options) (*Client, error) {
	base, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if !isUUID(o.KeyID.Reveal()) {
		return nil, newError(inventory.BadCredentials, "jumpserver: the access key's id is not a UUID; copy it again from JumpServer's API key page", nil)
	}
	if o.Secret.IsEmpty() {
		return nil, newError(inventory.BadCredentials, "jumpserver: the access key has no secret", nil)
	}
	org, err := parseOrganisationID(o.OrgID)
	if err != nil {
		return nil, err
	}
	via, err := httpx.NewProxyFunc(o.Proxy)
	if err != nil {
		return nil, newError(inventory.Invalid, "jumpserver: "+err.Error(), nil)
	}
	rt := o.Transport
	if rt == nil {
		rt, err = newTransport(o, via)
		if err != nil {
			return nil, err
		}
	}
	c := &Client{
		baseURL: base, orgID: org,
		sign:        newSigner(o.KeyID, o.Secret),
		scrub:       newScrubber(o),
		chooseProxy: via, otherProxy: o.OtherProxy,
		fingerprint: fingerprintOf(base, o.KeyID),
		batchSize:   orDefault(o.BatchSize, defaultBatchSize),
		tryTimeout:  orDefault(o.RequestTimeout, defaultRequestTimeout),
		needs:       o.Needs,
		log:         o.Log, now: o.Now, sleep: o.Sleep,
		factsLock: newContextLock(), nodesLock: newContextLock(),
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.sleep == nil {
		c.sleep = wait.For
	}
	c.limiter, c.writeTimes = &rateLimiter{now: c.now, sleep: c.sleep}, newWriteTimes()
	c.httpClient = httpx.NewClient(rt)
	return c, nil
}

// Calls returns the number of requests sent so far, repeated ones included.
func (c *Client) Calls() int64 { return c.callCount.Load() }

// KeyFingerprint returns an identifier of this JumpServer and access key, from which neither can be read.
func (c *Client) KeyFingerprint() string { return c.fingerprint }

func fingerprintOf(base *url.URL, key secret.Value) string {
	sum := sha256.Sum256([]byte(base.String() + "\n" + strings.ToLower(key.Reveal())))
	return hex.EncodeToString(sum[:8])
}

// Close closes idle connections. The client can still be used afterwards.
func (c *Client) Close() { c.httpClient.CloseIdleConnections() }

func parseURL(text string) (*url.URL, error) {
	// The message does not repeat the text, which may hold a password.
	base, err := url.Parse(strings.TrimSpace(text))
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, newError(inventory.Invalid, "jumpserver: the URL must look like https://jms.example.com", nil)
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, newError(inventory.Invalid, "jumpserver: the URL must not hold a user, a query or a fragment", nil)
	}
	return &url.URL{Scheme: base.Scheme, Host: base.Host, Path: strings.TrimRight(base.Path, "/")}, nil
}

func parseOrganisationID(text string) (string, error) {
	if text == "" {
		return DefaultOrganisation, nil
	}
	if !isUUID(text) {
		return "", newError(inventory.Organisation, "jumpserver: the organisation's id "+quote(text)+" is not a UUID; JumpServer would answer for DEFAULT", nil)
	}
	if text == rootOrganisationID {
		return "", newError(inventory.Organisation, "jumpserver: the root organisation ("+text+") holds the assets of all organisations and takes no writes; name one organisation", nil)
	}
	return strings.ToLower(text), nil
}

func orDefault[N int | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

// isUUID accepts only the form that JumpServer writes; uuid.Parse accepts others too.
func isUUID(text string) bool {
	return len(text) == 36 && uuid.Validate(text) == nil
}

// contextLock is a lock that a context can stop waiting for.
type contextLock chan struct{}

func newContextLock() contextLock { return make(contextLock, 1) }

func (t contextLock) lock(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

func (t contextLock) unlock() { <-t }
