package scenarios

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// replay is recorded arrivals. Request n is row n of the log; after the last row the
// first comes again when it loops.
type replay struct {
	log     *accessLog
	speedup float64
	loop    bool
}

// accessLog is what was recorded, in order of time.
type accessLog struct {
	rows []row
}

// row is one recorded request.
type row struct {
	at     time.Duration // since the first row
	client uint64        // hash; 0: not recorded
	key    uint64        // hash; 0: not recorded
	demand time.Duration // 0: not recorded
	class  int32         // −1: not recorded
}

func (r *replay) stream(_ uint64, until time.Duration) *Arrivals {
	return &Arrivals{replay: &replayCursor{replay: r, until: lb.Time(until)}}
}

// at returns when row i comes in its round.
func (r *replay) at(i int) time.Duration {
	return time.Duration(float64(r.log.rows[i].at) / r.speedup)
}

// round returns the time from the first row to its return: the last row is followed by a gap of
// mean length.
func (r *replay) round() time.Duration {
	last := len(r.log.rows) - 1
	return max(1, r.at(last)+r.at(last)/time.Duration(max(1, last)))
}

// expected returns the number of requests until the given time.
func (r *replay) expected(until time.Duration) float64 {
	n := float64(len(r.log.rows))
	if r.loop {
		n *= max(1, float64(until)/float64(r.round()))
	}
	return n
}

// replayCursor is a position in a replay.
type replayCursor struct {
	*replay
	row   int
	base  lb.Time
	until lb.Time
}

func (c *replayCursor) next() (lb.Time, bool) {
	if c.row == len(c.log.rows) {
		if !c.loop {
			return 0, false
		}
		c.row, c.base = 0, c.base.Add(c.round())
	}
	at := c.base.Add(c.at(c.row))
	if at >= c.until {
		return 0, false
	}
	c.row++
	return at, true
}

// replayed returns request n of a log: what was recorded, and for the rest what
// any other request n would have.
func (m *Model) replayed(log *accessLog, n uint64) Request {
	row := &log.rows[n%uint64(len(log.rows))]
	req := m.drawn(n, int(row.class))
	if row.client != 0 {
		req.Client, req.Key = row.client, row.client
	}
	if row.key != 0 {
		req.Key = row.key
	}
	if row.demand != 0 {
		req.Demand = row.demand
	}
	return req
}

// hashName hashes a recorded client or path; 0 stands for none.
func hashName(s string) uint64 { return max(1, rng.Hash(s)) }
