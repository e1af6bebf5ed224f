package policy_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/lb/rng"
)

const (
	raceWorkers  = 4
	raceRequests = 1500 // by each worker
	raceChanges  = 150  // by the control plane
	raceBackends = 8
)

// TestDataPlaneIsSafeDuringChanges has workers send requests while the control
// plane adds, removes, drains and re-weighs. Under -race it finds unsafe sharing; always it checks that
// every attempt went to a backend of the pool and that nothing stays in flight.
func TestDataPlaneIsSafeDuringChanges(t *testing.T) {
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			if m, ok := v.spec.(*policy.Maglev); ok {
				m.TableSize = 1021 // the default takes long to fill under -race
			}
			r := newRig(t, v.spec, unevenWeights(raceBackends)...)
			pool := roster{}
			pool.note(r.balancer)
			picked := make([]roster, raceWorkers)
			var done sync.WaitGroup
			for w := range picked {
				done.Go(func() { picked[w] = hammer(t, r.balancer, uint64(w)) })
			}
			reshape(t, r, pool)
			done.Wait()
			for _, p := range picked {
				p.checkIn(t, pool)
			}
			pool.checkIdle(t)
		})
	}
}

// hammer is one worker: it keeps up to eight attempts in flight. It returns whom it picked.
func hammer(t *testing.T, b *lb.Balancer, worker uint64) roster {
	const width = 8
	picked := roster{}
	r := rng.New(worker)
	scratch, asked := make([]int, 0, lb.MaxBackends), make([]lb.BackendID, 0, lb.MaxBackends)
	var leases []lb.Lease
	finish := func(now lb.Time) {
		verdict := lb.Verdict(r.Intn(int(lb.Canceled) + 1))
		b.Done(leases[0], now, lb.Outcome{Verdict: verdict, Report: report})
		leases = leases[1:]
	}
	for k := range raceRequests {
		now := lb.Time(k) * lb.Time(time.Millisecond)
		client := r.Uint64() % 64
		lease, err := b.Pick(now, lb.Request{Number: uint64(k), Client: client, Key: client}, &r, nil)
		if err != nil {
			t.Errorf("pick: %v", err)
			return picked
		}
		picked[lease.Backend()] = true
		leases = append(leases, lease)
		for _, id := range b.LoadProbes(now, &r, scratch, asked) {
			b.Report(id, now, lb.Report{Valid: true, InFlight: int32(r.Intn(3)), Latency: time.Millisecond})
		}
		if len(leases) == width {
			finish(now)
		}
	}
	for len(leases) > 0 {
		finish(raceRequests * lb.Time(time.Millisecond))
	}
	return picked
}

// reshape is the control plane. Backends 0 and 1 stay as they are, so there is always one to pick.
func reshape(t *testing.T, r *rig, pool roster) {
	random := rng.New(99)
	present := raceBackends // the next id
	for k := range raceChanges {
		id := lb.BackendID(2 + random.Intn(present-2))
		var in lb.Input
		switch random.Intn(5) {
		case 0:
			in = lb.Add{Spec: lb.Spec{Name: "late" + strconv.Itoa(k), Weight: 1}}
			present++
		case 1:
			in = lb.Remove{Backend: id}
		case 2:
			in = lb.SetDrain{Backend: id, Drain: random.Intn(2) == 0}
		default:
			in = lb.SetWeight{Backend: id, Weight: 1 + random.Float64()*9}
		}
		if err := r.controller.Step(0, in); err != nil && err != lb.ErrUnknownBackend {
			t.Errorf("%T: %v", in, err)
		}
		r.controller.Advance(0, nil)
		pool.note(r.balancer)
	}
}

// roster is a set of backends.
type roster map[*lb.Backend]bool

// note adds all that may be picked at this moment.
func (r roster) note(b *lb.Balancer) {
	for _, m := range b.Snapshot().Members() {
		r[m.Backend] = true
	}
}

func (r roster) checkIn(t *testing.T, pool roster) {
	for b := range r {
		if !pool[b] {
			t.Errorf("picked %s, which was never eligible", b.Name())
		}
	}
}

func (r roster) checkIdle(t *testing.T) {
	for b := range r {
		if n := b.InFlight(); n != 0 {
			t.Errorf("%s: in-flight %d after all attempts ended", b.Name(), n)
		}
	}
}
