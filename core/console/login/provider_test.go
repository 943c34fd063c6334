package login

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// issuer is a provider of OpenID Connect. Its token endpoint is strict: code, secret, redirect and verifier must be right.
type issuer struct {
	*httptest.Server
	key, other *rsa.PrivateKey
	claims     map[string]any // of the next token; those that are nil are left out
	signer     *rsa.PrivateKey
	algorithm  jose.SignatureAlgorithm
	nonce      string
	challenge  string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{algorithm: jose.RS256}
	for _, key := range []**rsa.PrivateKey{&i.key, &i.other} {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		*key = made
	}
	i.signer = i.key
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		id, word, _ := r.BasicAuth()
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if id != "jms" || word != "word" || r.FormValue("code") != "good" || r.FormValue("redirect_uri") != "https://c/login/callback" ||
			base64.RawURLEncoding.EncodeToString(sum[:]) != i.challenge {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": i.sign(t)})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func answer(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

// sign returns the ID token.
func (i *issuer) sign(t *testing.T) string {
	claims := map[string]any{
		"iss": i.URL, "aud": "jms", "sub": "u1", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": i.nonce,
		"email": "anna@example.com", "email_verified": true, "name": "Anna", "groups": []string{"ops"},
	}
	maps.Copy(claims, i.claims)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	key := any(i.signer)
	if i.algorithm == jose.HS256 { // the public key as a shared secret
		key = []byte("word-of-32-bytes-that-is-a-secret")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: i.algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Error(err)
		return ""
	}
	text, _ := json.Marshal(claims)
	signed, err := signer.Sign(text)
	if err != nil {
		t.Error(err)
		return ""
	}
	compact, _ := signed.CompactSerialize()
	return compact
}

// TestOIDC: who a good token names, and every token that is not for this sign-in is refused.
func TestOIDC(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	o := NewOIDC(Application{Issuer: i.URL, ClientID: "jms", ClientSecret: "word", GroupsClaim: "groups", Client: i.Client()})
	signIn := func(code string) (Identity, error) {
		f := Flow{State: "s", Nonce: "n", Verifier: rand.Text() + rand.Text(), Redirect: "https://c/login/callback"}
		target, err := o.AuthURL(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		at, err := url.Parse(target)
		if err != nil || at.Query().Get("state") != "s" || at.Query().Get("nonce") != "n" || at.Query().Get("code_challenge_method") != "S256" {
			t.Fatal(target, err)
		}
		i.nonce, i.challenge = at.Query().Get("nonce"), at.Query().Get("code_challenge")
		return o.Identify(t.Context(), code, f)
	}
	who, err := signIn("good")
	if err != nil || who.ID != "anna@example.com" || who.Name != "Anna" || !slices.Equal(who.Names, []string{"anna@example.com", "id:u1", "group:ops"}) {
		t.Errorf("%+v %v", who, err)
	}
	for name, claims := range map[string]map[string]any{
		"not verified": {"email_verified": false}, "verified by nobody": {"email_verified": nil}, "verified as a text": {"email_verified": "false"},
	} {
		i.claims = claims
		if who, err := signIn("good"); err != nil || slices.Contains(who.Names, "anna@example.com") {
			t.Errorf("%s: %+v %v", name, who, err)
		}
	}
	for name, claims := range map[string]map[string]any{
		"for another": {"aud": "other"}, "by another": {"iss": "https://evil.example.com"}, "over": {"exp": time.Now().Add(-time.Hour).Unix()},
		"no nonce": {"nonce": nil}, "replayed": {"nonce": "of another sign-in"}, "no end": {"exp": nil},
	} {
		i.claims = claims
		if who, err := signIn("good"); err == nil {
			t.Errorf("%s: %+v", name, who)
		}
	}
	i.claims = nil
	if _, err := signIn("bad"); err == nil {
		t.Error("a wrong code signs in")
	}
	i.signer = i.other
	if _, err := signIn("good"); err == nil {
		t.Error("another key signs in")
	}
	i.signer, i.algorithm = i.key, jose.HS256
	if _, err := signIn("good"); err == nil {
		t.Error("another algorithm signs in")
	}
}

// TestChats: DingTalk and Feishu, as their documents say.
func TestChats(t *testing.T) {
	t.Parallel()
	var asked []map[string]string
	mux := http.NewServeMux()
	token := func(field string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body map[string]string
			_ = json.NewDecoder(r.Body).Decode(&body)
			asked = append(asked, body)
			if body["code"] != "good" {
				http.Error(w, `{"code":20003,"message":"a word of the server"}`, http.StatusBadRequest)
				return
			}
			answer(w, map[string]any{"code": 0, field: "tok"})
		}
	}
	mux.HandleFunc("POST /v1.0/oauth2/userAccessToken", token("accessToken"))
	mux.HandleFunc("POST /open-apis/authen/v2/oauth/token", token("access_token"))
	mux.HandleFunc("GET /v1.0/contact/users/me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-acs-dingtalk-access-token") == "tok" {
			answer(w, map[string]any{"nick": "安娜", "unionId": "un1", "email": "boss@example.com"})
		}
	})
	mux.HandleFunc("GET /open-apis/authen/v1/user_info", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer tok" {
			answer(w, map[string]any{"code": 0, "data": map[string]any{"name": "安娜", "union_id": "on1", "open_id": "ou1", "email": "boss@example.com", "enterprise_email": "anna@example.com"}})
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	app := Application{ClientID: "jms", ClientSecret: "word", Endpoint: server.URL, Client: server.Client()}
	f := Flow{State: "s", Verifier: "v", Redirect: "https://c/login/callback"}
	for want, p := range map[string]Provider{"id:un1": NewDingTalk(app), "anna@example.com id:on1 id:ou1": NewFeishu(app)} {
		target, err := p.AuthURL(t.Context(), f)
		at, _ := url.Parse(target)
		if err != nil || at.Query().Get("state") != "s" || at.Query().Get("redirect_uri") != f.Redirect || at.Query().Get("client_id") != "jms" {
			t.Errorf("%s %v", target, err)
		}
		who, err := p.Identify(t.Context(), "good", f)
		if err != nil || who.Name != "安娜" || joinNames(who.Names) != want {
			t.Errorf("%+v %v, want %s", who, err, want)
		}
		if _, err := p.Identify(t.Context(), "bad", f); err == nil {
			t.Errorf("a wrong code signs in as %s", want)
		}
	}
	for _, body := range asked {
		if body["clientSecret"] != "word" && (body["client_secret"] != "word" || body["code_verifier"] != "v") {
			t.Errorf("%v", body)
		}
	}
	server.Close()
	if _, err := NewFeishu(app).Identify(context.Background(), "good", f); err == nil {
		t.Error("nobody answers, and somebody signed in")
	}
}

func joinNames(names []string) string {
	text := ""
	for n, name := range names {
		if n > 0 {
			text += " "
		}
		text += name
	}
	return text
}
