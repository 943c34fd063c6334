// Package tencenttest is an emulator of the Tencent Cloud APIs (3.0) that the lister uses: CVM
// DescribeInstances and DescribeInstancesStatus, DescribeRegions of the region service, and STS
// GetCallerIdentity and AssumeRole. It verifies signatures like the real service, fails on demand, and records every
// unexpected request. Only tests and the demo import it.
package tencenttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// The emulated calls, as names for Fault.Action and Calls.
const (
	DescribeInstances       = "DescribeInstances"
	DescribeInstancesStatus = "DescribeInstancesStatus"
	DescribeRegions         = "DescribeRegions"
	GetCallerIdentity       = "GetCallerIdentity"
	AssumeRole              = "AssumeRole"
)

// Options are the fixed properties of a server. The zero value is usable.
type Options struct {
	Regions  []string          // the available ones; nil = ap-beijing, ap-guangzhou, ap-shanghai
	Reporter peertest.Reporter // is notified of unexpected requests; may be nil
	Now      func() time.Time  // nil = time.Now
	// RefuseUnknown refuses a call that names an unknown id, as CVM's other calls do.
	// By default the answer omits such an id.
	RefuseUnknown bool
	// AfterPage is called after each answer of DescribeInstances was built and before it is sent, so
	// that the fleet can change between two pages; may be nil.
	AfterPage func(region string, offset int)
}

// Server is the emulator, an http.Handler. Its accounts can be changed while it serves. It is safe for
// concurrent use.
type Server struct {
	*peertest.Base
	options Options

	mu         sync.Mutex
	accounts   map[string]*Account // by secret id
	roles      map[string]*role    // by ARN
	issuedKeys int
}

// New returns a server without accounts.
func New(o Options) *Server {
	if o.Regions == nil {
		o.Regions = []string{"ap-beijing", "ap-guangzhou", "ap-shanghai"}
	}
	return &Server{
		Base:    peertest.New(peertest.Options{Name: "tencenttest", Reporter: o.Reporter, Now: o.Now}),
		options: o, accounts: map[string]*Account{}, roles: map[string]*role{},
	}
}

// call is one parsed request.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	body    []byte
	params  params
	action  string
	region  string
	id      string // of the request
	account *Account
}

// params are the parameters of all calls.
type params struct {
	InstanceIds   []string
	Offset, Limit *int
	Product       string

	RoleArn, RoleSessionName, ExternalId string //nolint:revive // as in the request
	DurationSeconds                      *int
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c := &call{w: w, r: r, body: body, action: r.Header.Get("X-TC-Action"), region: r.Header.Get("X-TC-Region")}
	number, here := s.BeginRequest(w, r, c.action)
	if !here {
		return
	}
	c.id = fmt.Sprintf("%08x-0000-4000-8000-%012x", number, number)
	if err == nil {
		err = c.checkRequest()
	}
	if err != nil {
		s.RecordUnexpected(r, c.action, err)
		c.sendError(apiError{"InvalidParameter", "The parameter is not valid: " + err.Error()})
		return
	}
	key, refused := s.authenticate(c)
	if refused != nil {
		c.sendError(*refused)
		return
	}
	if f := s.NextFault(c.action, c.region, key); f.Kind != "" && s.answerFault(c, f) {
		return
	}
	s.handle(c, Fault{})
}

// checkRequest refuses what a lister has no reason to ask: other actions, versions and
// parameters, other methods and forms.
func (c *call) checkRequest() error {
	service, version, names := actionParams(c.action)
	switch {
	case c.r.Method != http.MethodPost || c.r.URL.Path != "/" || c.r.URL.RawQuery != "":
		return fmt.Errorf("not a POST to / without a query")
	case c.r.Header.Get("Content-Type") != "application/json":
		return fmt.Errorf("content type %q", c.r.Header.Get("Content-Type"))
	case service == "":
		return fmt.Errorf("action %q is not emulated", c.action)
	case c.r.Header.Get("X-TC-Version") != version:
		return fmt.Errorf("version %q, not %s", c.r.Header.Get("X-TC-Version"), version)
	case c.region == "":
		return fmt.Errorf("no region")
	}
	given := map[string]json.RawMessage{}
	if err := json.Unmarshal(c.body, &given); err != nil {
		return fmt.Errorf("the body is no object: %w", err)
	}
	for name := range given {
		if !names[name] {
			return fmt.Errorf("parameter %s", name)
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c.params); err != nil {
		return fmt.Errorf("parameters of another type: %w", err)
	}
	if c.action == DescribeRegions && c.params.Product != "cvm" {
		return fmt.Errorf("product %q", c.params.Product)
	}
	return nil
}

// actionParams returns service, version and parameters of a call; "" = it is not emulated.
func actionParams(action string) (service, version string, names map[string]bool) {
	switch action {
	case DescribeInstances, DescribeInstancesStatus:
		return "cvm", "2017-03-12", map[string]bool{"InstanceIds": true, "Offset": true, "Limit": true}
	case DescribeRegions:
		return "region", "2022-06-27", map[string]bool{"Product": true}
	case GetCallerIdentity:
		return "sts", "2018-08-13", nil
	case AssumeRole:
		return "sts", "2018-08-13", map[string]bool{"RoleArn": true, "RoleSessionName": true, "ExternalId": true, "DurationSeconds": true}
	}
	return "", "", nil
}
