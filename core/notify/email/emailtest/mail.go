package emailtest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
)

// Mail is a mail as its readers see it.
type Mail struct {
	Sender     string
	Receivers  []string
	Header     mail.Header
	Subject    string
	Text, HTML string
	Bytes      int
}

// maxLine is how long a line of a mail may be (RFC 5322, 2.1.1).
const maxLine = 998

// parseMail reads a mail, and refuses what no correct client sends.
func parseMail(raw string) (Mail, error) {
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > maxLine || strings.ContainsAny(line, "\r\n") {
			return Mail{}, errors.New("a line that is too long, or broken")
		}
		for _, r := range line {
			if r >= 0x80 {
				return Mail{}, errors.New("a character that is not ASCII")
			}
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return Mail{}, err
	}
	read := Mail{Header: m.Header, Bytes: len(raw)}
	read.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return Mail{}, err
	}
	for _, name := range []string{"From", "To", "Date", "Message-Id", "Subject"} {
		if len(m.Header[name]) != 1 {
			return Mail{}, fmt.Errorf("%d headers %s", len(m.Header[name]), name)
		}
	}
	if _, err := m.Header.AddressList("To"); err != nil {
		return Mail{}, err
	}
	if _, err := m.Header.Date(); err != nil {
		return Mail{}, err
	}
	return read, read.readParts(m)
}

func (m *Mail) readParts(message *mail.Message) error {
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return fmt.Errorf("%s: %w", kind, err)
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		encoded, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(encoded)), "\r\n", ""))
		if err != nil {
			return err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = string(text)
			continue
		}
		m.Text = string(text)
	}
}
