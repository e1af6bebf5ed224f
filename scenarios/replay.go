package scenarios

import (
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// replay is recorded arrivals, in order of time. Request n is row n of it, and after the
// last row the first comes again when it loops.
type replay struct {
	rows []row
	span time.Duration // from the first row of one round to the first of the next; 0: it does not loop
}

// row is one recorded request.
type row struct {
	at     lb.Time       // since the first row
	client uint64        // hash; 0: not recorded
	key    uint64        // hash; 0: not recorded
	demand time.Duration // 0: not recorded
	class  int32         // -1: not recorded
}

func (r *replay) stream(_ uint64, until time.Duration) *Arrivals {
	return &Arrivals{replay: &replayCursor{log: r, until: lb.Time(until)}}
}

type replayCursor struct {
	log   *replay
	at    int
	base  lb.Time
	until lb.Time
}

func (c *replayCursor) next() (lb.Time, bool) {
	if c.at == len(c.log.rows) {
		if c.log.span == 0 {
			return 0, false
		}
		c.at, c.base = 0, c.base.Add(c.log.span)
	}
	at := c.base.Add(time.Duration(c.log.rows[c.at].at))
	if at >= c.until {
		return 0, false
	}
	c.at++
	return at, true
}

// replayed returns request n of a log: what was recorded, and for the rest what
// any other request n would have.
func (m *Model) replayed(r *replay, n uint64) Request {
	row := &r.rows[n%uint64(len(r.rows))]
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
