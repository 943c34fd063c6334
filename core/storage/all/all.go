// Package all lists the stores that this program knows.
package all

import (
	"net/http"
	"path/filepath"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/dir"
	"github.com/jms-sync/jms-sync/core/storage/obs"
	"github.com/jms-sync/jms-sync/core/storage/oss"
	"github.com/jms-sync/jms-sync/core/storage/s3"
)

// Options are how a store is reached and how often it is asked. The zero value is right for most.
type Options struct {
	Network storage.Network
	Policy  storage.RetryPolicy
}

// adapter opens a store that is asked over HTTP.
type adapter struct {
	scheme string
	open   func(storage.Ref, storage.Credentials, *http.Client) (storage.Bucket, error)
}

// allAdapters returns one entry per store.
func allAdapters() []adapter {
	return []adapter{
		{storage.SchemeOSS, oss.Open},
		{storage.SchemeOBS, obs.Open},
		{storage.SchemeS3, s3.Open},
	}
}

// Open returns the bucket of a reference to one object, without any call, and the object's
// key. For a file the bucket is its folder. Errors are of the kinds Invalid and BadCredentials.
func Open(ref storage.Ref, credentials storage.Credentials, options Options) (b storage.Bucket, key string, err error) {
	if ref.Scheme == storage.SchemeFile {
		file := filepath.Clean(ref.Key)
		return openFolder(filepath.Dir(file), options), filepath.Base(file), nil
	}
	if ref.Key == "" || strings.HasSuffix(ref.Key, "/") {
		return nil, "", &inventory.Error{Kind: inventory.Invalid, Message: "storage: " + ref.String() + ": the name of the object is missing"}
	}
	b, err = openRemote(ref, credentials, options)
	return b, ref.Key, err
}

// OpenPrefix returns the bucket of a reference to many objects, as Open does. Prefix and name
// together are a key: the prefix is "" or ends with a slash. For a file it is the folder itself.
func OpenPrefix(ref storage.Ref, credentials storage.Credentials, options Options) (b storage.Bucket, prefix string, err error) {
	if ref.Scheme == storage.SchemeFile {
		return openFolder(filepath.Clean(ref.Key), options), "", nil
	}
	prefix = strings.TrimSuffix(ref.Key, "/")
	if prefix != "" {
		prefix += "/"
	}
	b, err = openRemote(ref, credentials, options)
	return b, prefix, err
}

func openFolder(path string, options Options) storage.Bucket {
	return storage.Checked(storage.SchemeFile+"://"+filepath.ToSlash(path), dir.Open(path), options.Policy)
}

func openRemote(ref storage.Ref, credentials storage.Credentials, options Options) (storage.Bucket, error) {
	name := ref.Scheme + "://" + ref.Bucket
	for _, a := range allAdapters() {
		if a.scheme != ref.Scheme {
			continue
		}
		if credentials.IsEmpty() {
			return nil, &inventory.Error{Kind: inventory.BadCredentials, Message: "storage: " + name + ": no credentials"}
		}
		client, err := storage.NewHTTPClient(options.Network)
		if err != nil {
			return nil, err
		}
		raw, err := a.openNearest(ref, credentials, client, options.Network)
		if err != nil {
			return nil, err
		}
		return storage.Checked(name, raw, options.Policy), nil
	}
	return nil, &inventory.Error{Kind: inventory.Unsupported, Message: "storage: there is no store " + name}
}

// openNearest opens the bucket of a reference. Where its endpoint is an internal one, it is reached by the public one too.
func (a adapter) openNearest(ref storage.Ref, credentials storage.Credentials, client *http.Client, network storage.Network) (storage.Bucket, error) {
	own, err := a.open(ref, credentials, client)
	public, internal := ref.Public()
	if err != nil || !internal {
		return own, err
	}
	other, err := a.open(public, credentials, client)
	if err != nil {
		return nil, err
	}
	return storage.Nearest(ref, own, other, network)
}
