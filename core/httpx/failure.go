package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
)

// Cause is why a request got no whole answer.
type Cause int

// The causes. All may pass but BadCertificate.
const (
	Broken         Cause = iota // a connection that is refused or breaks off, and anything else
	TimedOut                    // no whole answer in time
	UnknownHost                 // the name does not exist
	BadCertificate              // the other side's certificate is not trusted
)

// Failure is a request without a whole answer.
type Failure struct {
	Cause Cause
	Text  string // for people; what the other side said of itself may be in it, so that it has to be scrubbed
	Err   error  // without net/http's words around it, which repeat the request's address
}

// Diagnose says why a request failed, by the error of RoundTrip or of an http.Client.
func Diagnose(err error) Failure {
	var lost *NoAnswerError
	var sent *url.Error
	switch {
	case errors.As(err, &lost):
		err = lost.Err
	case errors.As(err, &sent):
		err = sent.Err
	}
	var certificate *tls.CertificateVerificationError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &certificate):
		return Failure{Cause: BadCertificate, Text: err.Error(), Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return Failure{Cause: TimedOut, Text: "no complete answer within the time-out", Err: err}
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return Failure{Cause: UnknownHost, Text: "no such host " + lookup.Name, Err: err}
	}
	return Failure{Cause: Broken, Text: err.Error(), Err: err}
}
