package storage

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// MaxLinkLifetime is the longest time that a link may serve: S3 and OSS sign none for longer.
const MaxLinkLifetime = 7 * 24 * time.Hour

// Linker is a Bucket whose store can hand out links.
type Linker interface {
	// Link returns a URL by which anybody can read an object with a browser, as HTML, until a time has passed; sooner if the
	// credentials that signed it expire. It makes no call and does not look whether there is such an object. The URL is a
	// secret: whoever has it reads the object.
	Link(ctx context.Context, key string, lifetime time.Duration) (url string, err error)
}

// The headers that links ask the store to answer with. A store may insist on a download, as OSS and OBS do by their own
// host names.
const (
	LinkContentType        = "text/html; charset=utf-8"
	LinkContentDisposition = "inline"
)

// Link returns a link to an object of a bucket. The error is of kind Unsupported if the store has none, like a folder.
func Link(ctx context.Context, b Bucket, key string, lifetime time.Duration) (string, error) {
	by, able := b.(Linker)
	if !able {
		return "", &inventory.Error{Kind: inventory.Unsupported, Message: "the store has no links"}
	}
	return by.Link(ctx, key, lifetime)
}

// Link implements Linker.
func (g checkedBucket) Link(ctx context.Context, key string, lifetime time.Duration) (string, error) {
	what := g.describeCall("link", key)
	if err := CheckKey(key); err != nil {
		return "", classifyError(ctx, what, err)
	}
	url, err := Link(ctx, g.raw, key, min(max(lifetime, time.Second), MaxLinkLifetime))
	if err != nil {
		return "", classifyError(ctx, what, err)
	}
	return url, nil
}

// Link implements Linker: people are not inside the cloud.
func (b *nearestBucket) Link(ctx context.Context, key string, lifetime time.Duration) (string, error) {
	return Link(ctx, b.public, key, lifetime)
}
