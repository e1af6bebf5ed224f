package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestWatcher changes the file, with all that may happen on the way.
func TestWatcher(t *testing.T) {
	r := newRig(t)
	c, err := loadServerFile(r.file)
	check(t, err)
	w := watcher{c.seen, c.seen}
	looks := func(want string) {
		t.Helper()
		got := ""
		for range want {
			if w.changed(c) {
				got += "!"
			} else {
				got += "."
			}
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	looks("...")
	r.write(backends(3)) // half written, as it were
	looks(".")
	r.write(backends(2))
	looks(".!!")

	w.refuse()
	looks("...")
	check(t, os.Remove(r.file))
	looks("...")
	r.write(backends(1))
	looks(".!")

	c, err = loadServerFile(r.file)
	check(t, err)
	w.reset(c.seen)
	looks("...")
	target := r.file + ".next"
	check(t, os.WriteFile(target, []byte(backends(4)), 0o666))
	check(t, os.Remove(r.file))
	check(t, os.Symlink(target, r.file))
	looks(".!")
}

// TestServeWatches changes the file until the server has taken it.
func TestServeWatches(t *testing.T) {
	r := newRig(t)
	r.start()
	r.state()
	r.write(backends(2))
	r.look(2)
	r.reloaded()
	r.write("not: valid")
	r.look(2)
	r.reloaded()
	r.look(3) // it is refused once
	r.write(`{"watch": false, ` + backends(3)[1:])
	r.look(2)
	r.reloaded()
	r.write(backends(4))
	r.look(4)
	r.cancel(stopSignal{syscall.SIGTERM})
	r.state()
	r.end()
	r.expect("start, reload 2, reload 3, shutdown, close")
}

func TestAChangedCertificateReloads(t *testing.T) {
	before := fingerprintOf([]byte("x"), []string{filepath.Join(t.TempDir(), "none.pem")})
	file := filepath.Join(t.TempDir(), "c.pem")
	for _, text := range []string{"a", "b", "ab"} {
		check(t, os.WriteFile(file, []byte(text), 0o666))
		if now := fingerprintOf([]byte("x"), []string{file}); now == before {
			t.Errorf("%q is not told apart from what was there before", text)
		} else {
			before = now
		}
	}
	if fingerprintOf([]byte("xa"), nil) == fingerprintOf([]byte("x"), []string{file}) {
		t.Error("where one file ends and another begins makes no difference")
	}
}
