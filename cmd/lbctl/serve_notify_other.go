//go:build !linux

package main

// monotonicMicros is for systemd, which is only on Linux.
func monotonicMicros() int64 { return 0 }
