package accesslog

import (
	"io"
	"net/netip"
	"time"
)

// typical is a request as a browser makes it.
func typical() Entry {
	return Entry{
		Start: time.Date(2026, 3, 9, 17, 4, 5, 678_901_234, time.UTC).UnixNano(),
		Pick:  31 * time.Microsecond, Connect: 0, FirstByte: 12_345_600, Total: 13_100_499,
		Client: netip.MustParseAddrPort("203.0.113.9:54321"), Listener: "web", RequestID: []byte("6f1c0ae5d2b94c17"),
		Method: []byte("GET"), Host: []byte("shop.example"), Target: []byte("/catalogue/item?id=4711&page=2"), Proto: "HTTP/1.1",
		UserAgent: []byte("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
		Status:    200, BytesOut: 1234, Route: "shop.example/catalogue", Pool: "shop", Backend: "10.0.0.7:8080",
		Attempts: 1, Reused: true, Verdict: "success", Reason: "fewer in flight",
	}
}

func ptr[T any](v T) *T { return &v }

// outputTo is an output that cannot be opened anew.
func outputTo(w io.WriteCloser) *output {
	o := newOutput("test", nil)
	o.file = w
	return o
}
