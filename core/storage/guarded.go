package storage

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Guard makes a Bucket of an adapter's raw one: the contract's words that are the same for all
// stores are kept here, once. name is how errors call it: "oss://bucket". The raw one makes
// single requests with checked arguments, and may fail with a *Refusal, with a fault of the
// network or with an *inventory.Error whose message does not name bucket and key.
func Guard(name string, raw Bucket, policy Policy) Bucket {
	return guarded{name: name, raw: raw, policy: policy.complete()}
}

type guarded struct {
	name   string
	raw    Bucket
	policy Policy
}

func (g guarded) what(op, key string) string { return "storage: " + op + " " + g.name + "/" + key }

// Get implements Bucket.
func (g guarded) Get(ctx context.Context, key, knownETag string) (Object, error) {
	what := g.what("get", key)
	if err := CheckKey(key); err != nil {
		return Object{}, classify(ctx, what, err)
	}
	object, _, err := retry(ctx, g.policy, what, func(ctx context.Context) (Object, error) {
		object, err := g.raw.Get(ctx, key, knownETag)
		switch {
		case err != nil:
			return Object{}, err
		case object.ETag == "":
			return Object{}, notTheStore("the answer has no ETag")
		case len(object.Data) > MaxSize:
			return Object{}, invalid("it is larger than 16 MiB")
		case object.ETag == knownETag: // a store that does not know If-None-Match
			return Object{}, ErrNotModified
		}
		return object, nil
	})
	return object, err
}

// Put implements Bucket.
func (g guarded) Put(ctx context.Context, key string, data []byte, condition Condition) (string, error) {
	what := g.what("put", key)
	if err := g.allowed(ctx, key, data, condition); err != nil {
		return "", classify(ctx, what, err)
	}
	etag, unsure, err := retry(ctx, g.policy, what, func(ctx context.Context) (string, error) {
		etag, err := g.raw.Put(ctx, key, data, condition)
		if err == nil && etag == "" {
			err = notTheStore("the answer has no ETag")
		}
		return etag, err
	})
	var fault *inventory.Error
	if errors.As(err, &fault) && fault.Kind == inventory.NotFound {
		fault.Kind = inventory.Conflict // what IfMatch asks for is gone
	}
	if unsure && inventory.KindOf(err) == inventory.Conflict {
		return g.ownWrite(ctx, key, data, err)
	}
	return etag, err
}

// ownWrite looks whether a conflict after a failed try is with our own write, whose answer was
// lost: then the object is, byte for byte, what we wrote.
func (g guarded) ownWrite(ctx context.Context, key string, data []byte, conflict error) (string, error) {
	object, err := g.Get(ctx, key, "")
	switch {
	case err == nil && bytes.Equal(object.Data, data):
		return object.ETag, nil
	case err == nil, inventory.KindOf(err) == inventory.NotFound:
		return "", conflict
	}
	return "", err
}

// allowed refuses a Put before anything is sent.
func (g guarded) allowed(ctx context.Context, key string, data []byte, condition Condition) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if len(data) > MaxSize {
		return invalid("it is larger than 16 MiB")
	}
	if condition.Plain() {
		return nil
	}
	etag, match := condition.IfMatch()
	if match && etag == "" {
		return invalid("the ETag to match is empty")
	}
	able := g.raw.Abilities(ctx)
	if ctx.Err() != nil {
		return ctx.Err() // then "not able" is no answer
	}
	if (match && !able.IfMatch) || (condition.CreateOnly() && !able.CreateOnly) {
		return &inventory.Error{Kind: inventory.Unsupported, Message: "the store cannot keep the condition of the write"}
	}
	return nil
}

// List implements Bucket.
func (g guarded) List(ctx context.Context, prefix string) ([]string, error) {
	what := g.what("list", prefix)
	keys, _, err := retry(ctx, g.policy, what, func(ctx context.Context) ([]string, error) {
		return g.raw.List(ctx, prefix)
	})
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return strings.HasPrefix(path.Base(key), Own) })
	slices.Sort(keys)
	for i, key := range keys {
		if !strings.HasPrefix(key, prefix) || (i > 0 && key == keys[i-1]) {
			return nil, classify(ctx, what, notTheStore("a key is listed twice, or was not asked for"))
		}
	}
	return keys, nil
}

// Delete implements Bucket.
func (g guarded) Delete(ctx context.Context, key string) error {
	what := g.what("delete", key)
	if err := CheckKey(key); err != nil {
		return classify(ctx, what, err)
	}
	_, _, err := retry(ctx, g.policy, what, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, g.raw.Delete(ctx, key)
	})
	if inventory.KindOf(err) == inventory.NotFound {
		return nil
	}
	return err
}

// Abilities implements Bucket.
func (g guarded) Abilities(ctx context.Context) Abilities { return g.raw.Abilities(ctx) }

func notTheStore(text string) error {
	return &inventory.Error{Kind: inventory.Incomplete, Message: text}
}
