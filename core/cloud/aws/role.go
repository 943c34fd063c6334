package aws

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// credentials gives what the next call is signed with: those of the role to assume, else the
// account's own. Its errors have a kind; who calls it retries.
func (l *lister) credentials(ctx context.Context) (cloud.Credentials, error) {
	if l.Account.AssumeRoleARN == "" {
		return l.own(ctx)
	}
	return l.Account.Assumed.Get(ctx, l.Account, l.Policy.Now(), l.assumed)
}

// assumed asks STS for credentials of the role. They last an hour, which every role allows.
func (l *lister) assumed(ctx context.Context) (cloud.Credentials, error) {
	const op = "assume role"
	own, err := l.own(ctx)
	if err != nil {
		return cloud.Credentials{}, err
	}
	got, err := l.api.assume(ctx, own, l.Account.AssumeRoleARN)
	if err != nil {
		return cloud.Credentials{}, l.Classify(ctx, own, op, "", err)
	}
	return got, l.complete(got, op)
}

// own gives the account's key, or what the role of the EC2 instance gives.
func (l *lister) own(ctx context.Context) (cloud.Credentials, error) {
	a := l.Account
	if !a.AccessKeyID.Empty() {
		return cloud.Credentials{KeyID: a.AccessKeyID, Secret: a.AccessKeySecret, Token: a.SecurityToken}, nil
	}
	const op = "take the EC2 instance's role"
	return l.instance.Get(ctx, a, l.Policy.Now(), func(ctx context.Context) (cloud.Credentials, error) {
		got, err := l.api.metadata(ctx)
		if err != nil {
			return cloud.Credentials{}, l.Classify(ctx, cloud.Credentials{}, op, "", err)
		}
		return got, l.complete(got, op)
	})
}

// complete refuses credentials of a role that lack a part.
func (l *lister) complete(got cloud.Credentials, op string) error {
	if got.KeyID.Empty() || got.Secret.Empty() || got.Token.Empty() || got.Expires.IsZero() {
		return l.Fault(inventory.Incomplete, op, "", "the credentials of the role lack a part")
	}
	return nil
}
