package azuretest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

const subID = "11111111-2222-4333-8444-555555555555"

// client calls the server with a token.
type client struct {
	*Server
	now   time.Time
	url   string
	token string
	sub   *Subscription
}

type answered struct {
	Code     string `json:"-"`
	Value    []struct{ ID, Name string }
	NextLink string
	Error    any
	Token    string           `json:"access_token"`
	Total    int              `json:"totalRecords"`
	Data     []map[string]any `json:"data"`
	Skip     string           `json:"$skipToken"`
}

func newClient(t *testing.T, reporter peertest.Reporter) *client {
	t.Helper()
	c := &client{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	c.Server = New(Options{Reporter: reporter, PageSize: 10, Now: func() time.Time { return c.now }})
	web := httptest.NewServer(c.Server)
	t.Cleanup(func() {
		c.Close()
		web.Close()
	})
	c.url = web.URL
	c.AddPrincipal(Principal{Tenant: "tenant", ClientID: "id", Secret: "secret"})
	c.sub = c.AddSubscription(subID, "id")
	_, got := c.ask(t, http.MethodPost, "/tenant/oauth2/v2.0/token", form("id", "secret"))
	c.token = got.Token
	return c
}

func form(id, secret string) string {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {"https://management.azure.com/.default"}}.Encode()
}

func (c *client) ask(t *testing.T, method, path, body string) (int, answered) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" && body[0] != '{' {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc answered
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	switch e := doc.Error.(type) {
	case string:
		doc.Code = e
	case map[string]any:
		doc.Code = fmt.Sprint(e["code"])
	}
	return resp.StatusCode, doc
}

const machines = "/subscriptions/" + subID + "/providers/Microsoft.Compute/virtualMachines?api-version=2021-07-01"

func TestAuthentication(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	c.AddPrincipal(Principal{Tenant: "tenant", ClientID: "stranger", Secret: "s"})
	const token = "/tenant/oauth2/v2.0/token"
	_, stranger := c.ask(t, http.MethodPost, token, form("stranger", "s"))
	good := c.token
	for name, x := range map[string]struct {
		path, body, token string
		status            int
		code              string
	}{
		"good":             {machines, "", good, 200, ""},
		"no token":         {machines, "", "", 401, "AuthenticationFailed"},
		"made up":          {machines, "", good + "x", 401, "InvalidAuthenticationToken"},
		"no right":         {machines, "", stranger.Token, 403, "AuthorizationFailed"},
		"no subscription":  {strings.Replace(machines, "1111", "2222", 1), "", good, 404, "SubscriptionNotFound"},
		"no application":   {token, form("x", "secret"), "", 400, "unauthorized_client"},
		"another tenant":   {"/t2/oauth2/v2.0/token", form("id", "secret"), "", 400, "unauthorized_client"},
		"wrong secret":     {token, form("id", "x"), "", 401, "invalid_client"},
		"unknown tenant":   {"/t2/v2.0/.well-known/openid-configuration", "", "", 400, "invalid_tenant"},
		"no identity":      {"/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com", "", "", 400, "bad_request_102"},
		"no secret of app": {"/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com", "", "", 401, "unauthorized"},
		"capitals":         {strings.ReplaceAll(machines, "providers", "PROVIDERS"), "", good, 200, ""},
		"a set":            {"/subscriptions/" + subID + "/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines?api-version=2021-07-01", "", good, 404, "ResourceNotFound"},
		"a wrong page":     {machines + "&$skipToken=%25", "", good, 400, "InvalidSkipToken"},
	} {
		c.token = x.token
		method := http.MethodGet
		if x.body != "" {
			method = http.MethodPost
		}
		if status, doc := c.ask(t, method, x.path, x.body); status != x.status || doc.Code != x.code {
			t.Errorf("%s: %d %q, want %d %q", name, status, doc.Code, x.status, x.code)
		}
	}
	c.token, c.now = good, c.now.Add(time.Hour+time.Second)
	if status, doc := c.ask(t, http.MethodGet, machines, ""); status != 401 || doc.Code != "ExpiredAuthenticationToken" {
		t.Errorf("an old token: %d %q", status, doc.Code)
	}
}

