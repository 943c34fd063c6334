// Package s3 keeps objects in Amazon S3, or in a store that speaks the same way.
package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Open returns a bucket, without any call. Its credentials are never asked for again.
func Open(ref storage.Ref, credentials storage.Credentials, client *http.Client) (storage.Bucket, error) {
	if ref.Region == "" {
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: "storage: s3://" + ref.Bucket + ": region= is missing"}
	}
	options := sdk.Options{
		Region: ref.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: credentials.ID.Reveal(), SecretAccessKey: credentials.Secret.Reveal(),
				SessionToken: credentials.Token.Reveal(),
			}, nil
		}),
		HTTPClient:   client,
		Retryer:      aws.NopRetryer{},
		UsePathStyle: ref.PathStyle,
		// Stores that only speak like S3 do not know the newer checksums; the signature covers the data.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if ref.Endpoint != "" {
		options.BaseEndpoint = aws.String(ref.Endpoint)
	}
	c := sdk.New(options)
	return &bucket{
		name: ref.Bucket, mustProbe: ref.Endpoint != "" && !isAmazonEndpoint(ref.Endpoint), probeNeighbour: ref.Key,
		get: func(ctx context.Context, in *sdk.GetObjectInput) (*sdk.GetObjectOutput, error) {
			return c.GetObject(ctx, in)
		},
		put: func(ctx context.Context, in *sdk.PutObjectInput) (*sdk.PutObjectOutput, error) {
			return c.PutObject(ctx, in)
		},
		list: func(ctx context.Context, in *sdk.ListObjectsV2Input) (*sdk.ListObjectsV2Output, error) {
			return c.ListObjectsV2(ctx, in)
		},
		remove: func(ctx context.Context, in *sdk.DeleteObjectInput) (*sdk.DeleteObjectOutput, error) {
			return c.DeleteObject(ctx, in)
		},
		presign: func(ctx context.Context, in *sdk.GetObjectInput, lifetime time.Duration) (string, error) {
			out, err := sdk.NewPresignClient(c, sdk.WithPresignExpires(lifetime)).PresignGetObject(ctx, in)
			if err != nil {
				return "", err
			}
			return out.URL, nil
		},
	}, nil
}

// bucket implements storage.Bucket with the calls of the SDK that are used.
type bucket struct {
	name   string
	get    func(context.Context, *sdk.GetObjectInput) (*sdk.GetObjectOutput, error)
	put    func(context.Context, *sdk.PutObjectInput) (*sdk.PutObjectOutput, error)
	list   func(context.Context, *sdk.ListObjectsV2Input) (*sdk.ListObjectsV2Output, error)
	remove func(context.Context, *sdk.DeleteObjectInput) (*sdk.DeleteObjectOutput, error)
	// presign returns a signed URL, without a call.
	presign func(ctx context.Context, in *sdk.GetObjectInput, lifetime time.Duration) (string, error)

	mustProbe         bool   // another store, whose conditions are to be tried out
	probeNeighbour    string // where there is the right to write
	knownCapabilities atomic.Pointer[storage.Capabilities]
}

// isAmazonEndpoint reports whether an endpoint is one of Amazon's own, by its name.
func isAmazonEndpoint(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && (strings.HasSuffix(u.Hostname(), ".amazonaws.com") || strings.HasSuffix(u.Hostname(), ".amazonaws.com.cn"))
}

// Get implements storage.Bucket.
func (b *bucket) Get(ctx context.Context, key, knownETag string) (storage.Object, error) {
	in := &sdk.GetObjectInput{Bucket: &b.name, Key: &key}
	if knownETag != "" {
		in.IfNoneMatch = &knownETag
	}
	out, err := b.get(ctx, in)
	if err != nil {
		return storage.Object{}, err
	}
	data, err := io.ReadAll(out.Body)
	return storage.Object{Data: data, ETag: aws.ToString(out.ETag)}, errors.Join(err, out.Body.Close())
}

