// Package email sends messages by mail, through a mail server of one's own (SMTP, https://www.rfc-editor.org/rfc/rfc5321; STARTTLS,
// RFC 3207; AUTH, RFC 4954).
package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/mail"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/wait"
)

// The values of Settings.TLS.
const (
	StartTLS = "starttls" // must encrypt once connected
	Implicit = "implicit" // is encrypted from the start
	NoTLS    = "none"     // in clear, and without a login
)

// Settings are one sender and those who get its mail.
type Settings struct {
	Server   string // host:port
	TLS      string // "" = StartTLS
	Username string // "" = no login
	Password secret.Value
	From     string
	To       []string
}

// Options replace what tests control; the zero value is right for everything else.
type Options struct {
	Timeout time.Duration  // of one conversation with the server; 0 = 20 s
	Roots   *x509.CertPool // nil = those of the system
	Now     func() time.Time
	Sleep   func(ctx context.Context, d time.Duration) error // returns early when ctx ends
}

const defaultTimeout = 20 * time.Second

// Mailer is a notify.Notifier. It is safe for concurrent use.
type Mailer struct {
	server, host string
	mode         string
	username     string
	password     string
	from         *mail.Address
	to           []*mail.Address
	timeout      time.Duration
	tls          *tls.Config
	now          func() time.Time
	sleep        func(context.Context, time.Duration) error
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o Options) (*Mailer, error) {
	host, _, err := net.SplitHostPort(s.Server)
	if err != nil || host == "" {
		return nil, post.NewConfigError("server is not host:port")
	}
	m := &Mailer{
		server: s.Server, host: host, mode: s.TLS, username: s.Username, password: s.Password.Reveal(),
		timeout: o.Timeout, now: o.Now, sleep: o.Sleep, tls: &tls.Config{ServerName: host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
	}
	switch m.mode {
	case "":
		m.mode = StartTLS
	case StartTLS, Implicit, NoTLS:
	default:
		return nil, post.NewConfigError("tls is none of starttls, implicit, none")
	}
	if m.mode == NoTLS && m.username != "" && !isThisMachine(host) {
		return nil, post.NewConfigError("a password is not sent in clear: tls must not be none")
	}
	m.from, err = mail.ParseAddress(s.From)
	if err != nil {
		return nil, post.NewConfigError("from is no mail address")
	}
	for _, text := range s.To {
		to, err := mail.ParseAddress(text)
		if err != nil {
			return nil, post.NewConfigError("to holds what is no mail address")
		}
		m.to = append(m.to, to)
	}
	if len(m.to) == 0 {
		return nil, post.NewConfigError("to names nobody")
	}
	m.setDefaults()
	return m, nil
}

func (m *Mailer) setDefaults() {
	if m.timeout <= 0 {
		m.timeout = defaultTimeout
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.sleep == nil {
		m.sleep = wait.For
	}
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Name returns "email".
func (m *Mailer) Name() string { return "email" }

// Send delivers the message to all that the server takes it for. It is accepted when the server says so of the whole mail.
// An address that the server refuses is named in the mail of the others; if it refuses all, that is an error.
func (m *Mailer) Send(ctx context.Context, message notify.Message) error {
	return m.retry(ctx, func() error { return m.deliver(ctx, message) })
}
