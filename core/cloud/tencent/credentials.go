package tencent

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// credentials returns what the next call is signed with: the credentials of the role to assume, else the
// account's own. Its errors have a kind; the caller retries.
func (l *lister) credentials(ctx context.Context) (cloud.Credentials, error) {
	a := l.Account
	own := cloud.Credentials{KeyID: a.AccessKeyID, Secret: a.AccessKeySecret, Token: a.SecurityToken}
	if a.AssumeRoleARN == "" {
		return own, nil
	}
	return a.RoleCache.Get(ctx, a, l.Retry.Now(), func(ctx context.Context) (cloud.Credentials, error) {
		return l.assumeRole(ctx, own)
	})
}

// assumeRole asks STS for credentials of the role. They last two hours, unless another time is asked for:
// https://cloud.tencent.com/document/api/1312/48197
func (l *lister) assumeRole(ctx context.Context, own cloud.Credentials) (cloud.Credentials, error) {
	const op = "assume role"
	answer, err := l.api.assumeRole(ctx, own, l.Account.AssumeRoleARN, l.Account.ExternalID)
	if err != nil {
		return cloud.Credentials{}, l.WrapError(ctx, own, op, "", err)
	}
	got := answer.credentials
	if answer.requestID == "" || got.KeyID.IsEmpty() || got.Secret.IsEmpty() || got.Token.IsEmpty() || got.Expires.IsZero() {
		return cloud.Credentials{}, l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or a part of the credentials")
	}
	return got, nil
}
