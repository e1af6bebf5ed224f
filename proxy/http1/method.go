package http1

// Method is a request method that the proxy treats by name. Any other token is
// MethodOther, and is forwarded as it came. Methods are case-sensitive.
type Method uint8

const (
	MethodOther Method = iota
	MethodGet
	MethodHead
	MethodPost
	MethodPut
	MethodDelete
	MethodOptions
	MethodTrace
	MethodConnect
	MethodPatch
)

var methodNames = [...]string{
	MethodOther:   "OTHER",
	MethodGet:     "GET",
	MethodHead:    "HEAD",
	MethodPost:    "POST",
	MethodPut:     "PUT",
	MethodDelete:  "DELETE",
	MethodOptions: "OPTIONS",
	MethodTrace:   "TRACE",
	MethodConnect: "CONNECT",
	MethodPatch:   "PATCH",
}

// String returns the method as it is spelled in a request, or "OTHER".
func (m Method) String() string { return methodNames[m] }

// Idempotent says whether a request may be sent again when nobody knows what
// became of the first try (RFC 9110 §9.2.2).
func (m Method) Idempotent() bool {
	const set = 1<<MethodGet | 1<<MethodHead | 1<<MethodPut | 1<<MethodDelete | 1<<MethodOptions | 1<<MethodTrace
	return set>>m&1 != 0
}

func methodOf(token []byte) Method {
	switch string(token) {
	case "GET":
		return MethodGet
	case "HEAD":
		return MethodHead
	case "POST":
		return MethodPost
	case "PUT":
		return MethodPut
	case "DELETE":
		return MethodDelete
	case "OPTIONS":
		return MethodOptions
	case "TRACE":
		return MethodTrace
	case "CONNECT":
		return MethodConnect
	case "PATCH":
		return MethodPatch
	}
	return MethodOther
}
