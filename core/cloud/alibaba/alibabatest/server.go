// Package alibabatest is an emulator of the Alibaba Cloud RPC APIs that the lister uses: ECS
// DescribeRegions, DescribeInstances and DescribeInstanceAttribute, STS GetCallerIdentity and AssumeRole, and SWAS
// ListRegions, ListInstances and ListInstanceStatus. It verifies
// signatures like the real service, fails on demand, and records every unexpected request.
// Only tests and the demo import it.
package alibabatest

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// The emulated calls, as names for Fault.Action and Calls.
const (
	DescribeRegions           = "DescribeRegions"
	DescribeInstances         = "DescribeInstances"
	DescribeInstanceAttribute = "DescribeInstanceAttribute"
	GetCallerIdentity         = "GetCallerIdentity"
	AssumeRole                = "AssumeRole"
)

// Options are the fixed properties of a server. The zero value is usable.
type Options struct {
	Regions  []string          // the existing regions; nil = cn-beijing, cn-hangzhou, cn-shanghai
	Reporter peertest.Reporter // is notified of unexpected requests; may be nil
	Now      func() time.Time  // nil = time.Now
	PageCap  int               // most rows of a page; 0 = 100
}

// Server is the emulator, an http.Handler. Its accounts can be changed while it serves. It is safe for
// concurrent use.
type Server struct {
	*peertest.Base
	regions []string
	pageCap int

	swasRegions []string // nil = regions

	mu         sync.Mutex
	accounts   map[string]*Account // by access key id
	nonces     map[string]bool
	roles      map[string]*role // by ARN
	issuedKeys int
}

// New returns a server without accounts.
func New(o Options) *Server {
	s := &Server{
		Base:    peertest.New(peertest.Options{Name: "alibabatest", Reporter: o.Reporter, Now: o.Now}),
		regions: o.Regions, pageCap: o.PageCap, accounts: map[string]*Account{}, nonces: map[string]bool{}, roles: map[string]*role{},
	}
	if s.regions == nil {
		s.regions = []string{"cn-beijing", "cn-hangzhou", "cn-shanghai"}
	}
	return s
}

// SetRegions changes which regions DescribeRegions names.
func (s *Server) SetRegions(regions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.regions = regions
}

func (s *Server) regionNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.regions
}

// call is one parsed request.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	params  map[string]string
	action  string
	region  string
	id      string // of the request
	account *Account
	pageCap int // rows of a page
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	params, err := readParams(r)
	number, here := s.BeginRequest(w, r, params["Action"])
	if !here {
		return
	}
	c := &call{w: w, r: r, params: params, action: params["Action"], region: params["RegionId"], pageCap: s.pageCap}
	c.id = fmt.Sprintf("%08X-0000-4000-8000-%012X", number, number)
	if err == nil {
		err = checkRequest(r, params)
	}
	if err != nil {
		s.RecordUnexpected(r, c.action, err)
		c.sendError(apiError{http.StatusBadRequest, "InvalidParameter", "The specified parameter is not valid: " + err.Error()})
		return
	}
	if refused := s.authenticate(c); refused != nil {
		c.sendError(*refused)
		return
	}
	if f := s.NextFault(c.action, c.region, params["AccessKeyId"]); f.Kind != "" && s.answerFault(c, f) {
		return
	}
	s.handle(c, Fault{})
}

// readParams joins query and form. A repeated parameter is an error.
func readParams(r *http.Request) (map[string]string, error) {
	params := map[string]string{}
	if err := r.ParseForm(); err != nil {
		return params, fmt.Errorf("unreadable parameters: %w", err)
	}
	for name, values := range r.Form {
		if len(values) != 1 {
			return params, fmt.Errorf("parameter %s is given %d times", name, len(values))
		}
		params[name] = values[0]
	}
	return params, nil
}
