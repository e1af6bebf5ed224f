package policy_test

import (
	"container/heap"
	"math"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/lb/rng"
	"github.com/lbctl/lbctl/lb/stats"
)

// fleet is a small queueing model around the data plane: Poisson arrivals at
// several balancers, each attempt queued FIFO at one of the servers that they share.
// Load probes are answered at once; a server that turns idle tells one balancer.
type fleet struct {
	balancers []*rig
	servers   []*fifo
	serve     func(server int, now lb.Time, demand float64) (time.Duration, lb.Verdict)
	rate      float64 // arrivals a second
	takeBack  bool    // an idle server that gets work tells the balancer that took it for idle
	luck      rng.Rand
	now       lb.Time
	agenda    agenda

	count   []int         // attempts by server since the last reset
	elapsed time.Duration // their total time in the system
}

// fifo is a server with one worker.
type fifo struct {
	queue   []attempt
	latency stats.LatencyByLoad
	told    int // the balancer that took it for idle last; -1: none
}

type attempt struct {
	lease    lb.Lease
	balancer int
	demand   float64 // exponential, mean 1
	rif      int32   // found on arrival
	verdict  lb.Verdict
}

// happening is an arrival (server < 0) or the end of the first attempt in a server's queue.
type happening struct {
	at     lb.Time
	seq    int
	server int
}

type agenda struct {
	items []happening
	seq   int
}

func (a *agenda) Len() int { return len(a.items) }
func (a *agenda) Less(i, j int) bool {
	x, y := a.items[i], a.items[j]
	return x.at < y.at || x.at == y.at && x.seq < y.seq
}
func (a *agenda) Swap(i, j int) { a.items[i], a.items[j] = a.items[j], a.items[i] }
func (a *agenda) Push(x any)    { a.items = append(a.items, x.(happening)) }
func (a *agenda) Pop() any {
	last := a.items[len(a.items)-1]
	a.items = a.items[:len(a.items)-1]
	return last
}

func (a *agenda) add(at lb.Time, server int) {
	a.seq++
	heap.Push(a, happening{at, a.seq, server})
}

// newFleet returns servers that each take the demand times service, behind balancers with policies
// of the given spec.
func newFleet(t testing.TB, spec func() policy.Spec, balancers, servers int, rate float64, service time.Duration) *fleet {
	f := &fleet{rate: rate, luck: rng.New(7), count: make([]int, servers)}
	f.serve = func(_ int, _ lb.Time, demand float64) (time.Duration, lb.Verdict) {
		return time.Duration(demand * float64(service)), lb.Success
	}
	for range servers {
		f.servers = append(f.servers, &fifo{told: -1})
	}
	for k := range balancers {
		r := newRig(t, spec(), evenWeights(servers)...)
		r.rand = rng.New(uint64(k) + 100)
		f.balancers = append(f.balancers, r)
	}
	f.agenda.add(0, -1)
	return f
}

// run lets d pass.
func (f *fleet) run(d time.Duration) {
	for until := f.now.Add(d); f.agenda.items[0].at <= until; {
		h := heap.Pop(&f.agenda).(happening)
		f.now = h.at
		if h.server < 0 {
			f.arrive()
			f.agenda.add(f.now.Add(time.Duration(f.luck.Exp()/f.rate*1e9)), -1)
		} else {
			f.finish(h.server)
		}
	}
}

func (f *fleet) reset() {
	clear(f.count)
	f.elapsed = 0
}

func (f *fleet) arrive() {
	k := f.luck.Intn(len(f.balancers))
	b := f.balancers[k]
	lease, err := b.balancer.Pick(f.now, b.request(), &b.rand, nil)
	if err != nil {
		panic(err)
	}
	for _, id := range b.balancer.LoadProbes(f.now, &b.rand, nil, nil) {
		b.balancer.Report(id, f.now, f.servers[id].report())
	}
	id := int(lease.Backend().ID())
	s := f.servers[id]
	f.count[id]++
	s.queue = append(s.queue, attempt{lease: lease, balancer: k, demand: f.luck.Exp(), rif: int32(len(s.queue))})
	if len(s.queue) == 1 {
		if f.takeBack && s.told >= 0 && s.told != k {
			f.balancers[s.told].balancer.Report(lb.BackendID(id), f.now, s.report())
		}
		s.told = -1
		f.start(id)
	}
}

