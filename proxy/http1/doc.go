// Package http1 is HTTP/1.1 (RFC 9112) as a codec free of I/O: bytes go in,
// spans come out, and a head is rewritten for forwarding into the caller's
// buffer. It parses the heads of requests and answers, decides how long a
// message is, takes chunked bodies apart, and removes what must not go past a
// proxy.
//
// It is stricter than the RFC permits wherever two readers of the same bytes
// could disagree about where a message ends or whom it is for: there is one
// spelling of a line end, of a length and of a transfer coding, and what is
// not understood is refused instead of repaired. What [net/http] refuses is
// refused here too, with one exception: an empty line before a request line is
// skipped (RFC 9112 §2.2).
//
// Nothing is allocated for a message once the slices in [Head] have grown.
// Values are not safe for concurrent use; each belongs to one connection.
//
// Floor 4. It must never import anything that does I/O, keeps time or starts a
// goroutine, nor net/http, not even for constants.
package http1
