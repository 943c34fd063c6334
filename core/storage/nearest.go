package storage

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/language"
)

// internalProbeTimeout is how long an internal endpoint is waited for: inside the cloud it answers within milliseconds.
const internalProbeTimeout = time.Second

// internalPattern is OSS's endpoint for machines in the same region; the public one lacks the "-internal":
// https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints
var internalPattern = regexp.MustCompile(`^(https?://oss-[a-z0-9-]+)-internal(\.aliyuncs\.com(?::\d+)?)$`)

// Public returns the reference with the public endpoint, if its own is the internal one of a region.
func (r Ref) Public() (public Ref, isInternal bool) {
	parts := internalPattern.FindStringSubmatch(r.Endpoint)
	if r.Scheme != SchemeOSS || parts == nil {
		return r, false
	}
	r.Endpoint = parts[1] + parts[2]
	return r, true
}

// Nearest returns a bucket that is reached by the internal endpoint of a reference where that can be connected to, as by a
// function in the same region, and otherwise by the public one, as by a person's laptop: one reference serves both. What
// goes through a proxy is asked as the reference says.
func Nearest(ref Ref, internal, public Bucket, n Network) (Bucket, error) {
	by, err := httpx.NewProxyFunc(n.Proxy.Reveal())
	if err != nil {
		return nil, newInvalidError(language.New(err.Error(), err.Error()))
	}
	at, err := url.Parse(ref.Endpoint)
	if err != nil {
		return nil, newInvalidError(language.New("endpoint 不是网址", "the endpoint is no URL"))
	}
	proxy, err := by(&http.Request{URL: at})
	if err != nil || proxy != nil {
		return internal, nil //nolint:nilerr // the first request says it
	}
	port := at.Port()
	if port == "" {
		port = at.Scheme // a name that Dial knows
	}
	return &nearestBucket{internal: internal, public: public, address: net.JoinHostPort(at.Hostname(), port), dial: (&net.Dialer{}).DialContext}, nil
}

// nearestBucket implements Bucket. The first call decides which of the two it is.
type nearestBucket struct {
	internal, public Bucket
	address          string // of the internal endpoint
	dial             func(ctx context.Context, network, address string) (net.Conn, error)

	mu      sync.Mutex
	nearest Bucket // nil = not known yet
}

// choose returns the bucket that can be reached.
func (b *nearestBucket) choose(ctx context.Context) Bucket {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.nearest != nil {
		return b.nearest
	}
	patience := internalProbeTimeout
	if deadline, bounded := ctx.Deadline(); bounded {
		patience = min(patience, time.Until(deadline)/2)
	}
	probe, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	connection, err := b.dial(probe, "tcp", b.address)
	switch {
	case err == nil:
		_ = connection.Close() // nothing was sent
		b.nearest = b.internal
	case ctx.Err() != nil:
		return b.internal // which fails as the context says
	default:
		b.nearest = b.public
	}
	return b.nearest
}

// Get implements Bucket.
func (b *nearestBucket) Get(ctx context.Context, key, knownETag string) (Object, error) {
	return b.choose(ctx).Get(ctx, key, knownETag)
}

// Put implements Bucket.
func (b *nearestBucket) Put(ctx context.Context, key string, data []byte, condition Condition) (string, error) {
	return b.choose(ctx).Put(ctx, key, data, condition)
}

// List implements Bucket.
func (b *nearestBucket) List(ctx context.Context, prefix string) ([]string, error) {
	return b.choose(ctx).List(ctx, prefix)
}

// Delete implements Bucket.
func (b *nearestBucket) Delete(ctx context.Context, key string) error {
	return b.choose(ctx).Delete(ctx, key)
}

// Capabilities implements Bucket.
func (b *nearestBucket) Capabilities(ctx context.Context) Capabilities {
	return b.choose(ctx).Capabilities(ctx)
}
