package jumpserver_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/secret"
)

// TestCertificates: verified unless that is disabled, and a private CA is trusted where it is configured.
func TestCertificates(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(jumpservertest.New(jumpservertest.Options{TB: t}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are refused
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, c := range map[string]struct {
		o    jumpserver.Options
		good bool
	}{
		"the system's CAs": {jumpserver.Options{VerifySSL: true}, false},
		"the private CA":   {jumpserver.Options{VerifySSL: true, CA: ca}, true},
		"not verified":     {jumpserver.Options{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.o.URL, c.o.KeyID, c.o.Secret = server.URL, secret.New(jumpservertest.KeyID), secret.New(jumpservertest.KeySecret)
			client, err := jumpserver.New(c.o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			r, err := client.Reach(t.Context())
			var refused *tls.CertificateVerificationError
			if c.good && (err != nil || r.CertExpires.IsZero() || r.Clock.IsZero()) || !c.good && !errors.As(err, &refused) {
				t.Errorf("%+v: %v", r, err)
			}
		})
	}
	_, err := jumpserver.New(jumpserver.Options{
		URL: server.URL, KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret), CA: []byte("no certificate"),
	})
	if inventory.KindOf(err) != inventory.Invalid {
		t.Errorf("a CA that is none: %v", err)
	}
}

// TestTLSToPlain: for https:// at a port without TLS the error says what to write, and nothing is repeated.
func TestTLSToPlain(t *testing.T) {
	t.Parallel()
	s := jumpservertest.New(jumpservertest.Options{TB: t})
	door := httptest.NewServer(s)
	t.Cleanup(door.Close)
	client := newClient(t, s, func(o *jumpserver.Options) { o.URL, o.Transport = strings.Replace(door.URL, "http", "https", 1), nil })
	t.Cleanup(client.Close)
	_, _, err := client.Organisation(t.Context())
	if inventory.KindOf(err) != inventory.Invalid || inventory.AdviceOf(err) != inventory.WriteHTTP || !strings.Contains(err.Error(), "is jumpserver.url http://?") || client.Calls() != 1 {
		t.Errorf("%d calls: %v", client.Calls(), err)
	}
}

// TestRedirectedWrites: no request, a write least of all, follows a redirect, also not one of the
// kinds that would carry method and body along.
func TestRedirectedWrites(t *testing.T) {
	t.Parallel()
	var followed atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := jumpservertest.New(jumpservertest.Options{TB: t})
		present := asset(0)
		s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{ID: present.ID, Name: present.Name, Address: present.Address, Active: true})
		door := httptest.NewServer(s)
		t.Cleanup(door.Close)
		client := newClient(t, s, func(o *jumpserver.Options) { o.URL, o.Transport = door.URL, nil })
		if _, err := client.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodDelete} {
			s.Fail(jumpservertest.MatchRequest(method, "/assets/"), -1, jumpservertest.Fault{Status: status, Location: elsewhere.URL + "/x"})
		}
		address := "192.0.2.9"
		for name, write := range map[string]func(context.Context) error{
			"node": func(ctx context.Context) error { return client.EnsureNodes(ctx, []string{"/DEFAULT/a"}) },
			"create": func(ctx context.Context) error {
				n := asset(1)
				n.NodeIDs = []string{s.NodeAt(jumpservertest.DefaultOrg, "/DEFAULT")}
				_, err := client.Create(ctx, n)
				return err
			},
			"update": func(ctx context.Context) error {
				return errors.Join(client.Update(ctx, []inventory.Patch{{ID: present.ID, Address: &address}}, nil)...)
			},
			"remove": func(ctx context.Context) error { return errors.Join(client.Remove(ctx, []string{present.ID}, nil)...) },
		} {
			if err := write(t.Context()); err == nil {
				t.Errorf("%d: %s: no error", status, name)
			}
		}
		if n := len(s.Hosts(jumpservertest.DefaultOrg)); n != 1 {
			t.Errorf("%d: %d hosts", status, n)
		}
	}
	if n := followed.Load(); n > 0 {
		t.Errorf("%d redirects were followed", n)
	}
}
