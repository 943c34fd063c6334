package login

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Application is the console at a provider.
type Application struct {
	Issuer       string // of OIDC
	ClientID     string
	ClientSecret string
	GroupsClaim  string // of OIDC
	Endpoint     string // of DingTalk and Feishu; "" = their own
	Client       *http.Client
}

// OIDC signs people in by OpenID Connect, by way of the authorization code with PKCE.
type OIDC struct {
	app Application

	mu       sync.Mutex
	provider *oidc.Provider // nil = not asked for yet
}

// NewOIDC returns a Provider. It calls nobody before somebody signs in.
func NewOIDC(app Application) *OIDC { return &OIDC{app: app} }

// discover asks the provider for its addresses, once.
func (o *OIDC) discover(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	// The provider keeps the context for its later calls, to get its keys.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.app.Client), o.app.Issuer)
	if err == nil {
		o.provider = p
	}
	return p, err
}

func (o *OIDC) config(p *oidc.Provider, f Flow) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.app.ClientID, ClientSecret: o.app.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: f.Redirect, Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// AuthURL implements Provider.
func (o *OIDC) AuthURL(ctx context.Context, f Flow) (string, error) {
	p, err := o.discover(ctx)
	if err != nil {
		return "", err
	}
	return o.config(p, f).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// Identify implements Provider.
func (o *OIDC) Identify(ctx context.Context, code string, f Flow) (Identity, error) {
	p, err := o.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, o.app.Client)
	token, err := o.config(p, f).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Identity{}, err
	}
	raw, is := token.Extra("id_token").(string)
	if !is {
		return Identity{}, errors.New("the provider sent no ID token")
	}
	verified, err := p.Verifier(&oidc.Config{ClientID: o.app.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, err
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(f.Nonce)) != 1 {
		return Identity{}, errors.New("the ID token is of another sign-in")
	}
	return o.identityOf(verified)
}

// identityOf reads the claims of a verified token.
func (o *OIDC) identityOf(token *oidc.IDToken) (Identity, error) {
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return Identity{}, err
	}
	email := ""
	if isTrue(claims["email_verified"]) {
		email, _ = claims["email"].(string)
	}
	name, _ := claims["name"].(string)
	var groups []string
	switch listed := claims[o.app.GroupsClaim].(type) {
	case string:
		groups = []string{listed}
	case []any:
		for _, g := range listed {
			if text, is := g.(string); is {
				groups = append(groups, text)
			}
		}
	}
	return newIdentity(token.Subject, name, email, groups), nil
}

// isTrue reports whether a claim says true; some providers write it as a text.
func isTrue(claim any) bool { return claim == true || claim == "true" }
