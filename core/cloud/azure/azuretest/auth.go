package azuretest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// audience begins every cloud's audience of tokens.
const audience = "https://management."

// issuedToken is a token that was issued.
type issuedToken struct {
	principal *Principal
	until     time.Time
}

// handleToken answers the calls for tokens.
func (s *Server) handleToken(c *call) {
	key := c.query.Get("client_id")
	if c.action == Token {
		body, err := io.ReadAll(c.r.Body)
		if err != nil {
			return // the client left
		}
		c.form, err = url.ParseQuery(string(body))
		if err != nil {
			s.RecordUnexpected(c.r, c.action, errors.New("a form that is none"))
		}
		key = c.form.Get("client_id")
	}
	if f := s.NextFault(c.action, "", key); f.Kind != "" && s.answerFault(c, f) {
		return
	}
	s.buildTokenAnswer(c, Fault{})
}

// buildTokenAnswer answers a call. A fault may change the answer; the zero Fault does not.
func (s *Server) buildTokenAnswer(c *call, f Fault) {
	doc, refused := s.tokenDocument(c)
	if refused != nil {
		c.sendError(*refused)
		return
	}
	if f.Kind == NoList {
		delete(doc, "access_token")
		delete(doc, "token_endpoint")
	}
	c.sendDocument(http.StatusOK, doc, f.Kind == Truncated)
}

func (s *Server) tokenDocument(c *call) (map[string]any, *apiError) {
	switch c.action {
	case OpenIDConfiguration:
		return s.openIDDocument(c)
	case Token:
		return s.applicationToken(c)
	}
	return s.managedIdentityToken(c)
}

// openIDDocument returns a document whose addresses have https, like the real one.
func (s *Server) openIDDocument(c *call) (map[string]any, *apiError) {
	if !s.hasTenant(c.tenant) {
		return nil, &apiError{http.StatusBadRequest, "invalid_tenant", "AADSTS90002: Tenant '" + c.tenant +
			"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."}
	}
	base := "https://" + c.r.Host + "/" + c.tenant
	return map[string]any{
		"issuer": base + "/v2.0", "token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"jwks_uri": base + "/discovery/v2.0/keys", "tenant_region_scope": "EU", "cloud_instance_name": "microsoftonline.com",
	}, nil
}

func (s *Server) hasTenant(tenant string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.principals {
		if p.Tenant == tenant {
			return true
		}
	}
	return false
}

// applicationToken checks a client secret.
func (s *Server) applicationToken(c *call) (map[string]any, *apiError) {
	form := c.form
	for name, want := range map[string]string{"grant_type": "client_credentials", "scope": "", "client_id": "", "client_secret": ""} {
		got := form.Get(name)
		if got == "" || want != "" && got != want {
			err := fmt.Errorf("form field %s is %q", name, strings.Repeat("*", len(got)))
			s.RecordUnexpected(c.r, c.action, err)
			return nil, &apiError{http.StatusBadRequest, "invalid_request", "AADSTS900144: " + err.Error()}
		}
	}
	if !strings.HasPrefix(form.Get("scope"), audience) || !strings.Contains(form.Get("scope"), "/.default") {
		s.RecordUnexpected(c.r, c.action, fmt.Errorf("scope %q", form.Get("scope")))
		return nil, &apiError{http.StatusBadRequest, "invalid_scope", "AADSTS70011: The provided value for scope is not valid."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.principals[form.Get("client_id")]
	switch {
	case who == nil || who.Tenant != c.tenant:
		return nil, &apiError{http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '" + form.Get("client_id") +
			"' was not found in the directory '" + c.tenant + "'. Trace ID: " + c.id}
	case who.Secret != form.Get("client_secret"):
		return nil, &apiError{http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" +
			who.ClientID + "'. Trace ID: " + c.id}
	}
	return map[string]any{
		"token_type": "Bearer", "expires_in": s.tokenSeconds(), "ext_expires_in": s.tokenSeconds(), "access_token": s.newToken(c, who),
	}, nil
}

// managedIdentityToken issues tokens to the host's own identity.
func (s *Server) managedIdentityToken(c *call) (map[string]any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resource := c.query.Get("resource")
	if !strings.HasPrefix(resource, audience) {
		s.RecordUnexpected(c.r, c.action, fmt.Errorf("resource %q", resource))
	}
	switch {
	case c.action == IMDS && c.r.Header.Get("Metadata") != "true":
		return nil, &apiError{http.StatusBadRequest, "bad_request_102", "Required metadata header not specified"}
	case c.action == AppService && (s.header == "" || c.r.Header.Get("X-Identity-Header") != s.header):
		return nil, &apiError{http.StatusUnauthorized, "unauthorized", "The secret of the request is not the host's"}
	}
	who := s.identity
	if id := c.query.Get("client_id"); id != "" {
		who = s.assigned[id]
	}
	if who == nil {
		return nil, &apiError{http.StatusBadRequest, "invalid_request", "Identity not found"}
	}
	return map[string]any{
		"token_type": "Bearer", "access_token": s.newToken(c, who), "resource": resource,
		"expires_in": fmt.Sprint(s.tokenSeconds()), "expires_on": fmt.Sprint(s.Now().Add(s.options.TokenLife).Unix()),
	}, nil
}

func (s *Server) tokenSeconds() int { return int(s.options.TokenLife / time.Second) }

// newToken issues a token; the caller holds the lock.
func (s *Server) newToken(c *call, who *Principal) string {
	text := fmt.Sprintf("eyJ0eXAiOiJKV1Qi.%s.%d", who.ClientID, c.number)
	s.tokens[text] = issuedToken{principal: who, until: s.Now().Add(s.options.TokenLife)}
	return text
}

// authenticate checks the token of a call, and the right to read a subscription.
func (s *Server) authenticate(c *call) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, bearer := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	given, known := s.tokens[text]
	switch {
	case !bearer:
		return &apiError{http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."}
	case !known:
		return &apiError{http.StatusUnauthorized, "InvalidAuthenticationToken", "The access token is invalid: " + text}
	case s.Now().After(given.until):
		return &apiError{http.StatusUnauthorized, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time."}
	}
	c.principal = given.principal
	if c.scope != accessSubscription {
		return nil
	}
	c.subject = s.subscriptions[c.subscription]
	switch {
	case c.subject == nil:
		return &apiError{http.StatusNotFound, "SubscriptionNotFound", "The subscription '" + c.subscription + "' could not be found."}
	case !c.subject.readers[c.principal.ClientID]:
		return &apiError{http.StatusForbidden, "AuthorizationFailed", "The client '" + c.principal.ClientID + "' with object id '0' does not have authorization to perform action 'Microsoft.Resources/subscriptions/read' over scope '/subscriptions/" +
			c.subscription + "' or the scope is invalid. If access was recently granted, please refresh your credentials."}
	}
	return nil
}
