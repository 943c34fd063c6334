// Package azuretest is an emulator of the Azure APIs that the lister uses: Entra ID's tokens for
// applications, both forms of a managed identity, Resource Manager's lists of subscriptions,
// locations, permissions, machines, scale sets, interfaces and public addresses, single machines, and the one query of
// Resource Graph. It verifies secrets, tokens and rights like the real services, fails on demand, and
// records every unexpected request. Only tests and the demo import it.
package azuretest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// The emulated calls, as names for Fault.Action and Calls.
const (
	OpenIDConfiguration = "openid-configuration"
	Token               = "token"
	IMDS                = "imds"       // the managed identity of a virtual machine
	AppService          = "appservice" // that of an App Service or a function, at /msi/token
	ListSubscriptions   = "subscriptions"
	GetSubscription     = "subscription"
	ListLocations       = "locations"
	ListPermissions     = "permissions"
	ListMachines        = "virtualMachines"
	ListInterfaces      = "networkInterfaces"
	ListAddresses       = "publicIPAddresses"
	ListSets            = "virtualMachineScaleSets"
	ListSetMachines     = "virtualMachineScaleSets/virtualMachines"
	ListSetInterfaces   = "virtualMachineScaleSets/networkInterfaces"
	ListSetAddresses    = "virtualMachineScaleSets/publicIPAddresses"
	GetMachine          = "virtualMachine" // by its resource id, also one of a uniform scale set
	QueryGraph          = "graph"
)

// Options are the fixed properties of a server. The zero value is usable.
type Options struct {
	Locations []string          // the existing ones; nil = eastus, northeurope, westeurope
	Reporter  peertest.Reporter // is notified of unexpected requests; may be nil
	Now       func() time.Time  // nil = time.Now
	PageSize  int               // rows of one page; 0 = 50
	TokenLife time.Duration     // 0 = an hour
}

// Server is the emulator, an http.Handler. Its subscriptions can be changed while it serves. It is safe for
// concurrent use.
type Server struct {
	*peertest.Base
	options Options
	routes  []route

	mu            sync.Mutex
	principals    map[string]*Principal // by client id
	identity      *Principal            // of the host, as a managed identity
	assigned      map[string]*Principal // of the host, by client id: those that users assigned to it
	header        string                // X-IDENTITY-HEADER of the host
	subscriptions map[string]*Subscription
	tokens        map[string]issuedToken
}

// New returns a server without applications and subscriptions.
func New(o Options) *Server {
	if o.Locations == nil {
		o.Locations = []string{"eastus", "northeurope", "westeurope"}
	}
	if o.PageSize == 0 {
		o.PageSize = 50
	}
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	return &Server{
		Base: peertest.New(peertest.Options{Name: "azuretest", Reporter: o.Reporter, Now: o.Now}), options: o, routes: routes(),
		principals: map[string]*Principal{}, subscriptions: map[string]*Subscription{}, tokens: map[string]issuedToken{},
	}
}

// call is one parsed request.
type call struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	route
	tenant, subscription, group, set string
	name                             string // of a machine, or its number in a set
	query, form                      url.Values
	id                               string // of the request
	number                           int
	principal                        *Principal
	subject                          *Subscription
}

// route is one call of the real APIs.
type route struct {
	action, method, version string
	later                   string // another version that is taken; "" = none
	path                    *regexp.Regexp
	query                   []string // other parameters
	scope                   accessLevel
}

// accessLevel is the access that a call needs.
type accessLevel int

const (
	accessOpen         accessLevel = iota // a call for tokens
	accessToken                           // any token
	accessSubscription                    // a token of a principal that may read the subscription
)

