package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

const eventToken = "event-token-of-the-test"

// sendEvent posts an event and returns status and answer.
func sendEvent(t *testing.T, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/events", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestListen: the command makes and deactivates hosts by events that come by HTTP, and ends in good order when told to.
func TestListen(t *testing.T) { // not parallel: it sets a variable of the process
	t.Setenv(config.EnvEventToken, eventToken)
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	free, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // to find a port
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.runRaw(ctx, exitDone, "-c", d.writeConfig(), "--no-log-file", "listen", "--address", address)
	}()
	url := "http://" + address
	for try := 0; ; try++ {
		resp, err := http.Get(url + "/healthz") //nolint:noctx,gosec // the test's own server
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatal(resp.Status)
			}
			break
		}
		if try > 200 {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	id := alibabatest.SampleInstance(0).ID
	status, said := sendEvent(t, url, newStateEvent(id, "Running"), "Authorization", "Bearer "+eventToken)
	var answer reconcile.EventReport
	if err := json.Unmarshal([]byte(said), &answer); err != nil || status != http.StatusOK || answer.Created != 1 || len(d.Hosts()) != 1 {
		t.Errorf("%d %s %v", status, said, err)
	}
	d.releaseInstances(0, 1)
	if status, said := sendEvent(t, url, newStateEvent(id, "Deleted"), "X-Eventbridge-Signature-Token", eventToken); status != http.StatusOK || d.activeHosts() != 0 {
		t.Errorf("%d %s", status, said)
	}
	if status, said := sendEvent(t, url, newStateEvent(id, "Running"), "Authorization", "Bearer wrong"); status != http.StatusUnauthorized || strings.Contains(said, eventToken) {
		t.Errorf("%d %s", status, said)
	}
	stop()
	<-ended
	d.wantCards(2)
	if said := d.stdout.String() + d.stderr.String(); !strings.Contains(said, "listening for events") || strings.Contains(said, eventToken) {
		t.Error(said)
	}
}

// TestListenRefusesToStart: without a token, and with a mistake in the configuration, it ends at once and says why.
func TestListenRefusesToStart(t *testing.T) { // not parallel: it sets a variable of the process
	d := newDesk(t)
	t.Setenv(config.EnvEventToken, "short")
	d.run(exitUsage, "listen")
	if !strings.Contains(d.stderr.String(), config.EnvEventToken) || strings.Contains(d.stderr.String(), "short\"") {
		t.Error(d.stderr.String())
	}
	t.Setenv(config.EnvEventToken, eventToken)
	d.more = "nonsense: true\n"
	d.run(exitUsage, "listen")
	if !strings.Contains(d.stderr.String(), "nonsense") {
		t.Error(d.stderr.String())
	}
}

// TestEventServerAnswers: each answer tells a sender whether to deliver again, and nobody without the token is heard.
func TestEventServerAnswers(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var fails atomic.Bool
	server := httptest.NewServer(newEventServer(secret.New(eventToken), slog.New(slog.NewTextHandler(&log, nil)),
		func(_ context.Context, of inventory.Cloud, _ []byte, _ wire.Role) (reconcile.EventReport, error) {
			if fails.Load() || of != inventory.Alibaba {
				return reconcile.EventReport{}, errors.New("JumpServer is away")
			}
			return reconcile.EventReport{}, nil
		}))
	defer server.Close()
	event := newStateEvent("i-1", "Running")
	const bearer = "Authorization"
	for name, c := range map[string]struct {
		body   string
		header []string
		want   int
		says   string
	}{
		"no token":        {event, nil, http.StatusUnauthorized, "token"},
		"an empty bearer": {event, []string{bearer, "Bearer "}, http.StatusUnauthorized, "token"},
		"not an event":    {`{"hello":1}`, []string{bearer, "Bearer " + eventToken}, http.StatusBadRequest, "hello"},
		"no JSON":         {`hello`, []string{bearer, "Bearer " + eventToken}, http.StatusBadRequest, ""},
		"empty":           {``, []string{bearer, "Bearer " + eventToken}, http.StatusBadRequest, ""},
		"too large":       {strings.Repeat(" ", maxEventBytes+1), []string{bearer, "Bearer " + eventToken}, http.StatusRequestEntityTooLarge, ""},
		"SNS": {`{"Type":"SubscriptionConfirmation","SubscribeURL":"https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"}`,
			[]string{bearer, "Basic " + "ZTpldmVudC10b2tlbi1vZi10aGUtdGVzdA=="}, http.StatusOK, "the log"},
		"done": {event, []string{bearer, "Bearer " + eventToken}, http.StatusOK, "{"},
	} {
		if status, said := sendEvent(t, server.URL, c.body, c.header...); status != c.want || !strings.Contains(said, c.says) {
			t.Errorf("%s: %d %s", name, status, said)
		}
	}
	fails.Store(true)
	if status, said := sendEvent(t, server.URL, event, bearer, "Bearer "+eventToken); status != http.StatusServiceUnavailable || !strings.Contains(said, "is away") {
		t.Errorf("failed: %d %s", status, said)
	}
	if !strings.Contains(log.String(), "ConfirmSubscription") || strings.Contains(log.String(), eventToken) {
		t.Error(log.String())
	}
}

// TestServeEventsEndsInGoodOrder: events at work are answered, and cards that wait are sent, before the program ends; those
// that wait in memory are sent every half minute too.
func TestServeEventsEndsInGoodOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newIdleListener()
		flushes := 0
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- serveEvents(ctx, l, http.NotFoundHandler(), slog.New(slog.DiscardHandler), func(context.Context) {
				flushes++
			})
		}()
		time.Sleep(3*flushInterval + time.Second)
		synctest.Wait()
		if flushes != 3 {
			t.Errorf("%d flushes in three intervals", flushes)
		}
		stop()
		if err := <-ended; err != nil || flushes != 4 {
			t.Errorf("%v, %d flushes", err, flushes)
		}
	})
}

// idleListener is a listener that nobody comes to.
type idleListener struct{ closed chan struct{} }

func newIdleListener() *idleListener { return &idleListener{make(chan struct{})} }

func (l *idleListener) Accept() (net.Conn, error) {
	<-l.closed
	return nil, net.ErrClosed
}

func (l *idleListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *idleListener) Addr() net.Addr { return &net.TCPAddr{} }
