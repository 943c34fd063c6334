package alibabatest

import (
	"net/http"
	"testing"
	"time"
)

// TestAssumeRole: the key of a role's session opens the role's account, with its token, until it ends.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	const arn, foreign = "acs:ram::2:role/r", "acs:ram::3:role/r"
	c.server.AddRole(arn, "2", "1").Fill("cn-beijing", 1, SampleInstance)
	c.server.AddRole(foreign, "3", "2")
	assume := func(arn, session, seconds string) (int, string) {
		status, doc := c.ask(t, map[string]string{
			"Action": AssumeRole, "Version": "2015-04-01", "RoleArn": arn, "RoleSessionName": session, "DurationSeconds": seconds,
		}, nil)
		return status, doc.Code
	}
	for _, x := range [][4]string{
		{foreign, "s1", "900", "NoPermission"}, {"acs:ram::9:role/none", "s1", "900", "EntityNotExist.Role"},
		{arn, "s", "900", "InvalidParameter.RoleSessionName"}, {arn, "s1", "899", "InvalidParameter.DurationSeconds"},
	} {
		if _, code := assume(x[0], x[1], x[2]); code != x[3] {
			t.Errorf("%q: %s", x, code)
		}
	}
	if status, code := assume(arn, "s1", "900"); status != http.StatusOK {
		t.Fatal(status, code)
	}
	own := c.key
	c.key = IssuedKey(1)
	as := func(token, action, version string) document {
		params := map[string]string{"Action": action, "Version": version, "AccessKeyId": c.key.AccessKeyID}
		if token != "" {
			params["SecurityToken"] = token
		}
		_, doc := c.ask(t, params, nil)
		return doc
	}
	if doc := as(c.key.SecurityToken, GetCallerIdentity, "2015-04-01"); doc.AccountId != "2" {
		t.Errorf("%+v", doc)
	}
	if doc := as(c.key.SecurityToken, DescribeInstances, "2014-05-26"); len(doc.Instances.Instance) != 1 {
		t.Errorf("%+v", doc)
	}
	if doc := as("", DescribeInstances, "2014-05-26"); doc.Code != "MissingSecurityToken" {
		t.Errorf("without its token: %+v", doc)
	}
	c.server.accounts[c.key.AccessKeyID].expires = start.Add(-time.Second)
	if doc := as(c.key.SecurityToken, DescribeInstances, "2014-05-26"); doc.Code != "InvalidSecurityToken.Expired" {
		t.Errorf("after its end: %+v", doc)
	}
	c.key = own
}
