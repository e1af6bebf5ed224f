package lb_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/rng"
)

// spy is a policy that always picks its favourite and writes down what it is told.
type spy struct {
	favourite string
	heard     []string
	built     int
}

func (*spy) Name() string { return "spy" }

func (p *spy) Build(s *lb.Snapshot) lb.Picker {
	p.built++
	i := slices.IndexFunc(s.Members(), func(m lb.Member) bool { return m.Name() == p.favourite })
	return &spyPicker{spy: p, members: s.Members(), choice: max(0, i), build: p.built}
}

type spyPicker struct {
	*spy
	members []lb.Member
	choice  int
	build   int
}

func (p *spyPicker) note(what string, i int, more ...string) {
	p.heard = append(p.heard, strings.Join(append([]string{what, p.members[i].Name()}, more...), " "))
}

func (p *spyPicker) Pick(lb.Time, lb.Request, *rng.Rand, *lb.Trace) int { return p.choice }

func (p *spyPicker) Observe(i int, _ lb.Time, latency time.Duration, o lb.Outcome) {
	p.note("observe", i, latency.String(), o.Verdict.String())
}

func (p *spyPicker) Release(i int, _ lb.Time, inflight int) {
	p.note("release", i, strings.Repeat("|", inflight))
}

func (p *spyPicker) LoadProbes(_ lb.Time, _ *rng.Rand, dst []int) []int { return append(dst, p.choice) }

func (p *spyPicker) Report(i int, _ lb.Time, rep lb.Report) { p.note("report", i) }

func (p *spyPicker) ListensForIdle() bool { return true }