// Link implements storage.Linker: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html
func (b *bucket) Link(ctx context.Context, key string, lifetime time.Duration) (string, error) {
	return b.presign(ctx, &sdk.GetObjectInput{
		Bucket: &b.name, Key: &key,
		ResponseContentType: aws.String(storage.LinkContentType), ResponseContentDisposition: aws.String(storage.LinkContentDisposition),
	}, lifetime)
}

// Put implements storage.Bucket. If-None-Match and If-Match hold in every bucket, with or
// without versioning: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (b *bucket) Put(ctx context.Context, key string, data []byte, condition storage.Condition) (string, error) {
	in := &sdk.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(data)}
	if condition.IsCreateOnly() {
		in.IfNoneMatch = aws.String("*")
	}
	if etag, asked := condition.IfMatchETag(); asked {
		in.IfMatch = &etag
	}
	out, err := b.put(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

// List implements storage.Bucket.
func (b *bucket) List(ctx context.Context, prefix string) ([]string, error) {
	ctx = storage.WithExpectedRoot(ctx, "ListBucketResult")
	pages := storage.PageCollector{Bucket: b.name}
	in := &sdk.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix, EncodingType: types.EncodingTypeUrl}
	for {
		out, err := b.list(ctx, in)
		if err != nil {
			return nil, err
		}
		keys, err := decodeKeys(out)
		if err != nil {
			return nil, err
		}
		more, err := pages.Add(aws.ToString(out.Name), keys, aws.ToBool(out.IsTruncated), aws.ToString(out.NextContinuationToken))
		if err != nil || !more {
			return pages.Keys, err
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// decodeKeys decodes a page's keys, which this SDK leaves as they came.
func decodeKeys(out *sdk.ListObjectsV2Output) ([]string, error) {
	keys := make([]string, 0, len(out.Contents))
	for _, object := range out.Contents {
		key := aws.ToString(object.Key)
		if out.EncodingType == types.EncodingTypeUrl {
			decoded, err := url.QueryUnescape(key)
			if err != nil {
				return nil, &inventory.Error{Kind: inventory.Incomplete, Message: "a key in the list is not encoded as it should be"}
			}
			key = decoded
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Delete implements storage.Bucket.
func (b *bucket) Delete(ctx context.Context, key string) error {
	_, err := b.remove(ctx, &sdk.DeleteObjectInput{Bucket: &b.name, Key: &key})
	return err
}

// Capabilities implements storage.Bucket. S3 keeps both conditions. Some stores that speak like S3
// ignore them without a word, so that another endpoint is tried out once, on a name of our own.
func (b *bucket) Capabilities(ctx context.Context) storage.Capabilities {
	if !b.mustProbe {
		return storage.Capabilities{CreateOnly: true, IfMatch: true}
	}
	if known := b.knownCapabilities.Load(); known != nil {
		return *known
	}
	able, err := b.probeCapabilities(ctx)
	if err != nil {
		return storage.Capabilities{}
	}
	b.knownCapabilities.Store(&able)
	return able
}

// probeCapabilities writes an object, then over it with conditions that do not hold. Only their refusal
// shows that they are kept.
func (b *bucket) probeCapabilities(ctx context.Context) (able storage.Capabilities, err error) {
	key := path.Join(b.probeNeighbour, storage.ReservedPrefix+"probe-"+rand.Text())
	if _, err := b.Put(ctx, key, nil, storage.Always()); err != nil {
		return able, err
	}
	able.CreateOnly, err = b.refusesCondition(ctx, key, storage.CreateOnly())
	if err == nil {
		able.IfMatch, err = b.refusesCondition(ctx, key, storage.IfMatch(`"00000000000000000000000000000000"`))
	}
	return able, errors.Join(err, b.Delete(ctx, key))
}

// refusesCondition reports whether a condition that does not hold is refused; an error is no answer.
func (b *bucket) refusesCondition(ctx context.Context, key string, condition storage.Condition) (bool, error) {
	_, err := b.Put(ctx, key, nil, condition)
	var refusal *storage.APIError
	if errors.As(err, &refusal) && (refusal.Status == http.StatusPreconditionFailed || refusal.Status == http.StatusNotImplemented) {
		return refusal.Status == http.StatusPreconditionFailed, nil
	}
	return false, err
}
