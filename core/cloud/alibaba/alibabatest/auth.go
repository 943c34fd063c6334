package alibabatest

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxSkew is how far a request's Timestamp may be from the server's time.
const maxSkew = 15 * time.Minute

// commonParams returns the parameters of every call and their required values ("" = any).
func commonParams() map[string]string {
	return map[string]string{
		"Action": "", "Version": "", "Format": "JSON", "Timestamp": "", "AccessKeyId": "", "Signature": "",
		"SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": "", "RegionId": "",
	}
}

// actionParams returns the other parameters of a call; nil = the action is not emulated.
func actionParams(action string) (version string, names []string) {
	switch action {
	case DescribeRegions:
		return "2014-05-26", []string{}
	case DescribeInstances:
		return "2014-05-26", []string{"MaxResults", "NextToken", "InstanceIds", "DryRun"}
	case DescribeInstanceAttribute:
		return "2014-05-26", []string{"InstanceId"}
	case GetCallerIdentity:
		return "2015-04-01", []string{}
	case AssumeRole:
		return "2015-04-01", []string{"RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId"}
	}
	return "", nil
}

// checkRequest refuses what a lister has no reason to ask: other actions, paging by number,
// unknown parameters, other methods.
func checkRequest(r *http.Request, params map[string]string) error {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return fmt.Errorf("method %s", r.Method)
	}
	if r.URL.Path != "/" {
		return fmt.Errorf("path %s", r.URL.Path)
	}
	version, names := actionParams(params["Action"])
	if names == nil {
		return fmt.Errorf("action %q is not emulated", params["Action"])
	}
	if params["Version"] != version {
		return fmt.Errorf("version %q, not %s", params["Version"], version)
	}
	return checkParams(params, names)
}

// checkParams refuses parameters that are missing, have another value, or do not belong to the call.
func checkParams(params map[string]string, own []string) error {
	known := commonParams()
	optional := append([]string{"SecurityToken", "SignatureType"}, own...)
	for name, value := range params {
		want, ok := known[name]
		if !ok && !slices.Contains(optional, name) {
			return fmt.Errorf("parameter %s", name)
		}
		if want != "" && value != want || name == "SignatureType" && value != "" {
			return fmt.Errorf("%s is %q", name, value)
		}
	}
	for name := range known {
		if params[name] == "" {
			return fmt.Errorf("parameter %s is missing", name)
		}
	}
	return nil
}

// authenticate checks key, token, time, signature and nonce, and finds the account.
func (s *Server) authenticate(c *call) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	account := s.accounts[c.params["AccessKeyId"]]
	if account == nil {
		return &apiError{http.StatusNotFound, "InvalidAccessKeyId.NotFound", "Specified access key is not found."}
	}
	if token := c.params["SecurityToken"]; token != account.token {
		if token == "" {
			return &apiError{http.StatusBadRequest, "MissingSecurityToken", "SecurityToken is mandatory for this action."}
		}
		return &apiError{http.StatusBadRequest, "InvalidSecurityToken.Malformed", "The specified parameter \"SecurityToken.Malformed\" is not valid."}
	}
	if !account.expires.IsZero() && !s.Now().Before(account.expires) {
		return &apiError{http.StatusBadRequest, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."}
	}
	if at, err := time.Parse("2006-01-02T15:04:05Z", c.params["Timestamp"]); err != nil {
		return &apiError{http.StatusBadRequest, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."}
	} else if s.Now().Sub(at).Abs() > maxSkew {
		return &apiError{http.StatusBadRequest, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."}
	}
	text := stringToSign(c.r.Method, c.params)
	if !hmac.Equal([]byte(signatureOf(text, account.secret)), []byte(c.params["Signature"])) {
		// The real service repeats what it signed, which includes the key's id.
		return &apiError{http.StatusBadRequest, "SignatureDoesNotMatch",
			"Specified signature is not matched with our calculation. server string to sign is:" + text}
	}
	nonce := account.key + " " + c.params["SignatureNonce"]
	if s.nonces[nonce] {
		return &apiError{http.StatusBadRequest, "SignatureNonceUsed", "Specified signature nonce was used already."}
	}
	s.nonces[nonce] = true
	c.account = account
	return nil
}

// stringToSign returns the string to sign of Alibaba's RPC APIs:
// https://help.aliyun.com/zh/sdk/product-overview/rpc-mechanism
func stringToSign(method string, params map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != "Signature" {
			parts = append(parts, percentEncode(name)+"="+percentEncode(params[name]))
		}
	}
	return method + "&" + percentEncode("/") + "&" + percentEncode(strings.Join(parts, "&"))
}

// percentEncode percent-encodes a text by RFC 3986.
func percentEncode(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}

// signatureOf returns base64(HMAC-SHA1) with the secret and "&" as the key.
func signatureOf(text, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
