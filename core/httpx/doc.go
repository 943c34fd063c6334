// Package httpx is the part of an HTTP call that is the same for clouds, stores, JumpServer and chat robots. It promises:
//
//   - Proxy and trust. A request goes through the proxy configured for it, otherwise that of the environment; NO_PROXY
//     applies to both. Redirects are never followed, because signatures and tokens are for one address. Configured CAs
//     are trusted in addition to the system's.
//   - Whole answers. A read returns the whole body or an error, within a time-out and a size limit.
//   - No secrets in errors. Secrets are removed from texts in every encoding in which they are sent, and the error of a
//     failed connection leaves out the request's URL, which may contain one.
//   - Causes. Unknown host, untrusted certificate, time-out and any other failure are distinguished.
//   - Back-off. Waits grow and are jittered, and both forms of Retry-After are parsed.
//
// Everything else stays with each caller: how a request is signed, what counts as an answer, what an error code means,
// what may be retried and how often (hence the retry loops). JumpServer's rows are decoded as a stream with a limit of
// its own, because a page of thousands is too large to keep in memory twice.
package httpx
