package jumpserver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/secret"
)

// signer signs requests as JumpServer expects: HTTP Signature, hmac-sha256 over the lines
// (request-target), accept and date, the query being part of the target.
// https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12
//
// It is a function, because fmt prints the unexported fields of a struct without calling their String methods,
// secrets included.
type signer func(req *http.Request, now time.Time)

func newSigner(keyID, key secret.Value) signer {
	return func(req *http.Request, now time.Time) { signRequest(req, now, keyID, key) }
}

// signRequest sets Date and Authorization. JumpServer does not compare Date with its clock.
func signRequest(req *http.Request, now time.Time, keyID, key secret.Value) {
	date := now.UTC().Format(http.TimeFormat)
	req.Header.Set("Date", date)
	text := strings.Join([]string{
		"(request-target): " + strings.ToLower(req.Method) + " " + req.URL.RequestURI(),
		"accept: " + req.Header.Get("Accept"),
		"date: " + date,
	}, "\n")
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte(text)) // writing to a hash never fails
	req.Header.Set("Authorization", `Signature keyId="`+keyID.Reveal()+
		`",algorithm="hmac-sha256",headers="(request-target) accept date",signature="`+
		base64.StdEncoding.EncodeToString(mac.Sum(nil))+`"`)
}
