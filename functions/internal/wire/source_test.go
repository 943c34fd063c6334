package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

const configKey = "conf/jms-sync.yaml"

// estate is JumpServer, one cloud account and one object store, with an App that loads its configuration from the store.
type estate struct {
	*testing.T
	store        *storagetest.Server
	app          *wire.App
	urls         [2]string // of JumpServer and of the cloud
	configsBuilt int       // configurations that were parsed and put to use
	mu           sync.Mutex
}

func newEstate(t *testing.T, d storagetest.Dialect, environ ...string) *estate {
	jms := httptest.NewServer(jumpservertest.New(jumpservertest.Options{TB: t}))
	ecs := alibabatest.New(alibabatest.Options{Reporter: t})
	cloud := httptest.NewServer(ecs)
	t.Cleanup(func() {
		jms.Close()
		cloud.Close()
		ecs.Close()
	})
	ecs.AddAccount(alibabatest.Key{AccountID: "1234567890123456", AccessKeyID: "cloud-key", AccessKeySecret: "cloud-secret"}).
		Fill("cn-beijing", 2, alibabatest.SampleInstance)
	e := &estate{T: t, store: storagetest.NewServer(t, d), urls: [2]string{jms.URL, cloud.URL}}
	environ = append(environ, e.environ()...)
	e.app = wire.NewApp("test", wire.NewLoader("", environ), func(config.Config) (*slog.Logger, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.configsBuilt++
		return slog.New(slog.NewTextHandler(io.Discard, nil)), nil
	})
	return e
}

// environ returns the variables that name the configuration, and what it takes.
func (e *estate) environ() []string {
	return []string{"JMS_SYNC_CONFIG=" + e.store.Ref(configKey), "BASTION=" + jumpservertest.KeySecret}
}

// write puts a configuration into the store.
func (e *estate) write(more string) {
	e.store.SetObject(configKey, fmt.Appendf(nil, `
jumpserver: {url: %q, access_key_id: %s, access_key_secret: "${BASTION}"}
clouds:
  - {type: aliyun, name: prod, access_key_id: cloud-key, access_key_secret: cloud-secret, regions: [cn-beijing], endpoint: %q}
%s`, e.urls[0], jumpservertest.KeyID, e.urls[1], more))
}

// runTimer runs one invocation.
func (e *estate) runTimer(role wire.Role) (report.Report, error) {
	return e.app.HandleTimer(e.Context(), trigger.Timer{FiredAt: time.Now()}, role)
}

// wantSuccess runs one invocation that must succeed, and wants these requests to the store.
func (e *estate) wantSuccess(role wire.Role, asked ...string) report.Report {
	e.Helper()
	e.store.TakeRequests()
	r, err := e.runTimer(role)
	if err != nil || r.Outcome != report.OK || r.Total != 2 {
		e.Fatalf("outcome %s, %d hosts, error %v", r.Outcome, r.Total, err)
	}
	if got := strings.Join(e.store.TakeRequests(), ", "); got != strings.Join(asked, ", ") {
		e.Errorf("the store was asked %s; want %s", got, asked)
	}
	return r
}

// wantFailure runs one invocation that must not begin, with an error that contains all of these.
func (e *estate) wantFailure(role wire.Role, says ...string) error {
	e.Helper()
	r, err := e.runTimer(role)
	if err == nil || r.Outcome != "" {
		e.Fatalf("outcome %q, error %v; want no run at all", r.Outcome, err)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			e.Errorf("the error does not say %q: %v", text, err)
		}
	}
	for _, hidden := range []string{storagetest.GoodID, storagetest.GoodSecret, storagetest.GoodToken, "cloud-secret", jumpservertest.KeySecret} {
		if strings.Contains(err.Error(), hidden) {
			e.Errorf("the error shows a secret: %v", err)
		}
	}
	return err
}

func roleOf(of inventory.Cloud) wire.Role {
	c := storagetest.GoodCredentials()
	return wire.Role{Cloud: of, AccessKeyID: c.ID, AccessKeySecret: c.Secret, SecurityToken: c.Token}
}

// TestConfigurationFromAnObject: one conditional request per invocation; a new version replaces everything, a broken one
// lets nothing run until it is corrected.
func TestConfigurationFromAnObject(t *testing.T) {
	t.Parallel()
	for dialect, cloud := range map[storagetest.Dialect]inventory.Cloud{
		storagetest.OSS: inventory.Alibaba, storagetest.OBS: inventory.Huawei, storagetest.S3: inventory.AWS,
	} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			e, role := newEstate(t, dialect), roleOf(cloud)
			e.store.RequireToken(storagetest.GoodToken)
			e.wantFailure(role, string(dialect)+"://"+storagetest.Bucket+"/"+configKey)
			e.write("")
			if r := e.wantSuccess(role, "GET "+configKey+" 200"); r.Created != 2 {
				t.Errorf("created %d", r.Created)
			}
			e.wantSuccess(role, "GET "+configKey+" 304")
			e.wantSuccess(role, "GET "+configKey+" 304")
			if e.configsBuilt != 1 {
				t.Errorf("parsed %d times", e.configsBuilt)
			}
			e.write("environment: {type: PRODUCTION}\nnotification: {window: 5s}")
			e.wantSuccess(role, "GET "+configKey+" 200")
			e.wantSuccess(role, "GET "+configKey+" 304")
			e.write("sync: {gard: {percent: 300}}")
			for range 2 {
				var mistakes *config.Error
				if err := e.wantFailure(role, "sync.gard"); !errors.As(err, &mistakes) {
					t.Errorf("not the mistakes: %v", err)
				}
			}
			e.write("environment: {type: PRODUCTION}\nnotification: {window: 5s}")
			e.wantSuccess(role, "GET "+configKey+" 304") // the last good one, proved to be current
			if e.configsBuilt != 2 {
				t.Errorf("put to use %d times", e.configsBuilt)
			}
		})
	}
}

