package http1

import "testing"

func TestNothingIsAllocated(t *testing.T) {
	var r Request
	var a Response
	dst := make([]byte, 0, 4096)
	requests := [][]byte{[]byte(request("Connection: close, X-A, TE", "TE: trailers", "X-A: 1", "Transfer-Encoding: chunked", "Trailer: X"))}
	for _, c := range headsOfRequests {
		requests = append(requests, []byte(c.head))
	}
	for _, in := range requests {
		r.Reset()
		if _, err := r.Parse(in, &DefaultLimits); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() {
			r.Reset()
			r.Parse(in, &DefaultLimits)
			dst = r.AppendForward(dst[:0], in, &usualEdits)
			r.Get(in, "X-None")
		}); n != 0 {
			t.Errorf("%v allocations for %q", n, in)
		}
	}
	for _, c := range headsOfAnswers {
		in := []byte(c.head)
		if n := testing.AllocsPerRun(100, func() {
			a.Reset()
			a.Parse(in, MethodGet, &DefaultLimits)
			dst = a.AppendForward(dst[:0], in, &ResponseEdits{})
		}); n != 0 {
			t.Errorf("%v allocations for %q", n, in)
		}
	}
	refused := []byte("GET / HTTP/1.1\r\nHost : a\r\n\r\n")
	if n := testing.AllocsPerRun(100, func() {
		r.Reset()
		r.Parse(refused, &DefaultLimits)
		dst = AppendChunkLine(dst[:0], 1<<40)
		var c Chunks
		c.Scan(dst)
	}); n != 0 {
		t.Errorf("%v allocations for a refusal and a chunk's line", n)
	}
}
