// Package httpx is the half of asking somebody over HTTP that is the same for clouds, stores, JumpServer and chat
// robots. It promises:
//
//   - Ways. A request leaves by the proxy that was named for it, else by the environment's, and NO_PROXY holds for
//     both. A redirect is never followed: signatures and tokens are for one address. CAs that are named are trusted
//     beside the system's.
//   - Whole answers. What is read is the whole body or an error, within a time and a size.
//   - Silence. A secret is taken out of a text in every form in which it travels, and what is said of a connection
//     that fails leaves out the request's address, which may hold one.
//   - Causes. A name that does not exist, a certificate that is not trusted, a time that is over and anything else
//     that breaks are told apart.
//   - Waits. They grow and are jittered, and Retry-After is understood in both its forms.
//
// What differs stays beside each caller: how a request is signed, what counts as an answer, what an error code means,
// what may be repeated and how often. So are the loops that repeat: each obeys other rules. JumpServer's rows are
// read while they come, a page of thousands being too much to hold twice, and with a bound of their own.
package httpx