// TestStrict: what no lister should ask is refused, recorded and reported.
func TestStrict(t *testing.T) {
	t.Parallel()
	graph := func(query, options string) string {
		text, err := json.Marshal(query)
		if err != nil {
			t.Fatal(err)
		}
		return `{"query":` + string(text) + `,"subscriptions":["` + subID + `"],"options":` + options + `}`
	}
	const rows = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"
	for name, x := range map[string]struct{ method, path, body string }{
		"path":          {http.MethodGet, "/subscriptions/" + subID + "/resources?api-version=2021-04-01", ""},
		"method":        {http.MethodDelete, machines, ""},
		"version":       {http.MethodGet, strings.Replace(machines, "2021", "2015", 1), ""},
		"no version":    {http.MethodGet, strings.TrimSuffix(machines, "?api-version=2021-07-01"), ""},
		"parameter":     {http.MethodGet, machines + "&$filter=x", ""},
		"twice":         {http.MethodGet, machines + "&api-version=2021-07-01", ""},
		"of tokens":     {http.MethodPost, "/tenant/oauth2/v2.0/token", "grant_type=password&client_id=id&client_secret=secret&scope=x"},
		"scope":         {http.MethodPost, "/tenant/oauth2/v2.0/token", strings.Replace(form("id", "secret"), "management", "vault", 1)},
		"any query":     {http.MethodPost, rows, graph("resources", `{"resultFormat":"objectArray","$top":5,"allowPartialScopes":false}`)},
		"another query": {http.MethodPost, rows, graph("resources | where tostring(properties.vmId) in~ ('"+subID+"')", `{"resultFormat":"objectArray","$top":5,"allowPartialScopes":false}`)},
		"part of scope": {http.MethodPost, rows, graph(query(subID), `{"resultFormat":"objectArray","$top":5,"allowPartialScopes":true}`)},
		"too many":      {http.MethodPost, rows, graph(query(strings.Repeat(subID+"', '", 100)+subID), `{"resultFormat":"objectArray","$top":5,"allowPartialScopes":false}`)},
	} {
		n := &peertest.RecordingReporter{}
		c := newClient(t, n)
		status, doc := c.ask(t, x.method, x.path, x.body)
		if status != 400 || doc.Code == "" || len(n.Lines) != 1 || len(c.Unexpected()) != 1 {
			t.Errorf("%s: %d %q, reported %q", name, status, doc.Code, n.Lines)
		}
		if strings.Contains(fmt.Sprint(n.Lines), "secret=") || strings.Contains(fmt.Sprint(n.Lines), "eyJ0") {
			t.Errorf("%s: the report shows a secret: %q", name, n.Lines)
		}
	}
}

// query returns the understood query about ordinary machines.
func query(id string) string {
	for text, is := range queryTemplates() {
		if is == (queryTemplate{}) {
			return strings.Replace(text, "IDS", "'"+id+"'", 1)
		}
	}
	return ""
}

// TestCursor: pages of ten, complete though the fleet changes between two of them.
func TestCursor(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	c.sub.Fill("eastus", 35, SampleVM)
	seen, path := map[string]bool{}, machines
	for page := 0; path != ""; page++ {
		_, doc := c.ask(t, http.MethodGet, path, "")
		for _, row := range doc.Value {
			seen[row.Name] = true
		}
		if page == 0 { // the machine of the cursor is removed, and a new one comes before it
			for i := range 35 {
				if SampleVM(i).Name == doc.Value[9].Name {
					c.sub.Remove(SampleVM(i).ID)
				}
			}
			c.sub.Put(VM{ID: "zzz", Name: "new"})
		}
		_, path, _ = strings.Cut(doc.NextLink, strings.TrimPrefix(c.url, "http://"))
	}
	if len(seen) != 35 || c.Calls(ListMachines) != 4 {
		t.Errorf("%d seen of 35 that lasted, in %d pages", len(seen), c.Calls(ListMachines))
	}
}