// TestStoreTroubleStopsTheRun: a configuration that cannot be proved to be current is not used.
func TestStoreTroubleStopsTheRun(t *testing.T) {
	t.Parallel()
	e, role := newEstate(t, storagetest.OSS), roleOf(inventory.Alibaba)
	e.store.RequireToken(storagetest.GoodToken)
	e.write("")
	e.wantSuccess(role, "GET "+configKey+" 200")
	for fault, kind := range map[storagetest.Fault]inventory.Kind{
		storagetest.Denied: inventory.Denied, storagetest.Expired: inventory.BadCredentials, storagetest.NoBucket: inventory.Invalid,
		storagetest.WebPage: inventory.Incomplete, storagetest.Redirect: inventory.Invalid,
	} {
		e.store.InjectFault(fault, "", 0, 0)
		if err := e.wantFailure(role, storagetest.Bucket, configKey); inventory.KindOf(err) != kind {
			t.Errorf("%s: kind %s", fault, inventory.KindOf(err))
		}
	}
	e.store.InjectFault(storagetest.Hang, "", 0, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // half a second of which is kept
	defer cancel()
	_, err := e.app.HandleTimer(ctx, trigger.Timer{FiredAt: time.Now()}, role)
	if inventory.KindOf(err) != inventory.Deadline || ctx.Err() != nil {
		t.Errorf("error %v; want one of a passed deadline, before the platform's", err)
	}
	e.store.ClearFault()
	e.store.SetObject(configKey, nil)
	if err := e.wantFailure(role, configKey); inventory.KindOf(err) != inventory.NotFound {
		t.Errorf("kind %s", inventory.KindOf(err))
	}
	e.write("")
	e.wantSuccess(role, "GET "+configKey+" 304")
}

// TestWhoReads: the store is read with the role of its own cloud, otherwise with the environment's credentials,
// otherwise not at all.
func TestWhoReads(t *testing.T) {
	t.Parallel()
	variables := []string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + storagetest.GoodID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + storagetest.GoodSecret,
	}
	e := newEstate(t, storagetest.OSS, variables...)
	e.write("")
	e.wantSuccess(wire.Role{}, "GET "+configKey+" 200")
	e.wantSuccess(roleOf(inventory.AWS), "GET "+configKey+" 304") // whose token the store would refuse
	e.store.RequireToken(storagetest.GoodToken)
	e.wantSuccess(roleOf(inventory.Alibaba), "GET "+configKey+" 304")
	e.wantFailure(wire.Role{}, "InvalidToken")

	e = newEstate(t, storagetest.OSS)
	e.write("")
	e.wantFailure(wire.Role{Cloud: inventory.AWS, AccessKeyID: secret.New("a"), AccessKeySecret: secret.New("b")}, "ALIBABA_CLOUD_ACCESS_KEY_ID")
	if asked := e.store.TakeRequests(); len(asked) > 0 {
		t.Errorf("the store was asked %q without credentials", asked)
	}
}

// TestManyAtOnce: invocations that begin together share what is kept; run it with -race.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	e, role := newEstate(t, storagetest.S3), roleOf(inventory.AWS)
	e.store.RequireToken(storagetest.GoodToken)
	for round := range 2 {
		e.write(fmt.Sprintf("sync: {writers: %d}", round+1))
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				if _, err := e.runTimer(role); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	e.wantSuccess(role, "GET "+configKey+" 304")
}

// TestReferences: mistakes in the reference are reported before any request.
func TestReferences(t *testing.T) {
	t.Parallel()
	for ref, says := range map[string]string{
		"osss://b/k":                         `oss://`,
		"oss://the-bucket/k?regoin=x":        "did you mean region=?",
		"oss://the-bucket/?region=cn-a":      "the name of the object is missing",
		"s3://the-bucket/k":                  "region= is missing",
		"oss://the-bucket/k?endpoint=ftp://": "endpoint",
	} {
		load := wire.NewLoader(ref, []string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b",
			"ALIBABA_CLOUD_ACCESS_KEY_ID=a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=b"})
		_, _, err := load(t.Context(), wire.Role{}, "")
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want %q", ref, err, says)
		}
	}
}
