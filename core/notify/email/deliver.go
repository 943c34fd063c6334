package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
)

const (
	maxTries        = 3
	firstRetryDelay = 500 * time.Millisecond
	// throttlePause is how long a server is left alone that takes no more mail now and does not say for how long.
	throttlePause  = 10 * time.Minute
	maxQuotedBytes = 200
)

// retry calls once again where the connection broke or the server asks to come back later.
func (m *Mailer) retry(ctx context.Context, once func() error) error {
	waits := httpx.Backoff{First: firstRetryDelay, Factor: 2, Max: 2 * firstRetryDelay}
	for try := 1; ; try++ {
		err := once()
		var fault *notify.Error
		again := errors.As(err, &fault) && fault.Kind == notify.Temporary && ctx.Err() == nil
		if !again || try >= maxTries || m.sleep(ctx, waits.Next()) != nil {
			return err
		}
	}
}

// deliver makes one conversation with the server.
func (m *Mailer) deliver(ctx context.Context, message notify.Message) error {
	if ctx.Err() != nil {
		return &notify.Error{Kind: notify.Temporary, Message: "not sent in time", Err: ctx.Err()}
	}
	limited, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	client, end, err := m.connect(limited)
	if err != nil {
		return m.fault(ctx, "connect", err)
	}
	defer end()
	if err := m.login(client); err != nil {
		return m.fault(ctx, "login", err)
	}
	if err := client.Mail(m.from.Address); err != nil {
		return m.fault(ctx, "sender "+m.from.Address, err)
	}
	refused, err := m.nameReceivers(client)
	if err != nil {
		return m.fault(ctx, "receivers", err)
	}
	if len(refused) == len(m.to) {
		return m.fault(ctx, "every address of to is refused", refused[0].err)
	}
	if err := m.sendBody(client, message, refused); err != nil {
		return m.fault(ctx, "mail", err)
	}
	_ = client.Quit() // the mail was accepted
	return nil
}

// connect connects, and encrypts as it is asked to. end closes the connection.
func (m *Mailer) connect(ctx context.Context) (client *smtp.Client, end func(), err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.server)
	if err != nil {
		return nil, nil, err
	}
	deadline, _ := ctx.Deadline()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	end = func() {
		stop()
		_ = conn.Close()
	}
	err = conn.SetDeadline(deadline)
	if err == nil && m.mode == Implicit {
		secured := tls.Client(conn, m.tls)
		err, conn = secured.HandshakeContext(ctx), secured
	}
	if err == nil {
		client, err = smtp.NewClient(conn, m.host)
	}
	if err == nil && m.mode == StartTLS {
		err = startTLS(client, m.tls)
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return client, end, nil
}

// errNoTLS is that of a server which would get password and mail in clear.
var errNoTLS = errors.New("the server offers no STARTTLS")

func startTLS(client *smtp.Client, config *tls.Config) error {
	offered, _ := client.Extension("STARTTLS")
	if !offered {
		return errNoTLS
	}
	return client.StartTLS(config)
}

// login logs in, if there is a user: by PLAIN, or by LOGIN where the server has no other.
func (m *Mailer) login(client *smtp.Client) error {
	if m.username == "" {
		return nil
	}
	_, offered := client.Extension("AUTH")
	ways := strings.Fields(strings.ToUpper(offered))
	if !slices.Contains(ways, "PLAIN") && slices.Contains(ways, "LOGIN") {
		return client.Auth(&loginAuth{m.username, m.password})
	}
	return client.Auth(smtp.PlainAuth("", m.username, m.password, m.host))
}

// loginAuth is the mechanism LOGIN (https://datatracker.ietf.org/doc/html/draft-murchison-sasl-login-00), which some servers
// have as their only one.
type loginAuth struct{ username, password string }

// Start implements smtp.Auth. The connection is encrypted, or to this machine: New sees to it.
func (a *loginAuth) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }

// Next implements smtp.Auth.
func (a *loginAuth) Next(prompt []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if strings.HasPrefix(strings.ToLower(string(prompt)), "user") {
		return []byte(a.username), nil
	}
	return []byte(a.password), nil
}

// refusal is an address that the server does not take.
type refusal struct {
	address string
	err     *textproto.Error
}

// nameReceivers names all receivers to the server. The error is that of a connection that broke.
func (m *Mailer) nameReceivers(client *smtp.Client) (refused []refusal, err error) {
	for _, to := range m.to {
		err := client.Rcpt(to.Address)
		var answer *textproto.Error
		switch {
		case err == nil:
		case errors.As(err, &answer):
			refused = append(refused, refusal{to.Address, answer})
		default:
			return nil, err
		}
	}
	return refused, nil
}

func (m *Mailer) sendBody(client *smtp.Client, message notify.Message, refused []refusal) error {
	var notes []string
	for _, r := range refused {
		notes = append(notes, "⚠ "+r.address+": "+strconv.Itoa(r.err.Code)+" "+m.quote(r.err.Msg))
	}
	body := m.encode(message, notes)
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	return w.Close()
}

// fault returns what went wrong. An answer of 4xx is for later, one of 5xx for a person.
func (m *Mailer) fault(ctx context.Context, what string, err error) error {
	var answer *textproto.Error
	var untrusted *tls.CertificateVerificationError
	var wrongName x509.HostnameError
	switch {
	case ctx.Err() != nil:
		return &notify.Error{Kind: notify.Temporary, Message: "not sent in time", Err: ctx.Err()}
	case errors.Is(err, errNoTLS), errors.As(err, &untrusted), errors.As(err, &wrongName):
		return post.NewConfigError(what + ": " + m.quote(err.Error()))
	case !errors.As(err, &answer):
		return &notify.Error{Kind: notify.Temporary, Message: what + ": " + m.quote(httpx.Diagnose(err).Text)}
	}
	text := fmt.Sprintf("%s: %d %s", what, answer.Code, m.quote(answer.Msg))
	switch {
	case isThrottled(answer):
		return &notify.Error{Kind: notify.RateLimited, Message: text, RetryAfter: throttlePause}
	case answer.Code >= 400 && answer.Code < 500:
		return &notify.Error{Kind: notify.Temporary, Message: text}
	}
	return post.NewConfigError(text)
}

// isThrottled reports whether an answer says that there were too many mails: by the codes of RFC 3463 that Gmail
// (https://support.google.com/a/answer/3726730), Microsoft 365 and Postfix use for it.
func isThrottled(answer *textproto.Error) bool {
	if answer.Code < 400 || answer.Code >= 500 {
		return false
	}
	for _, code := range []string{"4.7.28", "4.2.1", "4.3.2", "4.5.3"} {
		if strings.HasPrefix(answer.Msg, code+" ") {
			return true
		}
	}
	text := strings.ToLower(answer.Msg)
	return strings.Contains(text, "rate") && strings.Contains(text, "limit") || strings.Contains(text, "too many")
}

// quote returns a foreign text as one short line without the password.
func (m *Mailer) quote(text string) string {
	var private []string
	if m.password != "" {
		plain := base64.StdEncoding.EncodeToString([]byte("\x00" + m.username + "\x00" + m.password))
		private = append(private, plain, base64.StdEncoding.EncodeToString([]byte(m.password)), m.password)
	}
	return httpx.Truncate(httpx.NewScrubber(private...).Replace(httpx.OneLine(text)), maxQuotedBytes)
}
