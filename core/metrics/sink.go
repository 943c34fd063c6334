package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
)

const (
	// pushTimeout is for one request.
	pushTimeout = 5 * time.Second
	// maxAnswerBytes bounds what is read of an answer, maxQuotedBytes what an error quotes of it.
	maxAnswerBytes = 64 << 10
	maxQuotedBytes = 200
)

// Settings say where metrics are brought to. What is empty is not.
type Settings struct {
	File             string       // for node_exporter's textfile collector
	Pushgateway      secret.Value // its address, which may hold a password
	RemoteWrite      secret.Value // likewise
	RemoteWriteToken secret.Value
	Job              string // label of what is pushed
	// Server and Organisation are labels of every series.
	Server, Organisation string
}

// Options replace what tests control; the zero value is right for everything else.
type Options struct {
	Transport http.RoundTripper // nil = a new one
	Proxy     string            // "" = what HTTP_PROXY, HTTPS_PROXY and NO_PROXY say
	Now       func() time.Time
}

// Sinks are the places to which metrics are brought.
type Sinks struct {
	all    []sink
	labels []string
}

type sink struct {
	name string
	push func(ctx context.Context, series []state.Series) error
}

// NewSinks returns the places that settings name. It calls nobody.
func NewSinks(s Settings, o Options) (*Sinks, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		by, err := httpx.NewProxyFunc(o.Proxy)
		if err != nil {
			return nil, err
		}
		transport := httpx.NewTransport(by, pushTimeout)
		transport.DisableKeepAlives = true // a function is frozen between two runs
		o.Transport = transport
	}
	k := &Sinks{labels: Labels(s.Server, s.Organisation)}
	if s.File != "" {
		k.all = append(k.all, sink{"metrics.file", fileSink{s.File, k.labels}.push})
	}
	client := client{httpx.NewClient(o.Transport)}
	if !s.Pushgateway.IsEmpty() {
		k.all = append(k.all, sink{"metrics.pushgateway", pushgateway{client, s, k.labels}.push})
	}
	if !s.RemoteWrite.IsEmpty() {
		k.all = append(k.all, sink{"metrics.remote_write", remoteWrite{client, s, k.labels, o.Now}.push})
	}
	return k, nil
}

// Labels returns the labels of every series of one JumpServer and organisation.
func Labels(server, organisation string) []string {
	return []string{jumpServerLabel, server, organisationName, organisation}
}

// IsEmpty reports whether metrics are brought nowhere.
func (k *Sinks) IsEmpty() bool { return len(k.all) == 0 }

// Push brings series to all places at once, each within pushTimeout and the context. The errors name the places.
func (k *Sinks) Push(ctx context.Context, series []state.Series) error {
	errs := make([]error, len(k.all))
	var wait sync.WaitGroup
	for n, s := range k.all {
		wait.Go(func() {
			short, cancel := context.WithTimeout(ctx, pushTimeout)
			defer cancel()
			err := s.push(short, series)
			if err != nil {
				errs[n] = fmt.Errorf("%s: %w", s.name, err)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// client makes requests whose errors show nothing of an address that may hold a password.
type client struct{ *http.Client }

// statusError is an answer that refuses what was pushed.
type statusError struct {
	status int
	text   string
}

// Error implements error.
func (e *statusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.status, e.text) }

// do makes a request and wants a status of the 200s.
func (c client) do(req *http.Request, private ...secret.Value) error {
	resp, body, err := httpx.RoundTrip(c.Transport, req, pushTimeout, maxAnswerBytes)
	scrubber := httpx.NewScrubber(reveal(req, private)...)
	if err != nil && !errors.Is(err, httpx.ErrTooLarge) {
		return errors.New(scrubber.Replace(httpx.Diagnose(err).Text))
	}
	if resp.StatusCode/100 != 2 {
		return &statusError{resp.StatusCode, httpx.Truncate(scrubber.Replace(httpx.OneLine(string(body))), maxQuotedBytes)}
	}
	return nil
}

// reveal returns what no error may show: secrets, what an address has of them, and what was made of them for a header.
func reveal(req *http.Request, private []secret.Value) []string {
	var all []string
	for _, p := range private {
		all = append(all, p.Reveal())
	}
	if password, has := req.URL.User.Password(); has {
		all = append(all, password)
	}
	for _, values := range req.URL.Query() {
		all = append(all, values...)
	}
	_, credentials, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	return append(all, credentials)
}

// newRequest returns a request to an address that may hold user and password, which are sent as net/http's client does.
func newRequest(ctx context.Context, method, address string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, errors.New("the address is none") // net/url's error would repeat it
	}
	if user := req.URL.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	req.Header.Set("User-Agent", "jms-sync")
	return req, nil
}