func (f *fleet) start(id int) {
	head := &f.servers[id].queue[0]
	var d time.Duration
	d, head.verdict = f.serve(id, f.now, head.demand)
	f.agenda.add(f.now.Add(d), id)
}

func (f *fleet) finish(id int) {
	s := f.servers[id]
	a := s.queue[0]
	s.queue = s.queue[1:]
	took := f.now.Sub(a.lease.Started())
	f.elapsed += took
	s.latency.Observe(a.rif, took)
	f.balancers[a.balancer].balancer.Done(a.lease, f.now, lb.Outcome{Verdict: a.verdict, Report: s.report()})
	if len(s.queue) > 0 {
		f.start(id)
	} else if f.balancers[0].balancer.ListensForIdle() {
		s.told = f.luck.Intn(len(f.balancers))
		f.balancers[s.told].balancer.Report(lb.BackendID(id), f.now, s.report())
	}
}

func (s *fifo) report() lb.Report {
	rif := int32(len(s.queue))
	return lb.Report{Valid: true, InFlight: rif, Latency: s.latency.Estimate(rif), Service: 10 * time.Millisecond}
}

func (f *fleet) total() int {
	n := 0
	for _, c := range f.count {
		n += c
	}
	return n
}

// share returns the part of all attempts that went to a server.
func (f *fleet) share(server int) float64 { return float64(f.count[server]) / float64(f.total()) }

// meanTime returns the mean time in the system.
func (f *fleet) meanTime() time.Duration { return f.elapsed / time.Duration(f.total()) }

// learners are the policies that judge backends by how they answer.
func learners() []variant {
	var out []variant
	for _, v := range variants() {
		switch v.name {
		case "least_time", "peak_ewma", "peak_ewma/all", "c3", "c3/probes", "prequal":
			out = append(out, v)
		}
	}
	return out
}

const (
	fleetServers = 10
	fairShare    = 1.0 / fleetServers
)

// TestFastFailureIsNoSinkhole has one of ten servers fail in a fiftieth of the
// time that an answer takes, from the start, and then recover.
func TestFastFailureIsNoSinkhole(t *testing.T) {
	for _, v := range learners() {
		t.Run(v.name, func(t *testing.T) {
			f := newFleet(t, func() policy.Spec { return v.spec }, 1, fleetServers, 700, 10*time.Millisecond)
			healthy, failing := f.serve, true
			f.serve = func(id int, now lb.Time, demand float64) (time.Duration, lb.Verdict) {
				if id == 0 && failing {
					return 200 * time.Microsecond, lb.Failure
				}
				return healthy(id, now, demand)
			}
			f.run(20 * time.Second)
			if f.share(0) > fairShare/5 {
				t.Errorf("the failing server got %.1f%% of the attempts", 100*f.share(0))
			}
			failing = false
			f.run(20 * time.Second)
			f.reset()
			f.run(20 * time.Second)
			if f.share(0) < fairShare/2 {
				t.Errorf("20 s after its failures stopped it gets %.1f%%", 100*f.share(0))
			}
		})
	}
}

// TestSlowBackendRecovers has one of ten servers be a hundred times slower for a
// while: the rest must take over, and it must be found well again although
// nobody was sending to it (traefik issue 12306).
func TestSlowBackendRecovers(t *testing.T) {
	for _, v := range learners() {
		t.Run(v.name, func(t *testing.T) {
			f := newFleet(t, func() policy.Spec { return v.spec }, 1, fleetServers, 300, 10*time.Millisecond)
			factor := 1
			well := f.serve
			f.serve = func(id int, now lb.Time, demand float64) (time.Duration, lb.Verdict) {
				d, verdict := well(id, now, demand)
				if id == 0 {
					d *= time.Duration(factor)
				}
				return d, verdict
			}
			f.run(20 * time.Second)
			factor = 100
			f.run(5 * time.Second)
			f.reset()
			f.run(15 * time.Second)
			if f.share(0) > fairShare/5 {
				t.Errorf("the slow server got %.1f%% of the attempts", 100*f.share(0))
			}
			factor = 1
			f.run(100 * time.Second)
			f.reset()
			f.run(20 * time.Second)
			if f.share(0) < fairShare/2 {
				t.Errorf("100 s after it was well again it gets %.1f%%", 100*f.share(0))
			}
		})
	}
}

