package storage

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/jms-sync/jms-sync/core/secret"
)

// namedBucket is a bucket that lists its own name.
type namedBucket struct {
	Bucket
	name string
}

// List implements Bucket.
func (b namedBucket) List(context.Context, string) ([]string, error) { return []string{b.name}, nil }

// TestPublicEndpoint: only OSS's internal endpoint has a public one.
func TestPublicEndpoint(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]string{
		"oss://bucket/k?region=cn-hangzhou&endpoint=oss-cn-hangzhou-internal.aliyuncs.com": "https://oss-cn-hangzhou.aliyuncs.com",
		"oss://bucket/k?endpoint=http://oss-cn-hangzhou-internal.aliyuncs.com:80":          "http://oss-cn-hangzhou.aliyuncs.com:80",
		"oss://bucket/k?region=cn-hangzhou&endpoint=oss-cn-hangzhou.aliyuncs.com":          "",
		"oss://bucket/k?endpoint=minio-internal.example.com":                               "",
		"oss://bucket/k?endpoint=oss-x-internal.aliyuncs.com.example.com":                  "",
		"s3://bucket/k?endpoint=oss-cn-hangzhou-internal.aliyuncs.com":                     "",
		"oss://bucket/k?region=cn-hangzhou":                                                "",
	} {
		ref, err := ParseRef(reference)
		if err != nil {
			t.Fatal(err)
		}
		public, internal := ref.Public()
		if internal != (want != "") || internal && public.Endpoint != want || public.Bucket != ref.Bucket {
			t.Errorf("%s: %q, %t", reference, public.Endpoint, internal)
		}
	}
}

// TestNearest: a store is asked at its internal endpoint where that can be reached, otherwise at the public one; one look
// decides, unless there was no time for it.
func TestNearest(t *testing.T) {
	t.Parallel()
	for want, refusal := range map[string]error{"internal": nil, "public": errors.New("no route to host")} {
		dials := 0
		b := &nearestBucket{internal: namedBucket{name: "internal"}, public: namedBucket{name: "public"}, address: "oss:443",
			dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				dials++
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				near, _ := net.Pipe()
				return near, refusal
			}}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = b.List(ended, "")
		for range 3 {
			if got, err := b.List(t.Context(), ""); err != nil || got[0] != want {
				t.Errorf("%v, %v; want %s", got, err, want)
			}
		}
		if dials != 2 {
			t.Errorf("%s: looked %d times", want, dials)
		}
	}
}

// TestNearestBehindAProxy: what goes through a proxy is asked as the reference says, as nobody can look past it.
func TestNearestBehindAProxy(t *testing.T) {
	t.Parallel()
	ref, err := ParseRef("oss://bucket/k?endpoint=oss-cn-hangzhou-internal.aliyuncs.com")
	if err != nil {
		t.Fatal(err)
	}
	internal := namedBucket{name: "internal"}
	b, err := Nearest(ref, internal, namedBucket{name: "public"}, Network{Proxy: secret.New("http://127.0.0.1:1")})
	if err != nil || b != Bucket(internal) {
		t.Errorf("%v, %v", b, err)
	}
	b, err = Nearest(ref, internal, namedBucket{name: "public"}, Network{})
	if n, is := b.(*nearestBucket); err != nil || !is || n.address != "oss-cn-hangzhou-internal.aliyuncs.com:https" {
		t.Errorf("%+v, %v", b, err)
	}
}
