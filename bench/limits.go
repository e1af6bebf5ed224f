package bench

import "time"

const (
	// MaxRequests bounds the requests of one run: what is known of each is kept in memory until the end.
	MaxRequests = 1_000_000

	// MaxInFlight bounds the client's requests under way at once. Each holds a goroutine and up to four
	// descriptors of this process.
	MaxInFlight = 20_000

	// MaxSlip bounds the 99th percentile of how late requests are sent, in time and as a share of the
	// median latency, whichever allows more.
	MaxSlip    = 5 * time.Millisecond
	MaxSlipPct = 2.0

	// MaxDrain bounds how long after the end of the schedule answers are waited for; what is still under way
	// then has not finished.
	MaxDrain = 10 * time.Second

	// MinPath is how many requests Outcome.Path wants to rest on.
	MinPath = 100

	// lead is how long after everything has been started the schedule begins: first probes are answered, and
	// nobody is still busy with starting.
	lead = 200 * time.Millisecond

	// grace is how much longer than its deadline a client of our own proxy holds on to its connection. The proxy
	// gives up at the deadline by itself; a client that hangs up at the same moment would make its time-out
	// look like a cancellation.
	grace = 20 * time.Millisecond

	// workers is the number of vegeta's workers at the start; it adds more when all are busy.
	workers = 64
)
