package proxy

import (
	"sync"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/proxy/http1"
)

// headroom is kept free before what is read from a backend, so that the head
// that goes to the client, which may be longer than the backend's, can be put in
// place before the bytes of the body that came with it: one write for both.
const headroom = 1024

// workspace is what a busy client connection works with: the buffers of both
// directions and all that is reused from request to request.
type workspace struct {
	in         []byte // from the client
	from, have int    // in[from:have] is not served yet
	begun      lb.Time
	req        http1.Request
	sent       http1.Chunks // decodes the request's body

	out  []byte // from the backend; what is read begins at headroom or later
	res  http1.Response
	body http1.Chunks // decodes the answer's body

	head  []byte // a head that is put together
	extra []byte // lines that are added to it

	exchange exchange
}

// workspacePool lends workspaces with buffers of one size. Any goroutine may call it.
type workspacePool struct {
	bytes int // of each buffer
	idle  sync.Pool
}

func (p *workspacePool) take() *workspace {
	if w, ok := p.idle.Get().(*workspace); ok {
		return w
	}
	w := &workspace{in: make([]byte, p.bytes), out: make([]byte, headroom+p.bytes+chunkTail), head: make([]byte, 0, headroom), extra: make([]byte, 0, headroom)}
	w.exchange.init(w)
	return w
}

func (p *workspacePool) give(w *workspace) {
	w.from, w.have, w.begun = 0, 0, 0
	w.req.Reset()
	w.exchange.forget()
	p.idle.Put(w)
}

// room returns where the client's next bytes go. There is always some: a head
// that fills the buffer has been refused.
func (w *workspace) room() []byte {
	if w.have == len(w.in) {
		w.shift()
	}
	return w.in[w.have:]
}

// shift moves what is not served yet to the front.
func (w *workspace) shift() {
	if w.from > 0 {
		w.have = copy(w.in, w.in[w.from:w.have])
		w.from = 0
	}
}

// extent returns where the request whose head is n bytes long ends, as far as
// it is there, whether that is all of it, and how many bytes its body has so far.
func (w *workspace) extent(n int) (end int, whole bool, body int64, bad *http1.Error) {
	head := w.from + n
	there := int64(w.have - head)
	switch w.req.Body {
	case http1.BodyLength:
		body = min(there, w.req.Length)
		return head + int(body), body == w.req.Length, body, nil
	case http1.BodyChunked:
		return w.chunkedExtent(head)
	}
	return head, true, 0, nil
}

func (w *workspace) chunkedExtent(end int) (_ int, whole bool, body int64, bad *http1.Error) {
	w.sent.Reset()
	for {
		n, piece, err := w.sent.Scan(w.in[end:w.have])
		if err != nil || piece == http1.PieceNeedMore {
			return end, false, body, err
		}
		end += n
		switch piece {
		case http1.PieceData:
			body += int64(n)
		case http1.PieceEnd:
			return end, true, body, nil
		}
	}
}