// routes returns all expected calls. Resource Manager ignores the case of paths.
func routes() []route {
	const sub, compute, network = `/subscriptions/(?P<sub>[^/]+)`, `/providers/Microsoft\.Compute`, `/providers/Microsoft\.Network`
	const group = sub + `/resourceGroups/(?P<group>[^/]+)`
	const set, one = group + compute + `/virtualMachineScaleSets/(?P<set>[^/]+)`, `/virtualMachines/(?P<name>[^/]+)`
	skip := []string{"$skipToken"}
	all := []route{
		{action: OpenIDConfiguration, path: pathPattern(`/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration`)},
		{action: Token, method: http.MethodPost, path: pathPattern(`/(?P<tenant>[^/]+)/oauth2/v2\.0/token`)},
		{action: IMDS, version: "2018-02-01", path: pathPattern(`/metadata/identity/oauth2/token`), query: []string{"resource", "client_id"}},
		{action: AppService, version: "2019-08-01", path: pathPattern(`/msi/token`), query: []string{"resource", "client_id"}},
		{action: ListSubscriptions, version: "2021-01-01", path: pathPattern(`/subscriptions`), query: skip, scope: accessToken},
		{action: GetSubscription, version: "2021-01-01", path: pathPattern(sub), scope: accessSubscription},
		{action: ListLocations, version: "2021-01-01", path: pathPattern(sub + `/locations`), scope: accessSubscription},
		{action: ListPermissions, version: "2015-07-01", path: pathPattern(sub + `/providers/Microsoft\.Authorization/permissions`), query: skip, scope: accessSubscription},
		{action: ListMachines, version: "2021-07-01", later: createdVersion, path: pathPattern(sub + compute + `/virtualMachines`), query: skip, scope: accessSubscription},
		{action: ListSets, version: "2021-07-01", path: pathPattern(sub + compute + `/virtualMachineScaleSets`), query: skip, scope: accessSubscription},
		{action: ListSetMachines, version: "2021-07-01", later: createdVersion, path: pathPattern(set + `/virtualMachines`), query: skip, scope: accessSubscription},
		{action: ListSetInterfaces, version: "2018-10-01", path: pathPattern(set + `/networkInterfaces`), query: skip, scope: accessSubscription},
		{action: ListSetAddresses, version: "2018-10-01", path: pathPattern(set + `/publicIPAddresses`), query: skip, scope: accessSubscription},
		{action: GetMachine, version: "2021-07-01", later: createdVersion, path: pathPattern(group + compute + one), scope: accessSubscription},
		{action: GetMachine, version: "2021-07-01", later: createdVersion, path: pathPattern(set + one), scope: accessSubscription},
		{action: ListInterfaces, version: "2021-02-01", path: pathPattern(sub + network + `/networkInterfaces`), query: skip, scope: accessSubscription},
		{action: ListAddresses, version: "2021-02-01", path: pathPattern(sub + network + `/publicIPAddresses`), query: skip, scope: accessSubscription},
		{action: QueryGraph, method: http.MethodPost, version: "2024-04-01", path: pathPattern(`/providers/Microsoft\.ResourceGraph/resources`), scope: accessToken},
	}
	for i := range all {
		if all[i].method == "" {
			all[i].method = http.MethodGet
		}
	}
	return all
}

func pathPattern(path string) *regexp.Regexp { return regexp.MustCompile(`(?i)^` + path + `$`) }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, w: w, r: r}
	err := c.findRoute()
	number, here := s.BeginRequest(w, r, c.action)
	if !here {
		return
	}
	c.number, c.id = number, fmt.Sprintf("%08x-0000-4000-8000-%012x", number, number)
	if err != nil {
		s.RecordUnexpected(r, c.action, err)
		c.sendError(apiError{http.StatusBadRequest, "InvalidRequest", "The request is not valid: " + err.Error()})
		return
	}
	if c.scope == accessOpen {
		s.handleToken(c)
		return
	}
	if refused := s.authenticate(c); refused != nil {
		c.sendError(*refused)
		return
	}
	if f := s.NextFault(c.action, "", c.principal.ClientID); f.Kind != "" && s.answerFault(c, f) {
		return
	}
	s.handle(c, Fault{})
}

// findRoute finds the call of a request, and refuses what a lister has no reason to ask.
func (c *call) findRoute() (err error) {
	i := slices.IndexFunc(c.server.routes, func(x route) bool { return x.path.MatchString(c.r.URL.Path) })
	if i < 0 {
		return errors.New("the path is not emulated")
	}
	c.route = c.server.routes[i]
	if c.r.Method != c.method {
		return fmt.Errorf("method %s, not %s", c.r.Method, c.method)
	}
	c.query, err = url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return err
	}
	found := c.path.FindStringSubmatch(c.r.URL.Path)
	for n, name := range c.path.SubexpNames() {
		switch name {
		case "tenant":
			c.tenant = found[n]
		case "sub":
			c.subscription = strings.ToLower(found[n])
		case "group":
			c.group = found[n]
		case "set":
			c.set = found[n]
		case "name":
			c.name = found[n]
		}
	}
	return c.checkQuery()
}

func (c *call) checkQuery() error {
	for name, values := range c.query {
		switch {
		case len(values) != 1:
			return fmt.Errorf("parameter %s is given %d times", name, len(values))
		case name == "api-version" && c.version != "":
		case !slices.Contains(c.route.query, name):
			return fmt.Errorf("parameter %s", name)
		}
	}
	got := c.query.Get("api-version")
	if got != c.version && (got != c.later || got == "") {
		return fmt.Errorf("api-version %q, not %q", got, c.version)
	}
	c.version = got
	return nil
}

// createdVersion is the first version of compute that shows timeCreated.
const createdVersion = "2021-11-01"
