package storage

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// Checked returns an adapter's raw Bucket with what the contract asks of all stores alike. name is how errors
// call it: "oss://bucket". The raw one makes single requests with checked arguments, and may fail with an *APIError,
// with a fault of the network or with an *inventory.Error whose message does not name bucket and key.
func Checked(name string, raw Bucket, policy RetryPolicy) Bucket {
	return checkedBucket{name: name, raw: raw, policy: policy.withDefaults()}
}

type checkedBucket struct {
	name   string
	raw    Bucket
	policy RetryPolicy
}

func (g checkedBucket) describeCall(op, key string) string {
	return "storage: " + op + " " + g.name + "/" + key
}

// Get implements Bucket.
func (g checkedBucket) Get(ctx context.Context, key, knownETag string) (Object, error) {
	what := g.describeCall("get", key)
	if err := CheckKey(key); err != nil {
		return Object{}, classifyError(ctx, what, err)
	}
	object, _, err := retryCall(ctx, g.policy, what, func(ctx context.Context) (Object, error) {
		object, err := g.raw.Get(ctx, key, knownETag)
		switch {
		case err != nil:
			return Object{}, err
		case object.ETag == "":
			return Object{}, newNotStoreError("the answer has no ETag")
		case len(object.Data) > MaxObjectSize:
			return Object{}, newInvalidError(language.New("它超过 16 MiB", "it is larger than 16 MiB"))
		case object.ETag == knownETag: // a store that does not know If-None-Match
			return Object{}, ErrNotModified
		}
		return object, nil
	})
	return object, err
}

// Put implements Bucket.
func (g checkedBucket) Put(ctx context.Context, key string, data []byte, condition Condition) (string, error) {
	what := g.describeCall("put", key)
	if err := g.checkPut(ctx, key, data, condition); err != nil {
		return "", classifyError(ctx, what, err)
	}
	etag, unsure, err := retryCall(ctx, g.policy, what, func(ctx context.Context) (string, error) {
		etag, err := g.raw.Put(ctx, key, data, condition)
		if err == nil && etag == "" {
			err = newNotStoreError("the answer has no ETag")
		}
		return etag, err
	})
	var fault *inventory.Error
	_, match := condition.IfMatchETag()
	if errors.As(err, &fault) && fault.Kind == inventory.NotFound {
		fault.Kind = inventory.Invalid // there is nowhere to write to
		if match {
			fault.Kind = inventory.Conflict // what it asks for is gone
		}
	}
	if unsure && inventory.KindOf(err) == inventory.Conflict {
		return g.checkOwnWrite(ctx, key, data, err)
	}
	return etag, err
}

// checkOwnWrite returns the ETag of an object that is, byte for byte, what we wrote: then a conflict after a failed try
// is with our own write, whose answer was lost. Else it returns the conflict.
func (g checkedBucket) checkOwnWrite(ctx context.Context, key string, data []byte, conflict error) (string, error) {
	object, err := g.Get(ctx, key, "")
	switch {
	case err == nil && bytes.Equal(object.Data, data):
		return object.ETag, nil
	case err == nil, inventory.KindOf(err) == inventory.NotFound:
		return "", conflict
	}
	return "", err
}

// checkPut refuses a Put before anything is sent.
func (g checkedBucket) checkPut(ctx context.Context, key string, data []byte, condition Condition) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if len(data) > MaxObjectSize {
		return newInvalidError(language.New("它超过 16 MiB", "it is larger than 16 MiB"))
	}
	if condition.IsAlways() {
		return nil
	}
	etag, match := condition.IfMatchETag()
	if match && etag == "" {
		return newInvalidError(language.New("要比较的 ETag 是空的", "the ETag to match is empty"))
	}
	able := g.raw.Capabilities(ctx)
	if ctx.Err() != nil {
		return ctx.Err() // then "not able" is no answer
	}
	if (match && !able.IfMatch) || (condition.IsCreateOnly() && !able.CreateOnly) {
		return &inventory.Error{Kind: inventory.Unsupported, Message: "the store cannot keep the condition of the write"}
	}
	return nil
}

// List implements Bucket.
func (g checkedBucket) List(ctx context.Context, prefix string) ([]string, error) {
	what := g.describeCall("list", prefix)
	keys, _, err := retryCall(ctx, g.policy, what, func(ctx context.Context) ([]string, error) {
		return g.raw.List(ctx, prefix)
	})
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return strings.HasPrefix(path.Base(key), ReservedPrefix) })
	slices.Sort(keys)
	for i, key := range keys {
		if !strings.HasPrefix(key, prefix) || (i > 0 && key == keys[i-1]) {
			return nil, classifyError(ctx, what, newNotStoreError("a key is listed twice, or was not asked for"))
		}
	}
	return keys, nil
}

// Delete implements Bucket.
func (g checkedBucket) Delete(ctx context.Context, key string) error {
	what := g.describeCall("delete", key)
	if err := CheckKey(key); err != nil {
		return classifyError(ctx, what, err)
	}
	_, _, err := retryCall(ctx, g.policy, what, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, g.raw.Delete(ctx, key)
	})
	if inventory.KindOf(err) == inventory.NotFound {
		return nil
	}
	return err
}

// Capabilities implements Bucket.
func (g checkedBucket) Capabilities(ctx context.Context) Capabilities { return g.raw.Capabilities(ctx) }

func newNotStoreError(text string) error {
	return &inventory.Error{Kind: inventory.Incomplete, Message: text}
}
