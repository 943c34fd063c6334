// Package jumpserver talks to the REST API of one organisation of a JumpServer, v4.7 to v4.10:
// it reads its assets as a whole or fails, and makes, changes and removes hosts one careful
// request at a time.
//
// What the API does was recorded from real servers; the rules that follow from it stand beside
// the code that obeys them. The most important ones:
//
//   - The organisation that answers is proved before anything is read or written, because
//     JumpServer answers an unknown X-JMS-ORG with the DEFAULT organisation's data.
//   - A list is complete (rows = count, every id once, every row of this organisation) or an error.
//   - Hosts are made one per request, with an id that the caller chose: a repeated create cannot
//     make a second host. Lists are used for updates that leave protocols alone, and for removals.
//   - Nothing is deleted unless JumpServer named exactly the approved ids under the very key by
//     which they are then deleted.
//   - When the context of a call is cancelled or over, no further request leaves for that call.
//   - A write of hosts without an answer may have been carried out, or still be: it is read back before
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
	"github.com/jms-sync/jms-sync/core/pause"
	"github.com/jms-sync/jms-sync/core/secret"
)

// DefaultOrganisation is the id of the organisation that every JumpServer has.
const DefaultOrganisation = "00000000-0000-0000-0000-000000000002"

// rootOrganisationID reads the assets of all organisations and refuses every write.
const rootOrganisationID = "00000000-0000-0000-0000-000000000000"

const (
	defaultConnectTimeout = 5 * time.Second
	// defaultRequestTimeout leaves time for a second try within callBudget. The slowest single answers
	// measured (a page of 1000 rows) took about two seconds; list writes have a time of their own, see costs.
	defaultRequestTimeout = 6 * time.Second
	defaultBatchSize      = 100
	maxIdleConns          = 16
)

// Options is all that a client needs; nothing is read from files or the environment, except that an
// empty Proxy means what the process's HTTP(S)_PROXY says, and that NO_PROXY is obeyed in any case.
type Options struct {
	URL            string        // http(s)://host[:port], with a path only where a proxy adds one
	KeyID          secret.Value  // the access key's id, a UUID
	Secret         secret.Value  // the access key's secret
	OrgID          string        // a UUID; "" = DefaultOrganisation
	VerifySSL      bool          // false: any certificate is accepted
	CA             []byte        // PEM: certificates that are trusted beside the system's
	Proxy          string        // http(s)://…
	OtherProxy     bool          // a proxy is configured that is not for JumpServer: said where it cannot be reached
	ConnectTimeout time.Duration // 0 = 5 s
	// RequestTimeout is the time of one try; 0 = 6 s. A list write may take longer: several times what its
	// rows are expected to take. All tries of a call that reads take at most 10 s, or one time-out if that is more.
	RequestTimeout time.Duration
	BatchSize      int          // rows of a list PATCH or a bulk removal, at most; 0 = 100
	Log            *slog.Logger // nil = nothing is logged

	// Transport, Now and Sleep are for tests; nil means the network and the real clock.
	Transport http.RoundTripper
	Now       func() time.Time
	Sleep     func(ctx context.Context, d time.Duration) error
}

// Client is one organisation of one JumpServer. Its methods may be called by several goroutines
// at once; they share one pace (see 429 in the README of the API) and one set of learnt facts.
type Client struct {
	baseURL     *url.URL
	orgID       string
	sign        signer
	scrub       func(text string) string // takes secrets out of what a server says
	fingerprint string
	httpClient  *http.Client
	chooseProxy httpx.ProxyFunc // by which proxy a request goes
	otherProxy  bool            // a proxy is configured that is not for JumpServer
	batchSize   int
	// maxListRows is how many rows something in front of JumpServer let through of a list; 0 = nothing refused one.
	maxListRows atomic.Int64
	tryTimeout  time.Duration
	log         *slog.Logger
	now         func() time.Time
	sleep       func(ctx context.Context, d time.Duration) error

	limiter    *rateLimiter
	writeTimes *writeTimes
	callCount  atomic.Int64
	skew       atomic.Int64 // see Skew

	// cachedFacts is what was learnt about this JumpServer: one immutable value, replaced as a whole
	// and kept between runs. nil means that the organisation was not proved yet.
	cachedFacts atomic.Pointer[facts]
	// labelIDs are those of the assets that were read by their ids, as is done before each write of labels.
	labelIDs labelIDs
	// verifiedAt is when the organisation was asked for last, and was the configured one; nil = not yet.
	verifiedAt atomic.Pointer[time.Time]
	// factsLock and making let one goroutine at a time learn facts and make nodes.
	factsLock, nodesLock contextLock
}

// New makes a client without calling anybody. Mistakes are errors of kind Invalid (URL, proxy),
// BadCredentials (a key id that is no UUID: JumpServer answers it with a 500) and Organisation
// (an id that is no UUID, or the root organisation, which reads everything and writes nothing).
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
		if rt, err = newTransport(o, via); err != nil {
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
		c.sleep = pause.For
	}
	c.limiter, c.writeTimes = &rateLimiter{now: c.now, sleep: c.sleep}, newWriteTimes()
	c.httpClient = httpx.NewClient(rt)
	return c, nil
}

// Calls gives the number of requests sent so far, repeated ones included.
func (c *Client) Calls() int64 { return c.callCount.Load() }

// KeyFingerprint returns a name for this JumpServer and access key, from which neither can be read.
func (c *Client) KeyFingerprint() string { return c.fingerprint }

func fingerprintOf(base *url.URL, key secret.Value) string {
	sum := sha256.Sum256([]byte(base.String() + "\n" + strings.ToLower(key.Reveal())))
	return hex.EncodeToString(sum[:8])
}

// Close frees the idle connections. The client can still be used afterwards.
func (c *Client) Close() { c.httpClient.CloseIdleConnections() }

func parseURL(text string) (*url.URL, error) {
	// The text is not repeated in the message: it may hold a password.
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

// isUUID accepts the one written form that JumpServer uses; uuid.Parse knows others too.
func isUUID(text string) bool {
	return len(text) == 36 && uuid.Validate(text) == nil
}

// contextLock is a lock whose waiting ends with the context.
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