// TestJoinIdleQueueTheory holds JIQ with many balancers against theory. A busy
// server sees Poisson arrivals of rate λ(1−ρ) from the random draws, ρ being the share of
// balancers that know of an idle server, so that the mean time in the system is
// 1/(1−λ(1−ρ)) service times.
//
// Lu et al. (2011) take the queue of idle servers for M/M/1, with r servers per
// balancer: ρ/(1−ρ) = r(1−λ). That leaves open what becomes of the word of an
// idle server that is drawn at random. If it stays, it goes stale; at r = 10, λ = 0.9 the formula
// holds all the same. If the server takes it back, the queue
// is the birth-death process of idleKnown, and the theory is exact for many servers.
func TestJoinIdleQueueTheory(t *testing.T) {
	for _, c := range []struct {
		r, lambda, known float64
		takeBack         bool
	}{
		{10, 0.9, 1.0 / 2, false}, // 10·0.1/(1+10·0.1)
		{10, 0.9, idleKnown(10, 0.9), true},
		{10, 0.7, idleKnown(10, 0.7), true},
	} {
		const servers = 200
		spec := func() policy.Spec { return &policy.JoinIdleQueue{Source: "reports"} }
		f := newFleet(t, spec, int(servers/c.r), servers, servers*c.lambda, time.Second)
		f.takeBack = c.takeBack
		f.run(50 * time.Second)
		var means [10]float64
		for k := range means {
			f.reset()
			f.run(50 * time.Second)
			means[k] = f.meanTime().Seconds()
		}
		got, half := interval(means)
		want := 1 / (1 - c.lambda*(1-c.known))
		if math.Abs(got-want) > half {
			t.Errorf("r=%g λ=%g takeBack=%v: mean time %.4f ± %.4f, want %.4f", c.r, c.lambda, c.takeBack, got, half, want)
		}
	}
}

// interval returns the mean of batch means and the half width of its 99.9% interval (Student's t, 9 degrees).
func interval(means [10]float64) (mean, half float64) {
	sum, squares := 0.0, 0.0
	for _, m := range means {
		sum += m
		squares += m * m
	}
	n := float64(len(means))
	mean = sum / n
	return mean, 4.781 * math.Sqrt((squares-n*mean*mean)/(n-1)/n)
}

// idleKnown returns the share of balancers that know of an idle server when servers that are drawn at
// random take their word back. The number known is a birth-death process: deaths at rλ + k·λ(1−ρ)
// in state k, births at a rate for which P(k > 0) = ρ. ρ is where its mean is
// r(1−λ), the idle servers per balancer.
func idleKnown(r, lambda float64) float64 {
	return bisect(0, 1, func(rho float64) bool {
		births := bisect(0, 1000*r, func(a float64) bool {
			known, _ := stationary(a, r*lambda, lambda*(1-rho))
			return known < rho
		})
		_, mean := stationary(births, r*lambda, lambda*(1-rho))
		return mean < r*(1-lambda)
	})
}

// stationary returns P(k > 0) and E k for births at rate a and deaths at rate b + k·c.
func stationary(a, b, c float64) (busy, mean float64) {
	p, sum := 1.0, 1.0
	for k := 1.0; k < 1000 && p > 1e-15*sum; k++ {
		p *= a / (b + k*c)
		sum += p
		mean += k * p
	}
	return 1 - 1/sum, mean / sum
}

// bisect returns where below turns from true to false.
func bisect(lo, hi float64, below func(float64) bool) float64 {
	for range 60 {
		if mid := (lo + hi) / 2; below(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
