package inventory

import "errors"

// Advice names what a person has to change before a call can succeed. Code decides by it too: see IsTransient and
// IsPermanentFront.
type Advice string

// The advices. Each but the first belongs to an error of kind Front, or to a connection that was not made.
const (
	AddressList   Advice = "address_list"   // JumpServer takes the access key from other addresses only
	WriteHTTPS    Advice = "write_https"    // jumpserver.url must begin with https://
	WriteHTTP     Advice = "write_http"     // jumpserver.url must begin with http://
	OtherHost     Advice = "other_host"     // jumpserver.url must name the host that a redirect leads to
	OtherPath     Advice = "other_path"     // the path of jumpserver.url is not JumpServer's, or is missing
	LoginPage     Advice = "login_page"     // somebody else's login page stands before JumpServer
	ProxyLogin    Advice = "proxy_login"    // the proxy wants a user and a password
	ProxyRefuses  Advice = "proxy_refuses"  // the proxy does not connect to JumpServer
	ProxyAway     Advice = "proxy_away"     // the proxy cannot be reached
	TooLarge      Advice = "too_large"      // the request is longer than a front lets through
	Blocked       Advice = "blocked"        // a firewall or an access list of a front refuses the request
	BehindIsDown  Advice = "behind_is_down" // a front gets no answer from JumpServer, or is under maintenance
	NotJumpServer Advice = "not_jumpserver" // what answers is not JumpServer
)

// AdviceOf returns the advice of the outermost Error in a chain; "" = none.
func AdviceOf(err error) Advice {
	var fault *Error
	if errors.As(err, &fault) {
		return fault.Advice
	}
	return ""
}

// IsTransient reports whether the same call may succeed a little later without anybody's help: 5xx, time-outs and
// broken connections, of JumpServer or of something in front of it.
func IsTransient(err error) bool {
	kind := KindOf(err)
	return kind == Temporary || kind == Front && AdviceOf(err) == BehindIsDown
}

// IsPermanentFront reports whether something in front of JumpServer answers every call in the same way: a login
// page, a redirect, a proxy's refusal. A request that is blocked or too large is not such a case: its own content
// may be the cause.
func IsPermanentFront(err error) bool {
	if KindOf(err) != Front {
		return false
	}
	switch AdviceOf(err) {
	case BehindIsDown, Blocked, TooLarge:
		return false
	}
	return true
}
