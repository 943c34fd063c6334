package login

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"
)

// maxAnswer is how many bytes an answer of DingTalk or Feishu may have.
const maxAnswer = 256 << 10

// DingTalk signs people in by DingTalk, as its documents say
// (https://open.dingtalk.com/document/orgapp/tutorial-obtaining-user-personal-information): OAuth2, and no OpenID Connect.
// A person is known by the unionId. DingTalk does not vouch for addresses: they do not count.
type DingTalk struct{ app Application }

// NewDingTalk returns a Provider.
func NewDingTalk(app Application) *DingTalk { return &DingTalk{app} }

// AuthURL implements Provider.
func (d *DingTalk) AuthURL(_ context.Context, f Flow) (string, error) {
	return cmp.Or(d.app.Endpoint, "https://login.dingtalk.com") + "/oauth2/auth?" + url.Values{
		"client_id": {d.app.ClientID}, "redirect_uri": {f.Redirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {f.State}, "prompt": {"consent"},
	}.Encode(), nil
}

// Identify implements Provider.
func (d *DingTalk) Identify(ctx context.Context, code string, _ Flow) (Identity, error) {
	base := cmp.Or(d.app.Endpoint, "https://api.dingtalk.com")
	var token struct {
		AccessToken string `json:"accessToken"`
	}
	err := d.app.exchange(ctx, base+"/v1.0/oauth2/userAccessToken", nil, map[string]string{
		"clientId": d.app.ClientID, "clientSecret": d.app.ClientSecret, "code": code, "grantType": "authorization_code",
	}, &token)
	if err != nil || token.AccessToken == "" {
		return Identity{}, errors.Join(err, errors.New("DingTalk gave no token"))
	}
	var me struct {
		Nick    string `json:"nick"`
		UnionID string `json:"unionId"`
	}
	err = d.app.exchange(ctx, base+"/v1.0/contact/users/me", http.Header{"X-Acs-Dingtalk-Access-Token": {token.AccessToken}}, nil, &me)
	if err != nil || me.UnionID == "" {
		return Identity{}, errors.Join(err, errors.New("DingTalk does not say who it is"))
	}
	return newIdentity(me.UnionID, me.Nick, "", nil), nil
}

// Feishu signs people in by Feishu or Lark, as its documents say
// (https://open.feishu.cn/document/authentication-management/access-token/get-user-access-token): OAuth2 with PKCE. A person
// is known by the address that the company gave (enterprise_email) and the ids; one that the person typed does not count.
type Feishu struct{ app Application }

// NewFeishu returns a Provider.
func NewFeishu(app Application) *Feishu { return &Feishu{app} }

// AuthURL implements Provider.
func (s *Feishu) AuthURL(_ context.Context, f Flow) (string, error) {
	return cmp.Or(s.app.Endpoint, "https://accounts.feishu.cn") + "/open-apis/authen/v1/authorize?" + url.Values{
		"client_id": {s.app.ClientID}, "redirect_uri": {f.Redirect}, "response_type": {"code"}, "state": {f.State},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(f.Verifier)}, "code_challenge_method": {"S256"},
	}.Encode(), nil
}

// Identify implements Provider.
func (s *Feishu) Identify(ctx context.Context, code string, f Flow) (Identity, error) {
	base := cmp.Or(s.app.Endpoint, "https://open.feishu.cn")
	var token struct {
		Code        int    `json:"code"`
		AccessToken string `json:"access_token"`
	}
	err := s.app.exchange(ctx, base+"/open-apis/authen/v2/oauth/token", nil, map[string]string{
		"grant_type": "authorization_code", "client_id": s.app.ClientID, "client_secret": s.app.ClientSecret, "code": code, "redirect_uri": f.Redirect,
		"code_verifier": f.Verifier,
	}, &token)
	if err != nil || token.Code != 0 || token.AccessToken == "" {
		return Identity{}, errors.Join(err, fmt.Errorf("Feishu gave no token (code %d)", token.Code))
	}
	var me struct {
		Code int `json:"code"`
		Data struct {
			Name    string `json:"name"`
			UnionID string `json:"union_id"`
			OpenID  string `json:"open_id"`
			Email   string `json:"enterprise_email"`
		} `json:"data"`
	}
	err = s.app.exchange(ctx, base+"/open-apis/authen/v1/user_info", http.Header{"Authorization": {"Bearer " + token.AccessToken}}, nil, &me)
	if err != nil || me.Code != 0 || me.Data.UnionID == "" {
		return Identity{}, errors.Join(err, fmt.Errorf("Feishu does not say who it is (code %d)", me.Code))
	}
	who := newIdentity(me.Data.UnionID, me.Data.Name, me.Data.Email, nil)
	if me.Data.OpenID != "" {
		who.Names = append(who.Names, idPrefix+me.Data.OpenID)
	}
	return who, nil
}

// exchange posts a document, or gets where there is none, and fills another from the answer. Its errors tell no body: that
// may hold a token.
func (a Application) exchange(ctx context.Context, address string, header http.Header, body, into any) error {
	method, content := http.MethodGet, io.Reader(http.NoBody)
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		method, content = http.MethodPost, bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := a.Client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", r.URL.Host, answer.StatusCode)
	}
	if json.Unmarshal(text, into) != nil {
		return fmt.Errorf("%s does not answer with JSON", r.URL.Host)
	}
	return nil
}
