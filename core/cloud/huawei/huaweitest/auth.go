package huaweitest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	algorithm  = "SDK-HMAC-SHA256"
	dateFormat = "20060102T150405Z"
	// maxSkew is how far a request's X-Sdk-Date may be from the server's time.
	maxSkew = 15 * time.Minute
)

// checkRequest refuses what a lister has no reason to ask: other calls, paging by number,
// unknown parameters, other methods.
func (c *call) checkRequest() error {
	switch {
	case c.r.Method != http.MethodGet:
		return fmt.Errorf("method %s", c.r.Method)
	case c.action == "":
		return fmt.Errorf("path %s", c.r.URL.Path)
	case strings.ContainsAny(c.project+c.server, "{}"):
		return fmt.Errorf("the path has a parameter that was not filled in")
	case !strings.Contains(c.r.UserAgent(), "jms-sync"):
		return fmt.Errorf("user agent %q, which the SDK made of a file in the home directory", c.r.UserAgent())
	}
	return c.checkQuery()
}

func (c *call) checkQuery() error {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("unreadable parameters: %w", err)
	}
	var known []string
	if c.action == ListServers {
		known = []string{"enterprise_project_id", "limit", "marker", "server_id"}
	}
	for name, values := range query {
		if !slices.Contains(known, name) {
			return fmt.Errorf("parameter %s", name)
		}
		if len(values) != 1 || values[0] == "" {
			return fmt.Errorf("parameter %s is given %d times, or empty", name, len(values))
		}
	}
	if c.action != ListServers {
		return nil
	}
	if got := query.Get("enterprise_project_id"); got != "all_granted_eps" {
		return fmt.Errorf("enterprise_project_id is %q: only the default project would be listed", got)
	}
	if query.Has("server_id") && query.Has("marker") {
		return fmt.Errorf("a marker beside server_id, where it is ignored")
	}
	return nil
}

// authenticate checks key, token, time and signature, and finds the account.
func (s *Server) authenticate(c *call) *apiError {
	signed, err := readAuthorization(c.r.Header.Get("Authorization"))
	if err != nil {
		return incorrectSignature(err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	account := s.accounts[signed.key]
	if account == nil {
		// The real service repeats the key's id.
		return incorrectSignature("Get secretKey failed,ak:" + signed.key + ",err:ak not exist")
	}
	at, err := time.Parse(dateFormat, c.r.Header.Get("X-Sdk-Date"))
	if err != nil || !slices.Contains(signed.headers, "x-sdk-date") {
		return incorrectSignature("X-Sdk-Date not found, or not signed")
	}
	if s.Now().Sub(at).Abs() > maxSkew {
		return incorrectSignature("verify aksk signature fail: signature expired")
	}
	text, err := stringToSign(c.r, signed.headers)
	if err != nil {
		return incorrectSignature(err.Error())
	}
	if !hmac.Equal([]byte(signatureOf(text, account.secret)), []byte(signed.signature)) {
		return incorrectSignature("verify aksk signature fail, string to sign: " + text + " of " + signed.key)
	}
	if token := c.r.Header.Get("X-Security-Token"); token != account.token || token != "" && !slices.Contains(signed.headers, "x-security-token") {
		return incorrectSignature("security token " + token + " of ak " + signed.key + " is not right")
	}
	if c.project != "" && c.r.Header.Get("X-Project-Id") != c.project {
		return incorrectSignature("X-Project-Id is not the project that is asked for")
	}
	c.account = account
	return nil
}

func incorrectSignature(text string) *apiError {
	return &apiError{http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: " + text}
}

// authorization is the content of the header Authorization.
type authorization struct {
	key       string
	headers   []string
	signature string
}

func readAuthorization(text string) (authorization, error) {
	rest, ok := strings.CutPrefix(text, algorithm+" ")
	if !ok {
		return authorization{}, fmt.Errorf("x-auth-token not found")
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ", ") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	a := authorization{key: parts["Access"], headers: strings.Split(parts["SignedHeaders"], ";"), signature: parts["Signature"]}
	if a.key == "" || a.signature == "" || len(parts) != 3 || !slices.IsSorted(a.headers) {
		return authorization{}, fmt.Errorf("the header Authorization is not well-formed")
	}
	return a, nil
}

// stringToSign returns the string to sign: https://support.huaweicloud.com/devg-apisign/api-sign-algorithm.html
func stringToSign(r *http.Request, headers []string) (string, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return "", err
	}
	path := make([]string, 0, 8)
	for part := range strings.SplitSeq(r.URL.Path, "/") {
		path = append(path, percentEncode(part))
	}
	uri := strings.TrimSuffix(strings.Join(path, "/"), "/") + "/"
	var query []string
	for name, values := range r.URL.Query() {
		for _, value := range values {
			query = append(query, percentEncode(name)+"="+percentEncode(value))
		}
	}
	slices.Sort(query)
	var lines strings.Builder
	for _, name := range headers {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		lines.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	canonical := strings.Join([]string{
		r.Method, uri, strings.Join(query, "&"), lines.String(), strings.Join(headers, ";"), hashSHA256(body),
	}, "\n")
	return algorithm + "\n" + r.Header.Get("X-Sdk-Date") + "\n" + hashSHA256([]byte(canonical)), nil
}

// percentEncode percent-encodes a text by RFC 3986.
func percentEncode(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}

func hashSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// signatureOf returns the HMAC-SHA256 with the secret.
func signatureOf(text, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
