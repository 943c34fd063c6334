// Package huaweitest is an emulator of the Huawei Cloud APIs that the lister uses: IAM's lists of
// projects, and ECS ListServersDetails and ShowServer. It verifies signatures like the real gateway,
// fails on demand, and records every unexpected request.
// Only tests and the demo import it.
package huaweitest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// The emulated calls, as names for Fault.Action and Calls.
const (
	OwnProjects = "KeystoneListAuthProjects" // GET /v3/auth/projects
	AllProjects = "KeystoneListProjects"     // GET /v3/projects
	ListServers = "ListServersDetails"       // GET /v1/{project}/cloudservers/detail
	ShowServer  = "ShowServer"               // GET /v1/{project}/cloudservers/{id}
)

// Options are the fixed properties of a server. The zero value is usable.
type Options struct {
	Reporter peertest.Reporter // is notified of unexpected requests; may be nil
	Now      func() time.Time  // nil = time.Now
}

// Server is the emulator, an http.Handler. Its accounts can be changed while it serves. It is safe for
// concurrent use.
type Server struct {
	*peertest.Base

	mu       sync.Mutex
	accounts map[string]*Account // by access key id
}

// New returns a server without accounts.
func New(o Options) *Server {
	return &Server{
		Base:     peertest.New(peertest.Options{Name: "huaweitest", Reporter: o.Reporter, Now: o.Now}),
		accounts: map[string]*Account{},
	}
}

// call is one parsed request.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	action  string
	project string // in the path; "" for IAM
	server  string // in the path
	number  int    // of the request
	id      string // of the request
	account *Account
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r}
	c.parsePath()
	number, here := s.BeginRequest(w, r, c.action)
	if !here {
		return
	}
	c.number, c.id = number, fmt.Sprintf("%032x", number)
	if err := c.checkRequest(); err != nil {
		s.RecordUnexpected(r, c.action, err)
		c.sendError(apiError{http.StatusBadRequest, "APIGW.0101", "The API does not exist: " + err.Error()})
		return
	}
	if refused := s.authenticate(c); refused != nil {
		c.sendError(*refused)
		return
	}
	if f := s.NextFault(c.action, s.regionOf(c), c.account.key); f.Kind != "" && s.answerFault(c, f) {
		return
	}
	s.handle(c, Fault{})
}

// parsePath parses the path. An action that is "" is not emulated.
func (c *call) parsePath() {
	parts := strings.Split(strings.Trim(c.r.URL.Path, "/"), "/")
	switch {
	case c.r.URL.Path == "/v3/auth/projects":
		c.action = OwnProjects
	case c.r.URL.Path == "/v3/projects":
		c.action = AllProjects
	case len(parts) == 4 && parts[0] == "v1" && parts[2] == "cloudservers":
		c.action, c.project, c.server = ShowServer, parts[1], parts[3]
		if c.server == "detail" {
			c.action, c.server = ListServers, ""
		}
	}
}

// regionOf returns the region of the requested project, for faults; "" for IAM.
func (s *Server) regionOf(c *call) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := c.account.projects[c.project]; p != nil {
		region, _, _ := strings.Cut(p.name, "_")
		return region
	}
	return ""
}
