package awstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how far a request's date may be from the server's time.
const maxSkew = 5 * time.Minute

// actionParams returns the parameters of a call besides Action and Version; nil = the action is not emulated.
func actionParams(action string) (version string, names *regexp.Regexp) {
	const ec2, sts = "2016-11-15", "2011-06-15"
	switch action {
	case DescribeRegions:
		return ec2, regexp.MustCompile(`^AllRegions$`)
	case DescribeInstances:
		return ec2, regexp.MustCompile(`^(MaxResults|NextToken|DryRun|Filter\.1\.Name|Filter\.1\.Value\.[1-9][0-9]*|InstanceId\.[1-9][0-9]*)$`)
	case GetCallerIdentity:
		return sts, regexp.MustCompile(`^$`)
	case AssumeRole:
		return sts, regexp.MustCompile(`^(RoleArn|RoleSessionName|DurationSeconds|ExternalId)$`)
	}
	return "", nil
}

func serviceOf(action string) string {
	if action == GetCallerIdentity || action == AssumeRole {
		return "sts"
	}
	return "ec2"
}

// readParams reads the form. A repeated parameter is an error.
func readParams(r *http.Request) (params map[string]string, payload []byte, err error) {
	params = map[string]string{}
	payload, err = io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return params, nil, fmt.Errorf("unreadable body: %w", err)
	}
	values, err := url.ParseQuery(string(payload))
	if err != nil {
		return params, nil, fmt.Errorf("unreadable parameters: %w", err)
	}
	for name, list := range values {
		if len(list) != 1 {
			return params, nil, fmt.Errorf("parameter %s is given %d times", name, len(list))
		}
		params[name] = list[0]
	}
	return params, payload, nil
}

// checkRequest refuses what a lister has no reason to ask.
func checkRequest(r *http.Request, params map[string]string) error {
	switch {
	case r.Method != http.MethodPost:
		return fmt.Errorf("method %s", r.Method)
	case r.URL.Path != "/" || r.URL.RawQuery != "":
		return fmt.Errorf("path %s, or a query", r.URL.Path)
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		return fmt.Errorf("content type %q", r.Header.Get("Content-Type"))
	}
	version, names := actionParams(params["Action"])
	if names == nil {
		return fmt.Errorf("action %q is not emulated", params["Action"])
	}
	if params["Version"] != version {
		return fmt.Errorf("version %q, not %s", params["Version"], version)
	}
	if params["InstanceId.1"] != "" && (params["MaxResults"] != "" || params["Filter.1.Name"] != "") {
		return errors.New("InstanceId beside MaxResults, which EC2 refuses, or beside a filter")
	}
	for name, value := range params {
		if name != "Action" && name != "Version" && (!names.MatchString(name) || value == "") {
			return fmt.Errorf("parameter %s", name)
		}
	}
	return nil
}

// signedRequest is the content of a request's signature.
type signedRequest struct {
	keyID, date, region, service string
	at                           time.Time
	signature, stringToSign      string // text is the string to sign
}

var authorizationPattern = regexp.MustCompile(
	`^AWS4-HMAC-SHA256 Credential=([^/, ]+)/([0-9]{8})/([a-z0-9-]+)/([a-z0-9]+)/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`)

// readAuthorization parses the signature, version 4:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func readAuthorization(r *http.Request, payload []byte, service string) (signedRequest, error) {
	parts := authorizationPattern.FindStringSubmatch(r.Header.Get("Authorization"))
	if parts == nil {
		return signedRequest{}, errors.New("no signature, version 4")
	}
	s := signedRequest{keyID: parts[1], date: parts[2], region: parts[3], service: parts[4], signature: parts[6]}
	if s.service != service {
		return s, fmt.Errorf("signed for service %s, not %s", s.service, service)
	}
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	if err != nil || !strings.HasPrefix(stamp, s.date) {
		return s, fmt.Errorf("X-Amz-Date %q does not fit the scope of %s", stamp, s.date)
	}
	s.at = at
	names := strings.Split(parts[5], ";")
	required := []string{"host", "x-amz-date"}
	if r.Header.Get("X-Amz-Security-Token") != "" {
		required = append(required, "x-amz-security-token")
	}
	for _, name := range required {
		if !slices.Contains(names, name) {
			return s, fmt.Errorf("header %s is not signed", name)
		}
	}
	if !slices.IsSorted(names) {
		return s, errors.New("signed headers are not sorted")
	}
	canonical := canonicalRequest(r, names, payload)
	s.stringToSign = strings.Join([]string{
		"AWS4-HMAC-SHA256", stamp, strings.Join([]string{s.date, s.region, s.service, "aws4_request"}, "/"), hashSHA256([]byte(canonical)),
	}, "\n")
	return s, nil
}

func canonicalRequest(r *http.Request, names []string, payload []byte) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.Query().Encode() + "\n")
	for _, name := range names {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		b.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + hashSHA256(payload))
	return b.String()
}

// signatureOf returns the signature of a string to sign.
func signatureOf(secret, date, region, service, text string) string {
	by := []byte("AWS4" + secret)
	for _, part := range []string{date, region, service, "aws4_request"} {
		by = hmacSHA256(by, part)
	}
	return hex.EncodeToString(hmacSHA256(by, text))
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hashSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// authenticate checks key, token, time, signature and region, and finds the account. EC2 answers
// AuthFailure to every mistake, also to a region that is not enabled; STS is more specific.
func (s *Server) authenticate(c *call) *apiError {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[c.signed.keyID]
	switch {
	case k == nil || c.r.Header.Get("X-Amz-Security-Token") != k.SessionToken:
		return c.refuseKey("InvalidClientTokenId", "The security token included in the request is invalid.")
	case !slices.Contains(s.regions, c.signed.region):
		return c.refuseKey("InvalidClientTokenId", "The security token included in the request is invalid.")
	case !k.expires.IsZero() && !s.Now().Before(k.expires):
		if c.signed.service == "sts" {
			return &apiError{http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired"}
		}
		return &apiError{http.StatusBadRequest, "RequestExpired", "Request has expired."}
	case s.Now().Sub(c.signed.at).Abs() > maxSkew:
		return c.refuseKey("SignatureDoesNotMatch", "Signature expired: "+c.r.Header.Get("X-Amz-Date")+" is now earlier than the server's time")
	}
	want := signatureOf(k.AccessKeySecret, c.signed.date, c.signed.region, c.signed.service, c.signed.stringToSign)
	if !hmac.Equal([]byte(want), []byte(c.signed.signature)) {
		// The real service repeats what it signed, which includes the token.
		return c.refuseKey("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. The Canonical String "+
			"for this request should have been '"+c.signed.stringToSign+"' for "+c.signed.keyID+" with "+k.SessionToken)
	}
	c.key = k
	return nil
}

// refuseKey returns a refusal of STS; EC2 only says AuthFailure.
func (c *call) refuseKey(code, message string) *apiError {
	if c.signed.service == "ec2" {
		return &apiError{http.StatusUnauthorized, "AuthFailure", "AWS was not able to validate the provided access credentials"}
	}
	return &apiError{http.StatusForbidden, code, message}
}
