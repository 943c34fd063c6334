// Package oss keeps objects in Alibaba Cloud OSS.
package oss

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/retry"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Open returns a bucket, without any call. Its credentials are never asked for again.
func Open(ref storage.Ref, c storage.Credentials, client *http.Client) (storage.Bucket, error) {
	region := strings.TrimPrefix(ref.Region, "oss-") // the console shows both
	if region == "" {
		return nil, &inventory.Error{Kind: inventory.Invalid, Message: "storage: oss://" + ref.Bucket + ": region= is missing"}
	}
	config := sdk.NewConfig().
		WithRegion(region).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.ID.Reveal(), c.Secret.Reveal(), c.Token.Reveal())).
		WithHttpClient(client).
		WithRetryer(retry.NopRetryer{}).
		WithUsePathStyle(ref.PathStyle)
	if ref.Endpoint != "" {
		config = config.WithEndpoint(ref.Endpoint)
	}
	s := sdk.NewClient(config)
	return &bucket{
		name: ref.Bucket,
		get: func(ctx context.Context, in *sdk.GetObjectRequest) (*sdk.GetObjectResult, error) {
			return s.GetObject(ctx, in)
		},
		put: func(ctx context.Context, in *sdk.PutObjectRequest) (*sdk.PutObjectResult, error) {
			return s.PutObject(ctx, in)
		},
		list: func(ctx context.Context, in *sdk.ListObjectsV2Request) (*sdk.ListObjectsV2Result, error) {
			return s.ListObjectsV2(ctx, in)
		},
		remove: func(ctx context.Context, in *sdk.DeleteObjectRequest) (*sdk.DeleteObjectResult, error) {
			return s.DeleteObject(ctx, in)
		},
		presign: func(ctx context.Context, in *sdk.GetObjectRequest, lifetime time.Duration) (string, error) {
			out, err := s.Presign(ctx, in, sdk.PresignExpires(lifetime))
			if err != nil {
				return "", err
			}
			return out.URL, nil
		},
		versioning: func(ctx context.Context, in *sdk.GetBucketVersioningRequest) (*sdk.GetBucketVersioningResult, error) {
			return s.GetBucketVersioning(ctx, in)
		},
	}, nil
}

// bucket implements storage.Bucket with the calls of the SDK that are used.
type bucket struct {
	name   string
	get    func(context.Context, *sdk.GetObjectRequest) (*sdk.GetObjectResult, error)
	put    func(context.Context, *sdk.PutObjectRequest) (*sdk.PutObjectResult, error)
	list   func(context.Context, *sdk.ListObjectsV2Request) (*sdk.ListObjectsV2Result, error)
	remove func(context.Context, *sdk.DeleteObjectRequest) (*sdk.DeleteObjectResult, error)
	// presign returns a signed URL, without a call.
	presign    func(ctx context.Context, in *sdk.GetObjectRequest, lifetime time.Duration) (string, error)
	versioning func(context.Context, *sdk.GetBucketVersioningRequest) (*sdk.GetBucketVersioningResult, error)

	knownCapabilities atomic.Pointer[storage.Capabilities] // once the bucket has said it
}

// Get implements storage.Bucket.
func (b *bucket) Get(ctx context.Context, key, knownETag string) (storage.Object, error) {
	in := &sdk.GetObjectRequest{Bucket: &b.name, Key: &key}
	if knownETag != "" {
		in.IfNoneMatch = &knownETag
	}
	out, err := b.get(ctx, in)
	if err != nil {
		return storage.Object{}, err
	}
	data, err := io.ReadAll(out.Body)
	return storage.Object{Data: data, ETag: sdk.ToString(out.ETag)}, errors.Join(err, out.Body.Close())
}

// Link implements storage.Linker. By the host names of OSS itself a browser downloads the page, by a domain of the user's
// it shows it: https://help.aliyun.com/zh/oss/user-guide/how-to-obtain-the-url-of-a-single-object-or-the-urls-of-multiple-objects
func (b *bucket) Link(ctx context.Context, key string, lifetime time.Duration) (string, error) {
	return b.presign(ctx, &sdk.GetObjectRequest{
		Bucket: &b.name, Key: &key,
		ResponseContentType: sdk.Ptr(storage.LinkContentType), ResponseContentDisposition: sdk.Ptr(storage.LinkContentDisposition),
	}, lifetime)
}

// Put implements storage.Bucket. OSS can only forbid to overwrite, and where the bucket has (or
// had) versioning it ignores that without a word:
// https://help.aliyun.com/zh/oss/developer-reference/prevent-objects-from-being-overwritten-by-objects-that-have-the-same-names
func (b *bucket) Put(ctx context.Context, key string, data []byte, condition storage.Condition) (string, error) {
	in := &sdk.PutObjectRequest{Bucket: &b.name, Key: &key, Body: bytes.NewReader(data)}
	if condition.IsCreateOnly() {
		in.ForbidOverwrite = sdk.Ptr("true")
	}
	out, err := b.put(ctx, in)
	if err != nil {
		return "", err
	}
	if condition.IsCreateOnly() && sdk.ToString(out.VersionId) != "" {
		// Versioning was turned on since it was asked for. The older version is kept by it.
		b.knownCapabilities.Store(&storage.Capabilities{})
		return "", &inventory.Error{Kind: inventory.Unsupported,
			Message: "the bucket has versioning now, so the object was written without its condition"}
	}
	return sdk.ToString(out.ETag), nil
}

// List implements storage.Bucket.
func (b *bucket) List(ctx context.Context, prefix string) ([]string, error) {
	ctx = storage.WithExpectedRoot(ctx, "ListBucketResult")
	pages := storage.PageCollector{Bucket: b.name}
	in := &sdk.ListObjectsV2Request{Bucket: &b.name, Prefix: &prefix, MaxKeys: 1000}
	for {
		out, err := b.list(ctx, in)
		if err != nil {
			return nil, err
		}
		keys := make([]string, len(out.Contents))
		for i, object := range out.Contents {
			keys[i] = sdk.ToString(object.Key)
		}
		more, err := pages.Add(sdk.ToString(out.Name), keys, out.IsTruncated, sdk.ToString(out.NextContinuationToken))
		if err != nil || !more {
			return pages.Keys, err
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// Delete implements storage.Bucket.
func (b *bucket) Delete(ctx context.Context, key string) error {
	_, err := b.remove(ctx, &sdk.DeleteObjectRequest{Bucket: &b.name, Key: &key})
	return err
}

// Capabilities implements storage.Bucket. It asks the bucket's versioning until it is told, which
// needs the right oss:GetBucketVersioning. Only a bucket that never had it can create-only.
func (b *bucket) Capabilities(ctx context.Context) storage.Capabilities {
	if known := b.knownCapabilities.Load(); known != nil {
		return *known
	}
	out, err := b.versioning(storage.WithExpectedRoot(ctx, "VersioningConfiguration"), &sdk.GetBucketVersioningRequest{Bucket: &b.name})
	if err != nil {
		return storage.Capabilities{}
	}
	answer := storage.Capabilities{CreateOnly: sdk.ToString(out.VersionStatus) == ""}
	b.knownCapabilities.Store(&answer)
	return answer
}
