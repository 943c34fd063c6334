// Package obs keeps objects in Huawei Cloud OBS.
package obs

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	sdk "github.com/huaweicloud/huaweicloud-sdk-go-obs/obs"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Open returns a bucket, without any call. Its credentials are never asked for again.
func Open(ref storage.Ref, credentials storage.Credentials, client *http.Client) (storage.Bucket, error) {
	if ref.Region == "" && ref.Endpoint == "" {
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: "storage: obs://" + ref.Bucket + ": region= is missing"}
	}
	endpoint := cmp.Or(ref.Endpoint, "https://obs."+ref.Region+".myhuaweicloud.com")
	return bucket{name: ref.Bucket, newCalls: func(ctx context.Context) (sdkCalls, error) {
		// A client for each call, as the SDK keeps the context in it. The connections are shared.
		c, err := sdk.New(credentials.ID.Reveal(), credentials.Secret.Reveal(), endpoint,
			sdk.WithSecurityToken(credentials.Token.Reveal()),
			sdk.WithRegion(ref.Region),
			sdk.WithSignature(sdk.SignatureObs), // which path style turns into V2
			sdk.WithPathStyle(ref.PathStyle),
			sdk.WithMaxRetryCount(0),
			sdk.WithMaxRedirectCount(0),
			sdk.WithRequestContext(ctx),
			sdk.WithHttpClient(client))
		if err != nil {
			return sdkCalls{}, &inventory.Error{Kind: inventory.Invalid, Message: "the SDK takes neither endpoint nor credentials"}
		}
		return sdkCalls{
			get:     func(in *sdk.GetObjectInput) (*sdk.GetObjectOutput, error) { return c.GetObject(in) },
			put:     func(in *sdk.PutObjectInput) (*sdk.PutObjectOutput, error) { return c.PutObject(in) },
			list:    func(in *sdk.ListObjectsInput) (*sdk.ListObjectsOutput, error) { return c.ListObjects(in) },
			presign: func(in *sdk.CreateSignedUrlInput) (*sdk.CreateSignedUrlOutput, error) { return c.CreateSignedUrl(in) },
			remove:  func(in *sdk.DeleteObjectInput) (*sdk.DeleteObjectOutput, error) { return c.DeleteObject(in) },
		}, nil
	}}, nil
}

// sdkCalls are the calls of the SDK that are used.
type sdkCalls struct {
	get    func(*sdk.GetObjectInput) (*sdk.GetObjectOutput, error)
	put    func(*sdk.PutObjectInput) (*sdk.PutObjectOutput, error)
	list   func(*sdk.ListObjectsInput) (*sdk.ListObjectsOutput, error)
	remove func(*sdk.DeleteObjectInput) (*sdk.DeleteObjectOutput, error)
	// presign makes no request.
	presign func(*sdk.CreateSignedUrlInput) (*sdk.CreateSignedUrlOutput, error)
}

// bucket implements storage.Bucket.
type bucket struct {
	name     string
	newCalls func(context.Context) (sdkCalls, error)
}

// Get implements storage.Bucket.
func (b bucket) Get(ctx context.Context, key, knownETag string) (storage.Object, error) {
	c, err := b.newCalls(ctx)
	if err != nil {
		return storage.Object{}, err
	}
	in := &sdk.GetObjectInput{IfNoneMatch: knownETag}
	in.Bucket, in.Key = b.name, key
	out, err := c.get(in)
	if err != nil {
		return storage.Object{}, err
	}
	data, err := io.ReadAll(out.Body)
	return storage.Object{Data: data, ETag: out.ETag}, errors.Join(err, out.Body.Close())
}

// Link implements storage.Linker: https://support.huaweicloud.com/sdk-go-devg-obs/obs_33_0601.html
func (b bucket) Link(ctx context.Context, key string, lifetime time.Duration) (string, error) {
	c, err := b.newCalls(ctx)
	if err != nil {
		return "", err
	}
	out, err := c.presign(&sdk.CreateSignedUrlInput{
		Method: sdk.HttpMethodGet, Bucket: b.name, Key: key, Expires: int(lifetime.Seconds()),
		QueryParams: map[string]string{"response-content-type": storage.LinkContentType, "response-content-disposition": storage.LinkContentDisposition},
	})
	if err != nil {
		return "", err
	}
	return out.SignedUrl, nil
}

// Put implements storage.Bucket. The SDK knows no condition, so none is ever asked for.
func (b bucket) Put(ctx context.Context, key string, data []byte, condition storage.Condition) (string, error) {
	if !condition.IsAlways() {
		return "", &inventory.Error{Kind: inventory.Unsupported, Message: "OBS keeps no conditions"}
	}
	c, err := b.newCalls(ctx)
	if err != nil {
		return "", err
	}
	in := &sdk.PutObjectInput{Body: strings.NewReader(string(data))}
	in.Bucket, in.Key, in.ContentLength = b.name, key, int64(len(data))
	out, err := c.put(in)
	if err != nil {
		return "", err
	}
	return out.ETag, nil
}

// List implements storage.Bucket.
func (b bucket) List(ctx context.Context, prefix string) ([]string, error) {
	c, err := b.newCalls(storage.WithExpectedRoot(ctx, "ListBucketResult"))
	if err != nil {
		return nil, err
	}
	pages := storage.PageCollector{Bucket: b.name}
	in := &sdk.ListObjectsInput{Bucket: b.name}
	in.Prefix, in.MaxKeys, in.EncodingType = prefix, 1000, "url"
	for {
		out, err := c.list(in)
		if err != nil {
			return nil, err
		}
		keys := make([]string, len(out.Contents))
		for i, object := range out.Contents {
			keys[i] = object.Key
		}
		next := out.NextMarker
		if next == "" && len(keys) > 0 {
			next = keys[len(keys)-1] // OBS names the next marker only where there is a delimiter
		}
		more, err := pages.Add(out.Name, keys, out.IsTruncated, next)
		if err != nil || !more {
			return pages.Keys, err
		}
		in.Marker = next
	}
}

// Delete implements storage.Bucket.
func (b bucket) Delete(ctx context.Context, key string) error {
	c, err := b.newCalls(ctx)
	if err != nil {
		return err
	}
	in := &sdk.DeleteObjectInput{Bucket: b.name, Key: key}
	_, err = c.remove(in)
	return err
}

// Capabilities implements storage.Bucket: none.
func (b bucket) Capabilities(context.Context) storage.Capabilities { return storage.Capabilities{} }
