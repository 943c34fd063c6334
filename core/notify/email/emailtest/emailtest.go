// Package emailtest is a mail server as strict as those that people have: it wants STARTTLS before a login, refuses mail in
// clear, and reads what it takes as a mail program does.
package emailtest

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
)

// Options are what a server expects.
type Options struct {
	Username, Password string // "" = no login
	OnlyLogin          bool   // it knows AUTH LOGIN alone
	Implicit           bool   // TLS from the start
	Clear              bool   // no TLS at all
	ReportUnexpected   func(format string, args ...any)
}

// Server is a mail server on this machine.
type Server struct {
	Address string
	Roots   *x509.CertPool // by which its certificate is trusted

	options Options
	config  *tls.Config
	listen  net.Listener

	mu      sync.Mutex
	mails   []Mail
	calls   int
	answers map[string]string // by command or receiver; "" = the connection breaks
}

// Start starts a server; Close ends it.
func Start(o Options) (*Server, error) {
	if o.ReportUnexpected == nil {
		o.ReportUnexpected = func(string, ...any) {}
	}
	certificates := httptest.NewUnstartedServer(nil) // has a certificate for 127.0.0.1
	certificates.StartTLS()
	defer certificates.Close()
	s := &Server{options: o, Roots: x509.NewCertPool(), answers: map[string]string{}}
	s.Roots.AddCert(certificates.Certificate())
	s.config = &tls.Config{Certificates: certificates.TLS.Certificates, MinVersion: tls.VersionTLS12}
	var err error
	s.listen, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.Address = s.listen.Addr().String()
	go s.serve()
	return s, nil
}

// Close ends the server.
func (s *Server) Close() { _ = s.listen.Close() }

// Answer makes each further command (MAIL, RCPT, AUTH, DATA, "."), or RCPT to an address, answer with a text; "" breaks the
// connection. CONNECT is the connection itself.
func (s *Server) Answer(command, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[command] = text
}

// Mails returns what was taken.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Calls returns the number of connections.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *Server) answer(command string) (text string, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, is = s.answers[command]
	return text, is
}

func (s *Server) serve() {
	for {
		conn, err := s.listen.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.calls++
		s.mu.Unlock()
		go s.talk(conn)
	}
}

// conversation is one connection.
type conversation struct {
	*Server
	conn             net.Conn
	in               *bufio.Reader
	secured, isKnown bool
	from             string
	to               []string
}

func (s *Server) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	text, is := s.answer("CONNECT")
	if is && text == "" {
		return
	}
	c := &conversation{Server: s, conn: conn, secured: s.options.Implicit}
	if s.options.Implicit {
		c.conn = tls.Server(conn, s.config)
	}
	c.in = bufio.NewReader(c.conn)
	if is {
		c.say(text)
		return
	}
	c.say("220 mail.example.com ESMTP")
	for c.handle() {
	}
}

func (c *conversation) say(text string) { _, _ = io.WriteString(c.conn, text+"\r\n") }

func (c *conversation) read() (line string, ok bool) {
	line, err := c.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err == nil
}

// handle answers one command, and reports whether there may be another.
func (c *conversation) handle() bool {
	line, ok := c.read()
	if !ok {
		return false
	}
	verb, rest, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	text, is := c.answer(verb)
	if verb == "RCPT" && !is {
		text, is = c.answer(betweenAngles(rest))
	}
	if is {
		if text != "" {
			c.say(text)
		}
		return text != ""
	}
	switch verb {
	case "EHLO":
		c.sayExtensions()
	case "STARTTLS":
		c.say("220 ready")
		c.conn = tls.Server(c.conn, c.config)
		c.in, c.secured = bufio.NewReader(c.conn), true
	case "AUTH":
		c.authenticate(rest)
	case "MAIL":
		c.takeSender(betweenAngles(rest))
	case "RCPT":
		c.to = append(c.to, betweenAngles(rest))
		c.say("250 2.1.5 ok")
	case "DATA":
		return c.takeMail()
	case "*": // gives a login up (RFC 4954, 4)
		c.say("501 5.7.0 given up")
	case "QUIT":
		c.say("221 bye")
		return false
	default:
		c.options.ReportUnexpected("command %q", line)
		c.say("502 5.5.1 unknown")
	}
	return true
}

func (c *conversation) sayExtensions() {
	text := "250-mail.example.com\r\n250-8BITMIME"
	if !c.secured && !c.options.Clear {
		text += "\r\n250-STARTTLS"
	}
	if c.options.Username != "" && (c.secured || c.options.Clear) {
		ways := "PLAIN LOGIN"
		if c.options.OnlyLogin {
			ways = "LOGIN"
		}
		text += "\r\n250-AUTH " + ways
	}
	c.say(text + "\r\n250 SIZE 10485760")
}

func (c *conversation) authenticate(rest string) {
	if !c.secured && !c.options.Clear {
		c.options.ReportUnexpected("a login in clear")
	}
	way, initial, _ := strings.Cut(rest, " ")
	var user, password string
	if way == "LOGIN" {
		user, password = c.ask("Username:"), c.ask("Password:")
	} else {
		decoded, _ := base64.StdEncoding.DecodeString(initial)
		parts := strings.Split(string(decoded), "\x00")
		user, password = parts[len(parts)-2], parts[len(parts)-1]
	}
	c.isKnown = user == c.options.Username && password == c.options.Password
	if !c.isKnown {
		c.options.ReportUnexpected("a wrong login")
		c.say("535 5.7.8 wrong password for " + user)
		return
	}
	c.say("235 2.7.0 welcome")
}

func (c *conversation) ask(prompt string) string {
	c.say("334 " + base64.StdEncoding.EncodeToString([]byte(prompt)))
	line, _ := c.read()
	decoded, _ := base64.StdEncoding.DecodeString(line)
	return string(decoded)
}

func (c *conversation) takeSender(from string) {
	if !c.secured && !c.options.Clear || c.options.Username != "" && !c.isKnown {
		c.options.ReportUnexpected("mail of %s before TLS or a login", from)
		c.say("530 5.7.0 log in first")
		return
	}
	c.from, c.to = from, nil
	c.say("250 2.1.0 ok")
}

// takeMail takes a mail to its end.
func (c *conversation) takeMail() bool {
	c.say("354 go on")
	var raw strings.Builder
	for {
		line, ok := c.read()
		if !ok {
			return false
		}
		if line == "." {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
	text, is := c.answer(".")
	if is {
		c.say(text)
		return text != ""
	}
	mail, err := parseMail(raw.String())
	if err != nil {
		c.options.ReportUnexpected("no mail: %v\n%s", err, raw.String())
		c.say("554 5.6.0 no mail")
		return true
	}
	mail.Sender, mail.Receivers = c.from, c.to
	c.mu.Lock()
	c.mails = append(c.mails, mail)
	c.mu.Unlock()
	c.say("250 2.0.0 taken")
	return true
}

func betweenAngles(text string) string {
	_, rest, _ := strings.Cut(text, "<")
	inner, _, _ := strings.Cut(rest, ">")
	return inner
}
