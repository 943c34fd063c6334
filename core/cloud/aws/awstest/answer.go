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

// refusal is an error of the real API.
type refusal struct {
	status        int
	code, message string
}

// refuse answers with an error document of the service.
func (c *call) refuse(r refusal) {
	body := fmt.Sprintf(`<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>`,
		escape(r.code), escape(r.message), c.id)
	if serviceOf(c.action) == "sts" {
		body = fmt.Sprintf(`<ErrorResponse xmlns=%q><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`,
			stsSpace, escape(r.code), escape(r.message), c.id)
	}
	c.send(r.status, body)
}

func (c *call) send(status int, body string) {
	c.w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	c.w.WriteHeader(status)
	_, _ = c.w.Write([]byte(xml.Header + body)) // a client that went away is not our fault
}

// answer does what was asked. The fault may bend the answer; the zero one does not.
func (s *Server) answer(c *call, f Fault) {
	content, refused := s.content(c, f)
	if refused != nil {
		c.refuse(*refused)
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
		doc = fmt.Sprintf("<%s xmlns=%q>%s%s</%s>", root, ec2Space, element("requestId", id), content, root)
	} else {
		doc = fmt.Sprintf("<%s xmlns=%q><%sResult>%s</%sResult><ResponseMetadata>%s</ResponseMetadata></%s>",
			root, stsSpace, c.action, content, c.action, element("RequestId", id), root)
	}
	if f.Kind == Truncated {
		doc = doc[:len(doc)/2]
	}
	c.send(http.StatusOK, doc)
}

