// Package awstest is an emulator of the AWS APIs that the lister uses, in their query protocol:
// EC2 DescribeRegions and DescribeInstances, STS GetCallerIdentity and AssumeRole, and the
// instance metadata service. It verifies signatures (version 4) and session tokens like the real
// services, fails on demand, and records every unexpected request.
// Only tests and the demo import it.
package awstest

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// The emulated calls, as names for Fault.Action and Calls.
const (
	DescribeRegions   = "DescribeRegions"
	DescribeInstances = "DescribeInstances"
	GetCallerIdentity = "GetCallerIdentity"
	AssumeRole        = "AssumeRole"
)

// Options are the fixed properties of a server. The zero value is usable.
type Options struct {
	Regions  []string          // those that every account can use; nil = eu-central-1, us-east-1, us-west-2
	OptIn    []string          // those that no account has enabled; nil = ap-east-1
	Reporter peertest.Reporter // is notified of unexpected requests; may be nil
	Now      func() time.Time  // nil = time.Now
}

// Server is the emulator, an http.Handler. Its accounts can be changed while it serves. It is safe for
// concurrent use.
type Server struct {
	*peertest.Base
	regions, optIn []string

	mu         sync.Mutex
	keys       map[string]*issuedKey // by access key id
	roles      map[string]*role
	accounts   map[string]*Account // by account id
	issuedKeys int
}

// New returns a server without accounts.
func New(o Options) *Server {
	s := &Server{
		Base:    peertest.New(peertest.Options{Name: "awstest", Reporter: o.Reporter, Now: o.Now}),
		regions: o.Regions, optIn: o.OptIn,
		keys: map[string]*issuedKey{}, roles: map[string]*role{}, accounts: map[string]*Account{},
	}
	if s.regions == nil {
		s.regions = []string{"eu-central-1", "us-east-1", "us-west-2"}
	}
	if s.optIn == nil {
		s.optIn = []string{"ap-east-1"}
	}
	return s
}

// call is one parsed request.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	params map[string]string
	action string
	signed signedRequest
	id     string // of the request
	key    *issuedKey
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	params, payload, err := readParams(r)
	number, here := s.BeginRequest(w, r, params["Action"])
	if !here {
		return
	}
	c := &call{w: w, r: r, params: params, action: params["Action"]}
	c.id = fmt.Sprintf("%08x-0000-4000-8000-%012x", number, number)
	if err == nil {
		err = checkRequest(r, params)
	}
	if err == nil {
		c.signed, err = readAuthorization(r, payload, serviceOf(c.action))
	}
	if err != nil {
		s.RecordUnexpected(r, c.action, err)
		c.sendError(apiError{http.StatusBadRequest, "InvalidParameterValue", "unexpected: " + err.Error()})
		return
	}
	if refused := s.authenticate(c); refused != nil {
		c.sendError(*refused)
		return
	}
	if f := s.NextFault(c.action, c.signed.region, c.signed.keyID); f.Kind != "" && s.answerFault(c, f) {
		return
	}
	s.handle(c, Fault{})
}
