package scenarios

import "time"

// job is an attempt in service: it ends when the virtual clock shows finish.
type job struct {
	finish  float64
	attempt uint32
}

func (s *Station) push(j job) {
	s.jobs = append(s.jobs, j)
	s.up(len(s.jobs) - 1)
}

func (s *Station) remove(i int) {
	last := len(s.jobs) - 1
	s.jobs[i] = s.jobs[last]
	s.jobs = s.jobs[:last]
	if i < last {
		s.down(i)
		s.up(i)
	}
}

func (s *Station) up(i int) {
	for i > 0 {
		p := (i - 1) / 2
		if !(s.jobs[i].finish < s.jobs[p].finish) {
			return
		}
		s.jobs[i], s.jobs[p] = s.jobs[p], s.jobs[i]
		i = p
	}
}

func (s *Station) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(s.jobs) {
			return
		}
		if c+1 < len(s.jobs) && s.jobs[c+1].finish < s.jobs[c].finish {
			c++
		}
		if !(s.jobs[c].finish < s.jobs[i].finish) {
			return
		}
		s.jobs[i], s.jobs[c] = s.jobs[c], s.jobs[i]
		i = c
	}
}

// waiting is the queue: a ring, its length a power of two.
type waiting struct {
	ring []waiter
	head int
	n    int
}

// waiter is an attempt that waits for a slot.
type waiter struct {
	demand  time.Duration
	attempt uint32
}

func (q *waiting) push(w waiter) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = w
	q.n++
}

func (q *waiting) grow() {
	ring := make([]waiter, max(8, 2*len(q.ring)))
	for i := range q.n {
		ring[i] = q.ring[(q.head+i)&(len(q.ring)-1)]
	}
	q.ring, q.head = ring, 0
}

func (q *waiting) pop() waiter {
	w := q.ring[q.head]
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	return w
}

func (q *waiting) discard(attempt uint32) {
	mask := len(q.ring) - 1
	kept := 0
	for i := range q.n {
		w := q.ring[(q.head+i)&mask]
		if w.attempt != attempt {
			q.ring[(q.head+kept)&mask] = w
			kept++
		}
	}
	q.n = kept
}
