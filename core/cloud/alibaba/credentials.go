package alibaba

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// credentials returns what the next call is signed with: the credentials of the role to assume, else the
// account's own. Its errors have a kind; the caller retries.
func (l *lister) credentials(ctx context.Context) (cloud.Credentials, error) {
	if l.Account.AssumeRoleARN == "" {
		return l.ownCredentials(ctx)
	}
	return l.Account.RoleCache.Get(ctx, l.Account, l.Retry.Now(), func(ctx context.Context) (cloud.Credentials, error) {
		own, err := l.ownCredentials(ctx)
		if err != nil {
			return cloud.Credentials{}, err
		}
		return l.assumeRole(ctx, own)
	})
}

// ownCredentials returns the account's key, or else the credentials of the ECS instance's role.
func (l *lister) ownCredentials(ctx context.Context) (cloud.Credentials, error) {
	a := l.Account
	if a.Identity == "" {
		return cloud.Credentials{KeyID: a.AccessKeyID, Secret: a.AccessKeySecret, Token: a.SecurityToken}, nil
	}
	const op = "take the ECS instance's role"
	return l.instanceRole.Get(ctx, a, l.Retry.Now(), func(ctx context.Context) (cloud.Credentials, error) {
		got, err := l.api.metadataCredentials(ctx)
		if err != nil {
			return cloud.Credentials{}, l.WrapError(ctx, cloud.Credentials{}, op, "", err)
		}
		return got, nil
	})
}

// assumeRole asks STS for credentials of the role. They last an hour, which every role allows:
// https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-assumerole
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
