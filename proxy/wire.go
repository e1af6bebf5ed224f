package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbctl/lbctl/lb"
)

// patienceTick is how often a wait for a backend looks up: whether its client
// is still there, and whether its time is over. So deadlines of a socket are
// set about once in so long, and not for every request.
const patienceTick = 500 * time.Millisecond

// wire is one connected socket, to a client or to a backend. One goroutine may
// read and another may write.
//
// Reading goes through syscall.RawConn, whose callback runs with the runtime's
// readiness flag reset: whatever arrives from then on is not missed. So a
// request can be written from inside the read callback of the backend's socket,
// and the wait for its answer begins without first trying a read that is bound
// to find nothing. For TLS, where the socket's bytes are not the protocol's, it
// is plain Read and Write.
type wire struct {
	conn  net.Conn
	sock  syscall.RawConn // beneath TLS, if there is TLS
	plain bool            // the socket's bytes are the protocol's
	clock clock

	armedRead lb.Time // the deadline that reads have now; 0: none

	// What the callbacks work on.
	reading reading
	writing writing
	looking looking
}

type reading struct {
	out   []byte // to be written first
	in    []byte
	n     int
	errno syscall.Errno
	call  func(fd uintptr) bool
}

type writing struct {
	out     []byte
	blocked bool // the socket's buffer was full: now wait for room
	errno   syscall.Errno
	call    func(fd uintptr) bool
}

// looking is what is found out without reading or writing.
type looking struct {
	fds  [1]unix.PollFd
	call func(fd uintptr)
}

// init takes over conn, whose socket is beneath it. w must not be copied afterwards.
func (w *wire) init(conn net.Conn, beneath syscall.Conn, plain bool, c clock) error {
	sock, err := beneath.SyscallConn()
	if err != nil {
		return err
	}
	*w = wire{conn: conn, sock: sock, plain: plain, clock: c}
	w.reading.call = w.onReadable
	w.writing.call = w.onWritable
	w.looking.call = w.onLook
	return nil
}

// patience decides how long a read waits: until limit at most, and only as
// long as bear, asked about once a patienceTick, says nil. A zero bear always does.
type patience struct {
	now   lb.Time // roughly; reading the clock costs as much as parsing a field
	limit lb.Time
	bear  func(now lb.Time) error
}

// errTimeout says that a limit of time was reached.
var errTimeout = os.ErrDeadlineExceeded

// exchange writes out, then waits for bytes and reads them into in. The error
// is io.EOF when the other side has closed. A partial write is finished first.
func (w *wire) exchange(out, in []byte, p patience) (int, error) {
	if !w.plain {
		if err := w.write(out, p.limit); err != nil {
			return 0, err
		}
		return w.readTLS(in, p)
	}
	r := &w.reading
	r.out, r.in = out, in
	for {
		n, err := w.wait(p)
		switch {
		case err != nil:
			r.out, r.in = nil, nil
			return 0, err
		case len(r.out) > 0: // the socket's buffer is full
			if err := w.write(r.out, p.limit); err != nil {
				r.out, r.in = nil, nil
				return 0, err
			}
			r.out = nil
		default:
			r.in = nil
			return n, nil
		}
	}
}

// read waits for bytes and reads them into in.
func (w *wire) read(in []byte, p patience) (int, error) { return w.exchange(nil, in, p) }

// wait runs the read callback until it is content.
func (w *wire) wait(p patience) (int, error) {
	r := &w.reading
	for {
		if err := p.over(p.now); err != nil {
			return 0, err
		}
		w.armRead(p.now, min(p.limit, p.now.Add(patienceTick)))
		r.n, r.errno = 0, 0
		if err := w.sock.Read(r.call); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				w.armedRead = 0
				p.now = w.clock.now()
				if err := p.ask(p.now); err != nil {
					return 0, err
				}
				continue
			}
			return 0, err
		}
		switch {
		case r.errno == syscall.EINTR:
		case r.errno != 0 && len(r.out) > 0:
			return 0, errUnsent
		case r.errno != 0:
			return 0, r.errno
		case r.n == 0 && len(r.out) == 0:
			return 0, io.EOF
		default:
			return r.n, nil
		}
	}
}

func (p patience) over(now lb.Time) error {
	if now >= p.limit {
		return errTimeout
	}
	return nil
}

func (p patience) ask(now lb.Time) error {
	if p.bear != nil {
		if err := p.bear(now); err != nil {
			return err
		}
	}
	return p.over(now)
}

