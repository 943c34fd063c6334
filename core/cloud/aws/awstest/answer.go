package awstest

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The namespaces of the answers.
const (
	ec2Space = "http://ec2.amazonaws.com/doc/2016-11-15/"
	stsSpace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// apiError is an error of the real API.
type apiError struct {
	status        int
	code, message string
}

// sendError answers with an error document of the service.
func (c *call) sendError(r apiError) {
	body := fmt.Sprintf(`<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>`,
		escapeXML(r.code), escapeXML(r.message), c.id)
	if serviceOf(c.action) == "sts" {
		body = fmt.Sprintf(`<ErrorResponse xmlns=%q><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`,
			stsSpace, escapeXML(r.code), escapeXML(r.message), c.id)
	}
	c.sendBody(r.status, body)
}

func (c *call) sendBody(status int, body string) {
	c.w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	c.w.WriteHeader(status)
	_, _ = c.w.Write([]byte(xml.Header + body)) // a client that went away is not our fault
}

// handle answers a call. A fault may change the answer; the zero Fault does not.
func (s *Server) handle(c *call, f Fault) {
	content, refused := s.buildDocument(c, f)
	if refused != nil {
		c.sendError(*refused)
		return
	}
	root, id := c.action+"Response", c.id
	switch f.Kind {
	case NoList:
		content = ""
	case OtherDocument:
		root = "DescribeOtherResponse"
	case NoRequestID:
		id = ""
	}
	var doc string
	if serviceOf(c.action) == "ec2" {
		doc = fmt.Sprintf("<%s xmlns=%q>%s%s</%s>", root, ec2Space, xmlElement("requestId", id), content, root)
	} else {
		doc = fmt.Sprintf("<%s xmlns=%q><%sResult>%s</%sResult><ResponseMetadata>%s</ResponseMetadata></%s>",
			root, stsSpace, c.action, content, c.action, xmlElement("RequestId", id), root)
	}
	if f.Kind == Truncated {
		doc = doc[:len(doc)/2]
	}
	c.sendBody(http.StatusOK, doc)
}

func (s *Server) buildDocument(c *call, f Fault) (string, *apiError) {
	switch c.action {
	case DescribeRegions:
		return s.describeRegions(c.params["AllRegions"] == "true"), nil
	case GetCallerIdentity:
		return xmlElement("Arn", "arn:aws:iam::"+c.key.AccountID+":user/jms-sync") + xmlElement("UserId", "AIDATEST") +
			xmlElement("Account", c.key.AccountID), nil
	case AssumeRole:
		return s.assumeRole(c)
	}
	if c.params["DryRun"] == "true" {
		return "", &apiError{http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."}
	}
	return s.describeInstances(c, f)
}

func (s *Server) describeRegions(all bool) string {
	var b strings.Builder
	add := func(id, optIn string) {
		b.WriteString("<item>" + xmlElement("regionName", id) + xmlElement("regionEndpoint", "ec2."+id+".amazonaws.com") +
			xmlElement("optInStatus", optIn) + "</item>")
	}
	for _, id := range s.regions {
		add(id, "opt-in-not-required")
	}
	if all {
		for _, id := range s.optIn {
			add(id, "not-opted-in")
		}
	}
	return "<regionInfo>" + b.String() + "</regionInfo>"
}

var sessionNamePattern = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

func (s *Server) assumeRole(c *call) (string, *apiError) {
	arn, session := c.params["RoleArn"], c.params["RoleSessionName"]
	d := time.Hour
	if text := c.params["DurationSeconds"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 900 || n > 43200 {
			return "", &apiError{http.StatusBadRequest, "ValidationError", "The requested DurationSeconds is not allowed"}
		}
		d = time.Duration(n) * time.Second
	}
	if !sessionNamePattern.MatchString(session) || !strings.HasPrefix(arn, "arn:aws") {
		return "", &apiError{http.StatusBadRequest, "ValidationError", arn + " or " + session + " is invalid"}
	}
	s.mu.Lock()
	r := s.roles[arn]
	s.mu.Unlock()
	if r == nil || !slices.Contains(r.trusted, c.key.AccountID) || r.externalID != "" && c.params["ExternalId"] != r.externalID {
		return "", &apiError{http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::" + c.key.AccountID +
			":user/jms-sync is not authorized to perform: sts:AssumeRole on resource: " + arn}
	}
	k, expires := s.IssueKey(r.account, d)
	return "<Credentials>" + xmlElement("AccessKeyId", k.AccessKeyID) + xmlElement("SecretAccessKey", k.AccessKeySecret) +
		xmlElement("SessionToken", k.SessionToken) + xmlElement("Expiration", expires.UTC().Format(time.RFC3339)) + "</Credentials>" +
		"<AssumedRoleUser>" + xmlElement("Arn", arn+"/"+session) + xmlElement("AssumedRoleId", "AROATEST:"+session) + "</AssumedRoleUser>", nil
}

// describeInstances answers page by page, with all instances or those that the filter names.
func (s *Server) describeInstances(c *call, f Fault) (string, *apiError) {
	if named := c.listParam("InstanceId."); len(named) > 0 {
		return s.describeNamed(c, f, named)
	}
	size, err := c.pageSize()
	if err != nil {
		return "", err
	}
	ids, err := c.filterIDs()
	if err != nil {
		return "", err
	}
	region := c.signed.region
	after, err := c.decodeToken()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	account := s.account(c.key.AccountID)
	s.mu.Unlock()
	rows, next := account.Page(region, ids, after, size)
	token := ""
	switch {
	case f.Kind == EmptyPage:
		rows, token = nil, c.encodeToken(after)
	case f.Kind == RepeatedToken && c.params["NextToken"] != "":
		token = c.params["NextToken"]
	case f.Kind == Endless:
		token = c.encodeToken("~") // after all instances
	case next != "":
		token = c.encodeToken(next)
	}
	return reservationsXML(account.id, region, rows) + xmlElement("nextToken", token), nil
}

// instanceIDPattern matches ids that are not malformed.
var instanceIDPattern = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)

// describeNamed answers by InstanceIds: all of them, also hidden ones, or an error. A
// LostRow fault is the exception: https://github.com/aws/aws-sdk-js/issues/704
func (s *Server) describeNamed(c *call, f Fault, ids []string) (string, *apiError) {
	s.mu.Lock()
	account := s.account(c.key.AccountID)
	s.mu.Unlock()
	var rows []Instance
	var unknown []string
	for n, id := range ids {
		row, there := account.Get(c.signed.region, id)
		switch {
		case !there && !instanceIDPattern.MatchString(id):
			return "", &apiError{http.StatusBadRequest, "InvalidInstanceID.Malformed", "Invalid id: \"" + id + "\""}
		case !there:
			unknown = append(unknown, id)
		case f.Kind != LostRow || n > 0:
			rows = append(rows, row)
		}
	}
	switch text := strings.Join(unknown, ", "); len(unknown) {
	case 0:
	case 1:
		return "", &apiError{http.StatusBadRequest, "InvalidInstanceID.NotFound", "The instance ID '" + text + "' does not exist"}
	default:
		return "", &apiError{http.StatusBadRequest, "InvalidInstanceID.NotFound", "The instance IDs '" + text + "' do not exist"}
	}
	return reservationsXML(account.id, c.signed.region, rows), nil
}

// listParam returns the values of a numbered parameter, from 1.
func (c *call) listParam(name string) []string {
	all := []string{}
	for n := 1; ; n++ {
		value, ok := c.params[name+strconv.Itoa(n)]
		if !ok {
			return all
		}
		all = append(all, value)
	}
}

// filterIDs returns the ids that Filter.1 names; nil = all.
func (c *call) filterIDs() ([]string, *apiError) {
	name, given := c.params["Filter.1.Name"]
	if !given {
		return nil, nil
	}
	ids := c.listParam("Filter.1.Value.")
	if name != "instance-id" || len(ids) == 0 || len(ids) > 200 || strings.ContainsAny(strings.Join(ids, ""), `*?\`) {
		return nil, &apiError{http.StatusBadRequest, "FilterLimitExceeded", "not a filter by 1 to 200 instance ids"}
	}
	return ids, nil
}

// pageSize reads MaxResults: required, from 5 to 1000.
func (c *call) pageSize() (int, *apiError) {
	n, err := strconv.Atoi(c.params["MaxResults"])
	if err != nil || n < 5 || n > 1000 {
		return 0, &apiError{http.StatusBadRequest, "InvalidParameterValue", "MaxResults is not between 5 and 1000"}
	}
	return n, nil
}

// encodeToken encodes a cursor. It is valid for one account and region, as the real one is; no two are
// equal, even for the same position.
func (c *call) encodeToken(id string) string {
	return base64.StdEncoding.EncodeToString([]byte(c.key.AccountID + "|" + c.signed.region + "|" + id + "|" + c.id))
}

// decodeToken decodes what encodeToken encoded.
func (c *call) decodeToken() (string, *apiError) {
	text := c.params["NextToken"]
	if text == "" {
		return "", nil
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	parts := strings.Split(string(plain), "|")
	if err != nil || len(parts) != 4 || parts[0] != c.key.AccountID || parts[1] != c.signed.region {
		return "", invalidToken()
	}
	return parts[2], nil
}

func invalidToken() *apiError {
	return &apiError{http.StatusBadRequest, "InvalidParameterValue", "Unable to parse pagination token"}
}

// xmlElement returns a simple element; "" for an empty text.
func xmlElement(name, text string) string {
	if text == "" {
		return ""
	}
	return "<" + name + ">" + escapeXML(text) + "</" + name + ">"
}

func escapeXML(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // writing to a Buffer never fails
	return b.String()
}
