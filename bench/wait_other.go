//go:build !linux

package bench

import "time"

// sleep waits for d, as precisely as the runtime's timers are.
func sleep(d time.Duration) { time.Sleep(d) }
