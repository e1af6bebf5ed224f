package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
)

// notifier tells the service manager how the server is: sd_notify(3) of systemd, in the one form
// that needs no library, a datagram to the socket in NOTIFY_SOCKET.
type notifier struct {
	socket string // "": nobody wants to know; @name: in the abstract namespace
	log    *slog.Logger
}

func newNotifier(log *slog.Logger) notifier { return notifier{os.Getenv("NOTIFY_SOCKET"), log} }

func (n notifier) ready() { n.send("READY=1") }

func (n notifier) stopping() { n.send("STOPPING=1") }

// reloading says that a reload has begun, to be followed by ready. For units with
// Type=notify-reload it has to tell the time.
func (n notifier) reloading() {
	n.send(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", monotonicMicros()))
}

func (n notifier) send(state string) {
	if n.socket == "" {
		return
	}
	c, err := net.Dial("unixgram", n.socket)
	if err == nil {
		_, err = c.Write([]byte(state))
		_ = c.Close() // a datagram is sent when it is written
	}
	if err != nil {
		n.log.Warn("cannot notify the service manager", "socket", n.socket, "error", err)
	}
}