// TestGraphRows: a row for each interface and public address, by pages.
func TestGraphRows(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	vm := SampleVM(1)
	vm.NICs = append(vm.NICs, NIC{Name: "two", Network: "g/n", Configs: []Config{{Private: "10.9.9.9", Public: "52.0.0.1"}, {Private: "10.9.9.8", Public: "52.0.0.2"}}})
	c.sub.Put(vm, VM{ID: "00000000-0000-4000-8000-000000000000"})
	skip, total := "", 0
	for {
		text, err := json.Marshal(map[string]any{"query": query(strings.ToUpper(vm.ID)), "subscriptions": []string{subID},
			"options": map[string]any{"resultFormat": "objectArray", "$top": 2, "allowPartialScopes": false, "$skipToken": skip}})
		if err != nil {
			t.Fatal(err)
		}
		_, doc := c.ask(t, http.MethodPost, "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01", string(text))
		total += len(doc.Data)
		skip = doc.Skip
		if skip == "" {
			if doc.Total != 3 {
				t.Errorf("%+v", doc)
			}
			break
		}
	}
	if total != 3 {
		t.Errorf("%d rows", total)
	}
}

// TestFaults: by action and client, and on tokens too.
func TestFaults(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	c.Break(Fault{Kind: Throttled, Action: ListMachines, Key: "id", Times: 1})
	c.Break(Fault{Kind: Forbidden, Action: ListMachines, Key: "other"})
	for n, want := range []string{"SubscriptionRequestsThrottled", ""} {
		if _, doc := c.ask(t, http.MethodGet, machines, ""); doc.Code != want {
			t.Errorf("%d: %q, want %q", n, doc.Code, want)
		}
	}
	c.Break(Fault{Kind: Unavailable, Action: Token, Key: "id"})
	if status, doc := c.ask(t, http.MethodPost, "/tenant/oauth2/v2.0/token", form("id", "secret")); status != 503 || doc.Code != "ServiceUnavailable" {
		t.Errorf("%d %q", status, doc.Code)
	}
}

// TestOneMachine: a GET shows what the lists omit, and distinguishes what is gone from what nobody may see.
func TestOneMachine(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	ids := c.sub.Fill("eastus", 2, SampleVM)
	c.sub.PutSet(Set{Name: "pool", Group: "G", Location: "eastus", VMs: []VM{SampleVM(5)}})
	c.sub.Hide(ListMachines, ids[0])
	const in, version = "/subscriptions/" + subID + "/resourceGroups/", "?api-version=2021-07-01"
	if _, doc := c.ask(t, http.MethodGet, machines, ""); len(doc.Value) != 1 {
		t.Errorf("the list has %+v", doc.Value)
	}
	for path, want := range map[string]string{
		"prod/providers/microsoft.compute/virtualmachines/WEB-00000": "", "Prod/providers/Microsoft.Compute/virtualMachines/web-00001": "",
		"g/providers/Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines/0": "",
		"Prod/providers/Microsoft.Compute/virtualMachines/none":                        "ResourceNotFound",
		"none/providers/Microsoft.Compute/virtualMachines/web-00000":                   "ResourceGroupNotFound",
		"g/providers/Microsoft.Compute/virtualMachineScaleSets/none/virtualMachines/0": "ParentResourceNotFound",
		"g/providers/Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines/1": "ResourceNotFound",
	} {
		if _, doc := c.ask(t, http.MethodGet, in+path+version, ""); doc.Code != want {
			t.Errorf("%s: %q, want %q", path, doc.Code, want)
		}
	}
	c.sub.Unhide(ListMachines)
	if _, doc := c.ask(t, http.MethodGet, machines, ""); len(doc.Value) != 2 {
		t.Errorf("shown again: %+v", doc.Value)
	}
	c.sub.Grant(nil, nil, []string{"G"})
	if _, doc := c.ask(t, http.MethodGet, in+"Prod/providers/Microsoft.Compute/virtualMachines/web-00000"+version, ""); doc.Code != "AuthorizationFailed" {
		t.Errorf("without the right: %q", doc.Code)
	}
}

// TestGraphLags: Resource Graph shows the state at FreezeGraph, but never a hidden row.
func TestGraphLags(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	ids := c.sub.Fill("eastus", 2, SampleVM)
	graph := func() int { return len(c.sub.graphRows(ids, false)) }
	c.sub.FreezeGraph()
	c.sub.Remove(ids[0])
	if got := graph(); got != 2 {
		t.Errorf("frozen, it shows %d", got)
	}
	c.sub.Hide(QueryGraph, ids[1])
	if got := graph(); got != 1 {
		t.Errorf("with one lost, it shows %d", got)
	}
	c.sub.ThawGraph()
	if got := graph(); got != 0 {
		t.Errorf("thawed, it shows %d", got)
	}
}
