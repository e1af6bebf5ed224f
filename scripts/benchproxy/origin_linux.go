package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// origins is how many origins the proxies balance over.
const origins = 4

// originReadBytes is the most that one read takes: more than any head that a proxy here sends.
const originReadBytes = 64 << 10

// originEvents is how many events one wait returns.
const originEvents = 512

// serveOrigins listens on free ports of the loopback, prints their addresses as a JSON list, and answers
// until whoever holds the other end of the pipe lifeline closes it or dies. One thread does it all,
// because an origin that costs little leaves the most for the load generator beside it, and so keeps the
// proxy busy. It believes whoever asks: every request is a head without a body, as wrk's are.
func serveOrigins(lifeline *os.File, out io.Writer) error {
	o, addresses, err := newOrigin(int(lifeline.Fd()))
	if err != nil {
		return err
	}
	defer o.close()
	if err := json.NewEncoder(out).Encode(addresses); err != nil {
		return err
	}
	return o.loop()
}

// origin is an event loop over listeners and connections.
type origin struct {
	epoll     int
	lifeline  int
	listeners map[int]bool
	clients   map[int]*originClient
	answers   map[string][]byte // by path
	missing   []byte            // what any other path gets
	buffer    []byte
}

// originClient is one connection.
type originClient struct {
	unread  []byte // the beginning of a head whose end is to come
	unsent  []byte // what the socket did not take yet
	waiting bool   // for the socket to take more
}

func newOrigin(lifeline int) (*origin, []netip.AddrPort, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("epoll_create1: %w", err)
	}
	o := &origin{
		epoll: epoll, lifeline: lifeline, listeners: map[int]bool{}, clients: map[int]*originClient{},
		answers: map[string][]byte{}, missing: originAnswer("404 Not Found", 0),
		buffer: make([]byte, originReadBytes),
	}
	for _, b := range bodies {
		o.answers[b.path()] = originAnswer("200 OK", b.bytes)
	}
	o.answers["/health"] = originAnswer("200 OK", 0)
	if err := o.watch(unix.EPOLL_CTL_ADD, lifeline, unix.EPOLLIN); err != nil {
		o.close()
		return nil, nil, fmt.Errorf("standard input must be a pipe: %w", err)
	}
	var addresses []netip.AddrPort
	for range origins {
		a, err := o.listen()
		if err != nil {
			o.close()
			return nil, nil, fmt.Errorf("an origin's listener: %w", err)
		}
		addresses = append(addresses, a)
	}
	return o, addresses, nil
}

func (o *origin) close() {
	for fd := range o.listeners {
		unix.Close(fd)
	}
	for fd := range o.clients {
		unix.Close(fd)
	}
	unix.Close(o.epoll)
}

// originAnswer returns an answer with the fields that ordinary servers send.
func originAnswer(status string, bytesOfBody int) []byte {
	head := fmt.Sprintf("HTTP/1.1 %s\r\nServer: origin\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"+
		"Content-Type: application/octet-stream\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n",
		status, bytesOfBody)
	return append([]byte(head), bytes.Repeat([]byte("x"), bytesOfBody)...)
}

func (o *origin) listen() (netip.AddrPort, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return netip.AddrPort{}, err
	}
	o.listeners[fd] = true
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return netip.AddrPort{}, err
	}
	if err := unix.Listen(fd, unix.SOMAXCONN); err != nil {
		return netip.AddrPort{}, err
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, err
	}
	a := bound.(*unix.SockaddrInet4)
	return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), o.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN)
}

func (o *origin) watch(op, fd int, events uint32) error {
	return unix.EpollCtl(o.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (o *origin) loop() error {
	events := make([]unix.EpollEvent, originEvents)
	for {
		n, err := unix.EpollWait(o.epoll, events, -1)
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for _, e := range events[:max(n, 0)] {
			switch fd := int(e.Fd); {
			case fd == o.lifeline:
				return nil
			case o.listeners[fd]:
				o.accept(fd)
			case !o.serve(fd):
				delete(o.clients, fd)
				unix.Close(fd)
			}
		}
	}
}

// accept takes all that wait. A failure is the client's to notice.
func (o *origin) accept(listener int) {
	for {
		fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		if o.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN) != nil {
			unix.Close(fd)
			continue
		}
		o.clients[fd] = &originClient{}
	}
}

// serve does what the connection is ready for and reports whether it lives on.
func (o *origin) serve(fd int) bool {
	c := o.clients[fd]
	if c.waiting {
		return o.send(fd, c, c.unsent)
	}
	n, err := unix.Read(fd, o.buffer)
	if err == unix.EAGAIN || err == unix.EINTR {
		return true
	}
	if n <= 0 || len(c.unread)+n > originReadBytes {
		return false
	}
	input := o.buffer[:n]
	if len(c.unread) > 0 {
		input = append(c.unread, input...)
	}
	answer, rest := o.answer(input)
	c.unread = append(c.unread[:0:0], rest...)
	return o.send(fd, c, answer)
}

// answer returns the answers to the heads that are complete, and what is left.
func (o *origin) answer(input []byte) (answer, rest []byte) {
	for {
		end := bytes.Index(input, []byte("\r\n\r\n"))
		if end < 0 {
			return answer, input
		}
		one := o.missing
		if words := bytes.SplitN(input[:end], []byte(" "), 3); len(words) == 3 {
			if known := o.answers[string(words[1])]; known != nil {
				one = known
			}
		}
		input = input[end+4:]
		if answer == nil {
			answer = slices.Clip(one) // sent as it is, the usual case; clipped, so that appending copies
		} else {
			answer = append(answer, one...)
		}
	}
}

// send writes what the socket takes and keeps the rest until it takes more. Nothing is read meanwhile.
func (o *origin) send(fd int, c *originClient, data []byte) bool {
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			c.unsent, c.waiting = data, true
			return o.watch(unix.EPOLL_CTL_MOD, fd, unix.EPOLLOUT) == nil
		case err != nil:
			return false
		default:
			data = data[n:]
		}
	}
	c.unsent = nil
	if !c.waiting {
		return true
	}
	c.waiting = false
	return o.watch(unix.EPOLL_CTL_MOD, fd, unix.EPOLLIN) == nil
}
