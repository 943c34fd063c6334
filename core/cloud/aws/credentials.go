package aws

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
	return l.Account.RoleCache.Get(ctx, l.Account, l.Retry.Now(), l.roleCredentials)
}

// roleCredentials asks STS for credentials of the role. They last an hour, which every role allows.
func (l *lister) roleCredentials(ctx context.Context) (cloud.Credentials, error) {
	const op = "assume role"
	own, err := l.ownCredentials(ctx)
	if err != nil {
		return cloud.Credentials{}, err
	}
	got, err := l.api.assumeRole(ctx, own, l.Account.AssumeRoleARN, l.Account.ExternalID)
	if err != nil {
		return cloud.Credentials{}, l.WrapError(ctx, own, op, "", err)
	}
	return got, l.checkCredentials(got, op)
}

// ownCredentials returns the account's key, or else the credentials of the EC2 instance's role.
func (l *lister) ownCredentials(ctx context.Context) (cloud.Credentials, error) {
	a := l.Account
	if !a.AccessKeyID.IsEmpty() {
		return cloud.Credentials{KeyID: a.AccessKeyID, Secret: a.AccessKeySecret, Token: a.SecurityToken}, nil
	}
	const op = "take the EC2 instance's role"
	return l.instanceRole.Get(ctx, a, l.Retry.Now(), func(ctx context.Context) (cloud.Credentials, error) {
		got, err := l.api.metadataCredentials(ctx)
		if err != nil {
			return cloud.Credentials{}, l.WrapError(ctx, cloud.Credentials{}, op, "", err)
		}
		return got, l.checkCredentials(got, op)
	})
}

// checkCredentials refuses credentials of a role that lack a part.
func (l *lister) checkCredentials(got cloud.Credentials, op string) error {
	if got.KeyID.IsEmpty() || got.Secret.IsEmpty() || got.Token.IsEmpty() || got.Expires.IsZero() {
		return l.NewError(inventory.Incomplete, op, "", "the credentials of the role lack a part")
	}
	return nil
}