// spied returns a pool of the named backends under a spy.
func spied(t *testing.T, names ...string) (*spy, *lb.Balancer, *lb.Controller) {
	p := &spy{favourite: names[len(names)-1]}
	b, c := lb.New(lb.Config{Policy: p}, 1)
	for _, name := range names {
		if err := c.Step(0, lb.Add{Spec: lb.Spec{Name: name, Weight: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	c.Advance(0, nil)
	return p, b, c
}

func (p *spy) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(p.heard, want) {
		t.Errorf("the policy heard %q, want %q", p.heard, want)
	}
	p.heard = nil
}

func pick(t *testing.T, b *lb.Balancer, now lb.Time) lb.Lease {
	t.Helper()
	l, err := b.Pick(now, lb.Request{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDoneTellsThePolicy(t *testing.T) {
	p, b, _ := spied(t, "a", "b")
	first, second := pick(t, b, 0), pick(t, b, 0)
	if n := first.Backend().InFlight(); n != 2 {
		t.Errorf("in-flight %d, want 2", n)
	}
	b.Done(first, lb.Time(5*time.Millisecond), lb.Outcome{Verdict: lb.Failure})
	p.expect(t, "observe b 5ms failure", "release b |")

	// The client's going away says nothing about the backend, but frees the slot.
	b.Done(second, lb.Time(9*time.Millisecond), lb.Outcome{Verdict: lb.Canceled})
	p.expect(t, "release b ")
}

// An attempt may outlive its snapshot: the picker that made the choice learns how it
// went, the one in charge learns of the free slot, under the index it knows the member by.
func TestDoneAfterTheSnapshotChanged(t *testing.T) {
	p, b, c := spied(t, "a", "b")
	kept, lost := pick(t, b, 0), pick(t, b, 0)

	step(t, c, lb.SetDrain{Backend: 0, Drain: true}) // b is now member 0
	b.Done(kept, 1, lb.Outcome{})
	p.expect(t, "observe b 1ns success", "release b |")

	step(t, c, lb.SetDrain{Backend: 0, Drain: false})
	step(t, c, lb.Remove{Backend: 1})
	b.Done(lost, 2, lb.Outcome{})
	p.expect(t, "observe b 2ns success")
	if n := lost.Backend().InFlight(); n != 0 {
		t.Errorf("in-flight %d of a removed backend", n)
	}
}

func step(t *testing.T, c *lb.Controller, in lb.Input) {
	t.Helper()
	if err := c.Step(0, in); err != nil {
		t.Fatal(err)
	}
	c.Advance(0, nil)
}

func TestReportsReachEligibleMembersOnly(t *testing.T) {
	p, b, c := spied(t, "a", "b")
	if !b.ListensForIdle() {
		t.Error("the balancer does not listen for idle backends though the policy does")
	}
	if ids := b.LoadProbes(0, nil, nil, nil); !slices.Equal(ids, []lb.BackendID{1}) {
		t.Errorf("probes %v, want backend 1", ids)
	}
	b.Report(1, 0, lb.Report{Valid: true})
	p.expect(t, "report b")
	step(t, c, lb.SetDrain{Backend: 1, Drain: true})
	b.Report(1, 0, lb.Report{Valid: true})
	b.Report(77, 0, lb.Report{Valid: true})
	p.expect(t)
}

func TestEmptyPool(t *testing.T) {
	b, _ := lb.New(lb.Config{Policy: &spy{}}, 1)
	var tr lb.Trace
	if _, err := b.Pick(0, lb.Request{}, nil, &tr); !errors.Is(err, lb.ErrNoBackend) {
		t.Errorf("error %v, want ErrNoBackend", err)
	}
	if want := "policy spy, snapshot 0\n  → none: no backend available\n"; tr.String() != want {
		t.Errorf("trace %q, want %q", tr.String(), want)
	}
	if ids := b.LoadProbes(0, nil, nil, nil); ids != nil || b.ListensForIdle() {
		t.Error("an empty pool probes or listens")
	}
	b.Report(0, 0, lb.Report{Valid: true}) // must not panic
}

// A Trace is reused from pick to pick and must not remember the last one.
func TestTraceStartsAfresh(t *testing.T) {
	_, b, c := spied(t, "a", "b")
	step(t, c, lb.SetDrain{Backend: 0, Drain: true})
	tr := lb.Trace{Rule: "stale", TieBreak: "stale", Candidates: make([]lb.Candidate, 3)}
	if _, err := b.Pick(0, lb.Request{}, nil, &tr); err != nil {
		t.Fatal(err)
	}
	want := "policy spy, snapshot 2\n  - a: excluded, draining\n  → b\n"
	if tr.String() != want || tr.Chosen() != "b" {
		t.Errorf("trace %q, want %q", tr.String(), want)
	}
}

func TestStepRefuses(t *testing.T) {
	_, b, c := spied(t, "a")
	for _, tt := range []struct {
		in   lb.Input
		want error
	}{
		{lb.Add{Spec: lb.Spec{Name: "a", Weight: 1}}, lb.ErrDuplicateName},
		{lb.Add{Spec: lb.Spec{Name: "b", Weight: -1}}, lb.ErrWeight},
		{lb.SetWeight{Backend: 0, Weight: lb.MaxWeight * 2}, lb.ErrWeight},
		{lb.SetWeight{Backend: 1, Weight: 1}, lb.ErrUnknownBackend},
		{lb.SetDrain{Backend: 1}, lb.ErrUnknownBackend},
		{lb.Remove{Backend: 1}, lb.ErrUnknownBackend},
		{lb.ProbeResult{Backend: 1}, lb.ErrUnknownBackend},
	} {
		version := b.Snapshot().Version()
		if err := c.Step(0, tt.in); !errors.Is(err, tt.want) {
			t.Errorf("%T: error %v, want %v", tt.in, err, tt.want)
		}
		if effects, _ := c.Advance(0, nil); len(effects) > 0 || b.Snapshot().Version() != version {
			t.Errorf("%T: a refused input had effects %v", tt.in, effects)
		}
	}
}

func TestPoolIsBounded(t *testing.T) {
	_, _, c := spied(t, "first")
	add := func(i int) error {
		return c.Step(0, lb.Add{Spec: lb.Spec{Name: strconv.Itoa(i), Weight: 1}})
	}
	for i := range lb.MaxBackends - 1 {
		if err := add(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := add(lb.MaxBackends); !errors.Is(err, lb.ErrTooMany) {
		t.Errorf("error %v, want ErrTooMany", err)
	}
}

// TestPickOther: the policy's choice stands unless it was tried; then the least
// loaded of the others is taken, and nobody is left when all were.
func TestPickOther(t *testing.T) {
	_, b, c := spied(t, "a", "b", "favourite")
	c.Advance(0, nil)
	r := rng.New(1)
	id := func(name string) lb.BackendID {
		for _, m := range b.Snapshot().Members() {
			if m.Name() == name {
				return m.ID()
			}
		}
		t.Fatalf("no %s", name)
		return 0
	}
	pick := func(tried ...lb.BackendID) string {
		var tr lb.Trace
		l, err := b.PickOther(0, lb.Request{}, tried, &r, &tr)
		if err != nil {
			return err.Error()
		}
		if tr.Chosen() != l.Backend().Name() {
			t.Errorf("the trace says %s, the lease %s", tr.Chosen(), l.Backend().Name())
		}
		return l.Backend().Name()
	}
	if got := pick(id("a")); got != "favourite" {
		t.Errorf("the favourite was not tried: got %s", got)
	}
	first := pick(id("favourite"))
	if second := pick(id("favourite")); first == second || first == "favourite" || second == "favourite" {
		t.Errorf("two picks beside the favourite went to %s and %s", first, second)
	}
	if got := pick(id("favourite"), id("a")); got != "b" {
		t.Errorf("only b was not tried: got %s", got)
	}
	if got := pick(id("a"), id("b"), id("favourite")); got != lb.ErrNoBackend.Error() {
		t.Errorf("all were tried: got %s", got)
	}
	for name, want := range map[string]int{"a": 1, "b": 2, "favourite": 1} {
		if got := b.Snapshot().Members()[b.Snapshot().Index(id(name))].InFlight(); got != want {
			t.Errorf("%s has %d in flight, want %d: picks that were not used count for nothing", name, got, want)
		}
	}
}
