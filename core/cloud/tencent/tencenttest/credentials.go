package tencenttest

import (
	"fmt"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// role is a role that AssumeRole can assume.
type role struct {
	account    *Account
	trusted    []string // account ids
	externalID string   // that AssumeRole has to name; "" = any
}

// AddRole creates a role of an account that the keys of the trusted accounts may assume, with an external id where one
// is given. The account has no key of its own.
func (s *Server) AddRole(arn, account, externalID string, trusted ...string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Account{server: s, id: account, Regions: peertest.NewRegions(func(i Instance) string { return i.ID })}
	s.roles[arn] = &role{account: a, trusted: trusted, externalID: externalID}
	return a
}

// IssuedKey returns the n-th key that was issued to a session of a role, from 1.
func IssuedKey(n int) Key {
	return Key{
		AccessKeyID: fmt.Sprintf("AKIDissued%04d", n), AccessKeySecret: fmt.Sprintf("issued/secret+%04d", n), SecurityToken: fmt.Sprintf("issuedToken%04d==", n),
	}
}

// assumeRole answers AssumeRole: for two hours by default, twelve at most. A role whose trust does not name the caller is
// refused as one that is not allowed: https://cloud.tencent.com/document/api/1312/48197
func (s *Server) assumeRole(c *call, f Fault) (object, *apiError) {
	seconds := valueOr(c.params.DurationSeconds, 7200)
	if seconds < 1 || seconds > 43200 || c.params.RoleSessionName == "" {
		return nil, &apiError{"InvalidParameter.ParamError", "DurationSeconds or RoleSessionName is wrong."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roles[c.params.RoleArn]
	switch {
	case r == nil:
		return nil, &apiError{"ResourceNotFound.RoleNotFound", "The role does not exist."}
	case !slices.Contains(r.trusted, c.account.id), r.externalID != "" && c.params.ExternalId != r.externalID:
		return nil, &apiError{"UnauthorizedOperation", "you are not authorized to assume this role"}
	}
	s.issuedKeys++
	k, ends := IssuedKey(s.issuedKeys), s.Now().Add(time.Duration(seconds)*time.Second).Truncate(time.Second)
	s.accounts[k.AccessKeyID] = &Account{server: s, id: r.account.id, secret: k.AccessKeySecret, token: k.SecurityToken, expires: ends, Regions: r.account.Regions}
	given := object{"Token": k.SecurityToken, "TmpSecretId": k.AccessKeyID, "TmpSecretKey": k.AccessKeySecret}
	if f.Kind == NoSecret {
		delete(given, "TmpSecretKey")
	}
	return object{"Credentials": given, "ExpiredTime": ends.Unix(), "Expiration": ends.UTC().Format(time.RFC3339)}, nil
}