func (s *Server) content(c *call, f Fault) (string, *refusal) {
	switch c.action {
	case DescribeRegions:
		return s.describeRegions(c.params["AllRegions"] == "true"), nil
	case GetCallerIdentity:
		return element("Arn", "arn:aws:iam::"+c.key.AccountID+":user/jms-sync") + element("UserId", "AIDATEST") +
			element("Account", c.key.AccountID), nil
	case AssumeRole:
		return s.assumeRole(c)
	}
	if c.params["DryRun"] == "true" {
		return "", &refusal{http.StatusPreconditionFailed, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."}
	}
	return s.describeInstances(c, f)
}

func (s *Server) describeRegions(all bool) string {
	var b strings.Builder
	add := func(id, optIn string) {
		b.WriteString("<item>" + element("regionName", id) + element("regionEndpoint", "ec2."+id+".amazonaws.com") +
			element("optInStatus", optIn) + "</item>")
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

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

func (s *Server) assumeRole(c *call) (string, *refusal) {
	arn, session := c.params["RoleArn"], c.params["RoleSessionName"]
	d := time.Hour
	if text := c.params["DurationSeconds"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 900 || n > 43200 {
			return "", &refusal{http.StatusBadRequest, "ValidationError", "The requested DurationSeconds is not allowed"}
		}
		d = time.Duration(n) * time.Second
	}
	if !sessionName.MatchString(session) || !strings.HasPrefix(arn, "arn:aws") {
		return "", &refusal{http.StatusBadRequest, "ValidationError", arn + " or " + session + " is invalid"}
	}
	s.mu.Lock()
	r := s.roles[arn]
	s.mu.Unlock()
	if r == nil || !slices.Contains(r.trusted, c.key.AccountID) {
		return "", &refusal{http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::" + c.key.AccountID +
			":user/jms-sync is not authorized to perform: sts:AssumeRole on resource: " + arn}
	}
	k, expires := s.Issue(r.account, d)
	return "<Credentials>" + element("AccessKeyId", k.AccessKeyID) + element("SecretAccessKey", k.AccessKeySecret) +
		element("SessionToken", k.SessionToken) + element("Expiration", expires.UTC().Format(time.RFC3339)) + "</Credentials>" +
		"<AssumedRoleUser>" + element("Arn", arn+"/"+session) + element("AssumedRoleId", "AROATEST:"+session) + "</AssumedRoleUser>", nil
}

// describeInstances answers page by page, of all or of those that the filter names.
func (s *Server) describeInstances(c *call, f Fault) (string, *refusal) {
	if named := c.list("InstanceId."); len(named) > 0 {
		return s.describeNamed(c, f, named)
	}
	size, err := c.pageSize()
	if err != nil {
		return "", err
	}
	ids, err := c.filter()
	if err != nil {
		return "", err
	}
	region := c.signed.region
	after, err := c.cursor()
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
		rows, token = nil, c.token(after)
	case f.Kind == RepeatToken && c.params["NextToken"] != "":
		token = c.params["NextToken"]
	case next != "":
		token = c.token(next)
	}
	return reservations(account.id, region, rows) + element("nextToken", token), nil
}

// instanceID is the form of an id that is not malformed.
var instanceID = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)

// describeNamed answers by InstanceIds: all of them, also those that the lists have lost, or nothing. Rows
// of a LostRow are the exception: https://github.com/aws/aws-sdk-js/issues/704
func (s *Server) describeNamed(c *call, f Fault, ids []string) (string, *refusal) {
	s.mu.Lock()
	account := s.account(c.key.AccountID)
	s.mu.Unlock()
	var rows []Instance
	var unknown []string
	for n, id := range ids {
		row, there := account.Get(c.signed.region, id)
		switch {
		case !there && !instanceID.MatchString(id):
			return "", &refusal{http.StatusBadRequest, "InvalidInstanceID.Malformed", "Invalid id: \"" + id + "\""}
		case !there:
			unknown = append(unknown, id)
		case f.Kind != LostRow || n > 0:
			rows = append(rows, row)
		}
	}
	switch text := strings.Join(unknown, ", "); len(unknown) {
	case 0:
	case 1:
		return "", &refusal{http.StatusBadRequest, "InvalidInstanceID.NotFound", "The instance ID '" + text + "' does not exist"}
	default:
		return "", &refusal{http.StatusBadRequest, "InvalidInstanceID.NotFound", "The instance IDs '" + text + "' do not exist"}
	}
	return reservations(account.id, c.signed.region, rows), nil
}

// list reads a parameter that is given several times, numbered from 1.
func (c *call) list(name string) []string {
	all := []string{}
	for n := 1; ; n++ {
		value, ok := c.params[name+strconv.Itoa(n)]
		if !ok {
			return all
		}
		all = append(all, value)
	}
}

// filter reads the ids that Filter.1 names; nil = all.
func (c *call) filter() ([]string, *refusal) {
	name, given := c.params["Filter.1.Name"]
	if !given {
		return nil, nil
	}
	ids := c.list("Filter.1.Value.")
	if name != "instance-id" || len(ids) == 0 || len(ids) > 200 || strings.ContainsAny(strings.Join(ids, ""), `*?\`) {
		return nil, &refusal{http.StatusBadRequest, "FilterLimitExceeded", "not a filter by 1 to 200 instance ids"}
	}
	return ids, nil
}

// pageSize reads MaxResults: from 5 to 1000, which must be given.
func (c *call) pageSize() (int, *refusal) {
	n, err := strconv.Atoi(c.params["MaxResults"])
	if err != nil || n < 5 || n > 1000 {
		return 0, &refusal{http.StatusBadRequest, "InvalidParameterValue", "MaxResults is not between 5 and 1000"}
	}
	return n, nil
}

// token hides a cursor. It holds for one account and region, as the real one does; no two are
// the same, even of one place.
func (c *call) token(id string) string {
	return base64.StdEncoding.EncodeToString([]byte(c.key.AccountID + "|" + c.signed.region + "|" + id + "|" + c.id))
}

// cursor reads what token made.
func (c *call) cursor() (string, *refusal) {
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

func invalidToken() *refusal {
	return &refusal{http.StatusBadRequest, "InvalidParameterValue", "Unable to parse pagination token"}
}

// element is a simple element; "" = none.
func element(name, text string) string {
	if text == "" {
		return ""
	}
	return "<" + name + ">" + escape(text) + "</" + name + ">"
}

func escape(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a Buffer never fails
	return b.String()
}
