package main

import (
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func startTestProcess(t *testing.T, script string) *process {
	t.Helper()
	if _, ok := findProgram("taskset"); !ok {
		t.Skip("taskset is not installed")
	}
	runtime.LockOSThread() // see init; the thread ends with the test, and so would the process
	p, err := startProcess(start{
		name: "shell", cpus: "0", said: filepath.Join(t.TempDir(), "said"), argv: []string{"/bin/sh", "-c", script},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	return p
}

func TestProcessGroupIsMeasuredAndStopped(t *testing.T) {
	p := startTestProcess(t, "trap wait TERM; sleep 600 & sleep 600 & wait") // it reaps its children
	deadline := time.Now().Add(time.Minute)
	for {
		u, err := usageOf(p.group)
		if err != nil {
			t.Fatal(err)
		}
		if u.members == 3 && u.rssBytes > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v, want three members", u)
		}
		time.Sleep(time.Millisecond)
	}
	p.stop()
	if err := syscall.Kill(-p.group, 0); err != syscall.ESRCH {
		t.Errorf("some of the group live on: %v", err)
	}
	if _, err := usageOf(p.group); err == nil {
		t.Error("a group that has ended is measured")
	}
}

func TestLastWords(t *testing.T) {
	p := startTestProcess(t, "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done >&2; exit 3")
	<-p.ended
	if p.err == nil || p.err.Error() != "exit status 3" {
		t.Errorf("error %v", p.err)
	}
	got := p.lastWords("ended").Error()
	if !strings.HasPrefix(got, "shell: ended; it said:\n  line 3\n") || !strings.HasSuffix(got, "\n  line 12") {
		t.Errorf("%s", got)
	}
}
