package alibabatest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// role is a role that AssumeRole can assume.
type role struct {
	account    *Account
	trusted    []string // account ids
	externalID string   // that AssumeRole has to name; "" = any
}

// RequireExternalID makes a role's trust ask for an external id.
func (s *Server) RequireExternalID(arn, externalID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[arn].externalID = externalID
}

// AddRole creates a role of an account that the keys of the trusted accounts may assume. The
// account has no key of its own.
func (s *Server) AddRole(arn, account string, trusted ...string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Account{server: s, id: account, Regions: newRegions()}
	s.roles[arn] = &role{account: a, trusted: trusted}
	return a
}

// IssuedKey returns the n-th key that was issued to a session of a role, from 1.
func IssuedKey(n int) Key {
	return Key{
		AccessKeyID: fmt.Sprintf("STS.ISSUED%04d", n), AccessKeySecret: fmt.Sprintf("issued/secret+%04d", n),
		SecurityToken: fmt.Sprintf("CAISissued/%04d+w==", n),
	}
}

// assumeRole answers AssumeRole: for an hour by default, from 15 minutes to 12 hours:
// https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-assumerole
func (s *Server) assumeRole(c *call, f Fault) (map[string]any, *apiError) {
	seconds := 3600
	if text := c.params["DurationSeconds"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 900 || n > 43200 {
			return nil, &apiError{http.StatusBadRequest, "InvalidParameter.DurationSeconds", "The parameter DurationSeconds is wrongly formed."}
		}
		seconds = n
	}
	if len(c.params["RoleSessionName"]) < 2 {
		return nil, &apiError{http.StatusBadRequest, "InvalidParameter.RoleSessionName", "The parameter RoleSessionName is wrongly formed."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roles[c.params["RoleArn"]]
	switch {
	case r == nil:
		return nil, &apiError{http.StatusNotFound, "EntityNotExist.Role", "The role not exists: " + c.params["RoleArn"]}
	case !slices.Contains(r.trusted, c.account.id), r.externalID != "" && c.params["ExternalId"] != r.externalID:
		return nil, &apiError{http.StatusForbidden, "NoPermission", "You are not authorized to do this action. You should be authorized by RAM."}
	}
	s.issuedKeys++
	k, ends := IssuedKey(s.issuedKeys), s.Now().Add(time.Duration(seconds)*time.Second).Truncate(time.Second)
	s.accounts[k.AccessKeyID] = &Account{
		server: s, id: r.account.id, key: k.AccessKeyID, secret: k.AccessKeySecret, token: k.SecurityToken, expires: ends, Regions: r.account.Regions,
	}
	given := map[string]any{
		"AccessKeyId": k.AccessKeyID, "AccessKeySecret": k.AccessKeySecret, "SecurityToken": k.SecurityToken,
		"Expiration": ends.UTC().Format(time.RFC3339),
	}
	if f.Kind == NoSecret {
		delete(given, "AccessKeySecret")
	}
	return map[string]any{
		"Credentials":     given,
		"AssumedRoleUser": map[string]any{"Arn": c.params["RoleArn"] + "/" + c.params["RoleSessionName"], "AssumedRoleId": "3000001:s"},
	}, nil
}
