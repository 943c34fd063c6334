package inventory

import "errors"

// Advice names what a person has to change before a call can succeed. The program also decides by
// it: it says whether another call may fare better, see Passing and Hopeless.
type Advice string

// The advices. Each but the first is of an error of kind Front, or of a connection that was not made.
const (
	AddressList   Advice = "address_list"   // JumpServer takes the access key from other addresses only
	WriteHTTPS    Advice = "write_https"    // jumpserver.url must begin with https://
	WriteHTTP     Advice = "write_http"     // jumpserver.url must begin with http://
	OtherHost     Advice = "other_host"     // jumpserver.url must name the host that a redirect leads to
	OtherPath     Advice = "other_path"     // jumpserver.url has a path that is none of JumpServer's, or lacks one
	LoginPage     Advice = "login_page"     // a login of somebody else's stands before JumpServer
	ProxyLogin    Advice = "proxy_login"    // the proxy wants a user and a password
	ProxyRefuses  Advice = "proxy_refuses"  // the proxy does not connect to JumpServer
	ProxyAway     Advice = "proxy_away"     // the proxy cannot be reached
	TooLarge      Advice = "too_large"      // what was sent is longer than a front lets through
	Blocked       Advice = "blocked"        // a firewall or an access list of a front refuses the request
	BehindIsDown  Advice = "behind_is_down" // a front gets no answer of JumpServer, or is being maintained
	NotJumpServer Advice = "not_jumpserver" // what answers is not JumpServer
)

// AdviceOf returns the advice of the outermost Error in a chain; "" = it has none.
func AdviceOf(err error) Advice {
	var fault *Error
	if errors.As(err, &fault) {
		return fault.Advice
	}
	return ""
}

// IsTransient reports whether the same call may succeed a little later without anybody's help: 5xx,
// time-outs and broken connections, be they JumpServer's or those of something in front of it.
func IsTransient(err error) bool {
	kind := KindOf(err)
	return kind == Temporary || kind == Front && AdviceOf(err) == BehindIsDown
}

// IsPermanentFront reports whether something in front of JumpServer answers every call so, whatever is
// asked: a login page, a redirect, a proxy's refusal. What a firewall blocks, or is too large, is not: it
// may be that one request's content.
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