// onReadable writes what is to be written, then waits, then reads.
func (w *wire) onReadable(fd uintptr) bool {
	r := &w.reading
	if len(r.out) > 0 {
		n, errno := rawWrite(fd, r.out)
		if errno == syscall.EAGAIN {
			return true
		}
		if errno != 0 {
			r.errno = errno
			return true
		}
		r.out = r.out[n:]
		return len(r.out) > 0 // all sent: nothing can be there to be read yet that would not be announced
	}
	n, errno := rawRead(fd, r.in)
	if errno == syscall.EAGAIN {
		return false
	}
	r.n, r.errno = n, errno
	return true
}

// armRead sees to it that reads have a deadline in the future, at the latest at
// limit. One that comes earlier is left: whoever it wakes looks again.
func (w *wire) armRead(now, limit lb.Time) {
	if w.armedRead > now && w.armedRead <= limit {
		return
	}
	w.armedRead = limit
	_ = w.conn.SetReadDeadline(w.clock.wall(limit)) // fails only on a closed connection, as the read will
}

// wake makes a read that waits look up. Any goroutine may call it.
func (w *wire) wake() { _ = w.conn.SetReadDeadline(time.Unix(1, 0)) }

func (w *wire) readTLS(in []byte, p patience) (int, error) {
	for {
		if err := p.over(p.now); err != nil {
			return 0, err
		}
		w.armRead(p.now, min(p.limit, p.now.Add(patienceTick)))
		n, err := w.conn.Read(in)
		switch {
		case n > 0:
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			w.armedRead = 0
			p.now = w.clock.now()
			if err := p.ask(p.now); err != nil {
				return 0, err
			}
		case err != nil:
			return 0, err
		}
	}
}

// write writes all of out, waiting for room in the socket's buffer until limit
// at the latest.
func (w *wire) write(out []byte, limit lb.Time) error {
	if len(out) == 0 {
		return nil
	}
	if !w.plain {
		_ = w.conn.SetWriteDeadline(w.clock.wall(limit))
		_, err := w.conn.Write(out)
		return err
	}
	s := &w.writing
	s.out, s.blocked, s.errno = out, false, 0
	defer func() { s.out = nil }()
	for {
		if err := w.sock.Write(s.call); err != nil {
			return err
		}
		switch {
		case s.errno == syscall.EAGAIN: // from now on it waits, so it needs a deadline
			s.blocked, s.errno = true, 0
			_ = w.conn.SetWriteDeadline(w.clock.wall(limit))
		case s.errno != 0:
			return s.errno
		default:
			if s.blocked {
				_ = w.conn.SetWriteDeadline(time.Time{})
			}
			return nil
		}
	}
}

func (w *wire) onWritable(fd uintptr) bool {
	s := &w.writing
	for len(s.out) > 0 {
		n, errno := rawWrite(fd, s.out)
		switch errno {
		case 0:
			s.out = s.out[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			if s.blocked {
				return false
			}
			s.errno = errno
			return true
		default:
			s.errno = errno
			return true
		}
	}
	return true
}

// stale says whether a connection that should be silent has something to say:
// bytes that nobody asked for, or its end.
func (w *wire) stale() bool { return w.look() != 0 }

// peer is what is known of the other side without reading.
type peer int16

// gone says that the connection is reset, or closed on both sides.
func (p peer) gone() bool { return p&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 }

// finished says that the other side will send no more; it may still listen.
func (p peer) finished() bool { return p&pollHangUp != 0 }

// look tells what there is without touching it. For the reading goroutine.
func (w *wire) look() peer {
	w.looking.fds[0].Revents = unix.POLLNVAL
	_ = w.sock.Control(w.looking.call) // fails on a closed connection
	return peer(w.looking.fds[0].Revents)
}

func (w *wire) onLook(fd uintptr) {
	w.looking.fds[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN | pollHangUp}
	_, _ = unix.Poll(w.looking.fds[:], 0)
}

// closeWrite ends the stream towards the other side.
func (w *wire) closeWrite() {
	if c, ok := w.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
}

// reset closes at once so that the other side cannot take the end of the stream
// for the end of a message.
func (w *wire) reset() {
	_ = w.sock.Control(func(fd uintptr) {
		_ = unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	})
	if secured, ok := w.conn.(*tls.Conn); ok {
		_ = secured.NetConn().Close() // without TLS's own end of the stream
		return
	}
	_ = w.close()
}

func (w *wire) close() error { return w.conn.Close() }
