package all_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/all"
	"github.com/jms-sync/jms-sync/core/storage/obs"
	"github.com/jms-sync/jms-sync/core/storage/oss"
	"github.com/jms-sync/jms-sync/core/storage/s3"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// recordingTransport keeps requests from being sent.
type recordingTransport struct{ sent *http.Request }

func (c *recordingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent = r
	return nil, errors.New("caught")
}

// TestAddresses: where the real stores would be asked, how it is signed, and that a role's
// token goes along.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ url, auth, token string }{
		"oss://bkt/a/k?region=cn-hangzhou":     {"https://bkt.oss-cn-hangzhou.aliyuncs.com/a/k", "OSS4-HMAC-SHA256 ", "X-Oss-Security-Token"},
		"oss://bkt/a/k?region=oss-cn-hangzhou": {"https://bkt.oss-cn-hangzhou.aliyuncs.com/a/k", "OSS4-HMAC-SHA256 ", "X-Oss-Security-Token"},
		"oss://bkt/a/k?region=cn-hangzhou&endpoint=oss-cn-hangzhou-internal.aliyuncs.com": {
			"https://bkt.oss-cn-hangzhou-internal.aliyuncs.com/a/k", "OSS4-HMAC-SHA256 ", "X-Oss-Security-Token"},
		"obs://bkt/a/k?region=cn-north-4": {"https://bkt.obs.cn-north-4.myhuaweicloud.com:443/a/k", "OBS ", "X-Obs-Security-Token"},
		"obs://bkt/a/k?endpoint=obs.my.cloud&path_style=1": {
			"https://obs.my.cloud:443/bkt/a/k", "AWS ", "X-Amz-Security-Token"},
		"s3://bkt/a/k?region=us-east-1": {"https://bkt.s3.us-east-1.amazonaws.com/a/k?x-id=GetObject", "AWS4-HMAC-SHA256 ", "X-Amz-Security-Token"},
		"s3://bkt/a/k?region=cn-north-1": {
			"https://bkt.s3.cn-north-1.amazonaws.com.cn/a/k?x-id=GetObject", "AWS4-HMAC-SHA256 ", "X-Amz-Security-Token"},
		"s3://bkt/a/k?region=r&endpoint=minio.local:9000&path_style=true": {
			"https://minio.local:9000/bkt/a/k?x-id=GetObject", "AWS4-HMAC-SHA256 ", "X-Amz-Security-Token"},
	} {
		ref, err := storage.ParseRef(text)
		if err != nil {
			t.Fatal(err)
		}
		c := &recordingTransport{}
		open := map[string]func(storage.Ref, storage.Credentials, *http.Client) (storage.Bucket, error){
			storage.SchemeOSS: oss.Open, storage.SchemeOBS: obs.Open, storage.SchemeS3: s3.Open,
		}[ref.Scheme]
		b, err := open(ref, storagetest.GoodCredentials(), &http.Client{Transport: c})
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Get(t.Context(), ref.Key, "")
		if err == nil || c.sent == nil {
			t.Fatalf("%s: error %v, sent %v", text, err, c.sent)
		}
		var token string
		for name, values := range c.sent.Header {
			if strings.EqualFold(name, want.token) {
				token = values[0]
			}
		}
		if got := c.sent.URL.String(); got != want.url || token != storagetest.GoodToken ||
			!strings.HasPrefix(c.sent.Header.Get("Authorization"), want.auth) {
			t.Errorf("%s: asked %s with %v; want %+v", text, got, c.sent.Header, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for text, kind := range map[string]inventory.Kind{
		"oss://bkt/k": inventory.Invalid, "s3://bkt/k": inventory.Invalid, "obs://bkt/k": inventory.Invalid,
		"s3://bkt/?region=r": inventory.Invalid, "s3://bkt/k/?region=r": inventory.Invalid,
	} {
		ref, err := storage.ParseRef(text)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = all.Open(ref, storagetest.GoodCredentials(), all.Options{})
		if inventory.KindOf(err) != kind || !strings.Contains(err.Error(), "bkt") {
			t.Errorf("%s: %v", text, err)
		}
	}
	ref := storage.Ref{Scheme: storage.SchemeS3, Bucket: "bkt", Key: "k", Region: "r"}
	_, _, err := all.Open(ref, storage.Credentials{}, all.Options{})
	storagetest.WantKind(t, err, "s3://bkt", inventory.BadCredentials)
	proxy := all.Options{Network: storage.Network{Proxy: secret.New("://hush")}}
	_, _, err = all.Open(ref, storagetest.GoodCredentials(), proxy)
	if inventory.KindOf(err) != inventory.Invalid || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
	ref.Scheme = "ftp"
	_, _, err = all.Open(ref, storagetest.GoodCredentials(), all.Options{})
	storagetest.WantKind(t, err, "ftp", inventory.Unsupported)
}

func TestOpenPrefix(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for text, want := range map[string]string{
		"oss://bkt?region=r": "", "oss://bkt/?region=r": "", "oss://bkt/a/b?region=r": "a/b/", "s3://bkt/a/b/?region=r": "a/b/",
		"file://" + folder + "/state/": "", folder + "/state": "",
	} {
		ref, err := storage.ParseRef(text)
		if err != nil {
			t.Fatal(err)
		}
		b, prefix, err := all.OpenPrefix(ref, storagetest.GoodCredentials(), all.Options{})
		if err != nil || prefix != want {
			t.Fatalf("%s: prefix %q, error %v; want %q", text, prefix, err, want)
		}
		if ref.Scheme == storage.SchemeFile {
			if _, err := b.Put(t.Context(), prefix+"x/y", []byte(text), storage.Always()); err != nil {
				t.Fatal(err)
			}
			ref.Key = folder + "/state/x/y"
			one, key, err := all.Open(ref, storage.Credentials{}, all.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if object, err := one.Get(t.Context(), key, ""); err != nil || string(object.Data) != text {
				t.Errorf("%s: %q, error %v", text, object.Data, err)
			}
		}
	}
}

// TestVersioningTurnedOn: a bucket that gets versioning after it was asked for is noticed by the
// answer to the first write that it would have ruined.
func TestVersioningTurnedOn(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t, storagetest.OSS)
	server.RequireToken(storagetest.GoodToken)
	b := openBucket(t, server.Ref("key"), storagetest.InstantRetries())
	if _, err := b.Put(t.Context(), "key", []byte("one"), storage.CreateOnly()); err != nil {
		t.Fatal(err)
	}
	server.SetVersioning("Enabled")
	for range 2 {
		_, err := b.Put(t.Context(), "key", []byte("two"), storage.CreateOnly())
		storagetest.WantKind(t, err, "key", inventory.Unsupported)
	}
	if b.Capabilities(t.Context()) != (storage.Capabilities{}) {
		t.Error("it still believes to be able")
	}
}

// TestVersioningUnknown: an unknown answer is "not able", is not kept, and is asked for once known.
func TestVersioningUnknown(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t, storagetest.OSS)
	server.RequireToken(storagetest.GoodToken)
	b := openBucket(t, server.Ref("key"), storagetest.InstantRetries())
	for _, fault := range []storagetest.Fault{storagetest.Denied, storagetest.WebPage, storagetest.EmptyBody, storagetest.HalfDocument, storagetest.ServerError} {
		server.InjectFault(fault, "VERSIONING", 0, 0)
		_, err := b.Put(t.Context(), "key", []byte("x"), storage.CreateOnly())
		storagetest.WantKind(t, err, "key", inventory.Unsupported)
	}
	server.ClearFault()
	server.TakeRequests()
	for range 3 {
		if !b.Capabilities(t.Context()).CreateOnly {
			t.Error("not able")
		}
	}
	if asked := server.TakeRequests(); len(asked) != 1 {
		t.Errorf("asked %q", asked)
	}
}
