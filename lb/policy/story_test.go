package policy_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/lb/rng"
)

// TestStories runs testdata/*.txt. The commands, one a paragraph:
//
//	pool policy=p2c choices=3 seed=1 peers=2   a new pool; the lines below name its backends: "a" or "a weight=2"
//	pick n=5 key=k client=c explain finish     picks; attempts stay in flight unless finished at once
//	done backend=a n=1 after=10ms verdict=failure inflight=3 latency=5ms service=2ms
//	                                           ends the oldest attempts; the last three are the answer's load report
//	report backend=a inflight=3 latency=5ms    an out-of-band load report
//	loadprobes                                 which backends the policy wants a report from
//	listens                                    whether backends should announce that they are idle
//	clock +1s                                  lets time pass
//	add / remove / weight / drain / undrain    change the pool: backend=a weight=2
//	counts n=10000                             the shares of n picks that end at once
//	keys n=10000                               where n keys belong, and how many moved since the last time
//	inflight                                   attempts outstanding
//
// `go test ./lb/policy -run Stories -rewrite` writes what the policies do now into the files.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s := &story{}
			datadriven.RunTest(t, file, s.run)
		})
	}
}

// TestEveryPolicyHasAStory keeps the registry and testdata in step.
func TestEveryPolicyHasAStory(t *testing.T) {
	for _, k := range policy.Kinds() {
		if found, _ := filepath.Glob("testdata/" + k.Name + ".txt"); found == nil {
			t.Errorf("no story testdata/%s.txt", k.Name)
		}
	}
}

// story is one pool and its driver.
type story struct {
	t      *testing.T
	d      *datadriven.TestData
	now    lb.Time
	rand   rng.Rand
	number uint64

	balancer   *lb.Balancer
	controller *lb.Controller
	ids        map[string]lb.BackendID
	names      []string // by BackendID
	leases     map[string][]lb.Lease
	homes      []string // where each key belonged at the last `keys`
}

func (s *story) run(t *testing.T, d *datadriven.TestData) string {
	s.t, s.d = t, d
	commands := map[string]func() string{
		"pool": s.pool, "pick": s.pick, "done": s.done, "report": s.report, "loadprobes": s.loadProbes,
		"listens": s.listens, "clock": s.clock, "add": s.add, "remove": s.remove, "weight": s.weight,
		"drain": func() string { return s.drain(true) }, "undrain": func() string { return s.drain(false) },
		"counts": s.counts, "keys": s.keys, "inflight": s.inFlight,
	}
	do, ok := commands[d.Cmd]
	if !ok {
		d.Fatalf(t, "unknown command %q", d.Cmd)
	}
	return do()
}

func (s *story) pool() string {
	kind, ok := policy.Lookup(s.text("policy", ""))
	if !ok {
		s.d.Fatalf(s.t, "unknown policy")
	}
	spec := kind.Spec()
	for _, arg := range s.d.CmdArgs {
		if !slices.Contains([]string{"policy", "seed", "peers"}, arg.Key) {
			setParameter(s.t, spec, arg.Key, arg.Vals[0])
		}
	}
	seed := uint64(s.whole("seed", 1))
	*s = story{t: s.t, d: s.d, rand: rng.New(seed), ids: map[string]lb.BackendID{}, leases: map[string][]lb.Lease{}}
	s.balancer, s.controller = lb.New(lb.Config{Policy: spec.New(), Peers: s.whole("peers", 1)}, seed)
	for line := range strings.Lines(s.d.Input) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " weight=")
		s.join(name, rest)
	}
	return s.members()
}

func (s *story) join(name, weight string) {
	w := 1.0
	if weight != "" {
		var err error
		if w, err = strconv.ParseFloat(weight, 64); err != nil {
			s.d.Fatalf(s.t, "%v", err)
		}
	}
	s.ids[name] = lb.BackendID(len(s.names))
	s.names = append(s.names, name)
	s.step(lb.Add{Spec: lb.Spec{Name: name, Weight: w}})
}

func (s *story) step(in lb.Input) string {
	if err := s.controller.Step(s.now, in); err != nil {
		s.d.Fatalf(s.t, "%v", err)
	}
	s.controller.Advance(s.now, nil)
	return s.members()
}

func (s *story) members() string {
	var out []string
	for _, m := range s.balancer.Snapshot().Members() {
		text := m.Name()
		if s.balancer.Snapshot().Weighted() {
			text += fmt.Sprintf("(%g)", m.Weight)
		}
		out = append(out, text)
	}
	return orNone(out) + "\n"
}

func (s *story) add() string {
	s.join(s.text("backend", ""), s.text("weight", ""))
	return s.members()
}

func (s *story) remove() string { return s.step(lb.Remove{Backend: s.backend()}) }

func (s *story) weight() string {
	w, err := strconv.ParseFloat(s.text("weight", ""), 64)
	if err != nil {
		s.d.Fatalf(s.t, "%v", err)
	}
	return s.step(lb.SetWeight{Backend: s.backend(), Weight: w})
}

func (s *story) drain(on bool) string {
	return s.step(lb.SetDrain{Backend: s.backend(), Drain: on})
}

func (s *story) clock() string {
	d, err := time.ParseDuration(strings.TrimPrefix(s.d.CmdArgs[0].Key, "+"))
	if err != nil {
		s.d.Fatalf(s.t, "%v", err)
	}
	s.now = s.now.Add(d)
	return fmt.Sprintf("now %v\n", time.Duration(s.now))
}

func (s *story) pick() string {
	var picked []string
	var tr *lb.Trace
	if s.d.HasArg("explain") {
		tr = new(lb.Trace)
	}
	for range s.whole("n", 1) {
		lease, err := s.balancer.Pick(s.now, s.request(), &s.rand, tr)
		if err != nil {
			return err.Error() + "\n"
		}
		name := lease.Backend().Name()
		picked = append(picked, name)
		if s.d.HasArg("finish") {
			s.balancer.Done(lease, s.now, lb.Outcome{})
			continue
		}
		s.leases[name] = append(s.leases[name], lease)
	}
	if tr != nil {
		return tr.String()
	}
	return strings.Join(picked, " ") + "\n"
}

// request is the next call; each has its own client and key unless the command names them.
func (s *story) request() lb.Request {
	s.number++
	req := lb.Request{Number: s.number, Client: rng.Mix(1, s.number)}
	if c := s.text("client", ""); c != "" {
		req.Client = rng.Hash(c)
	}
	req.Key = req.Client
	if k := s.text("key", ""); k != "" {
		req.Key = rng.Hash(k)
	}
	return req
}

func (s *story) done() string {
	s.now = s.now.Add(s.duration("after"))
	name := s.text("backend", "")
	verdicts := map[string]lb.Verdict{}
	for v := lb.Success; v <= lb.Canceled; v++ {
		verdicts[v.String()] = v
	}
	verdict, ok := verdicts[s.text("verdict", "success")]
	if !ok {
		s.d.Fatalf(s.t, "unknown verdict")
	}
	for range s.whole("n", 1) {
		if len(s.leases[name]) == 0 {
			s.d.Fatalf(s.t, "nothing in flight at %q", name)
		}
		lease := s.leases[name][0]
		s.leases[name] = s.leases[name][1:]
		s.balancer.Done(lease, s.now, lb.Outcome{Verdict: verdict, Report: s.loadReport()})
	}
	return fmt.Sprintf("%s: in-flight %d\n", name, len(s.leases[name]))
}

func (s *story) loadReport() lb.Report {
	return lb.Report{
		Valid:    s.d.HasArg("inflight"),
		InFlight: int32(s.whole("inflight", 0)),
		Latency:  s.duration("latency"),
		Service:  s.duration("service"),
	}
}

func (s *story) report() string {
	s.balancer.Report(s.backend(), s.now, s.loadReport())
	return "ok\n"
}

func (s *story) loadProbes() string {
	var out []string
	scratch := make([]int, 0, len(s.names))
	for _, id := range s.balancer.LoadProbes(s.now, &s.rand, scratch, nil) {
		out = append(out, s.names[id])
	}
	return orNone(out) + "\n"
}

func (s *story) listens() string { return fmt.Sprintln(s.balancer.ListensForIdle()) }

func (s *story) counts() string {
	n := s.whole("n", 10000)
	counts := map[string]int{}
	for range n {
		lease, err := s.balancer.Pick(s.now, s.request(), &s.rand, nil)
		if err != nil {
			return err.Error() + "\n"
		}
		s.balancer.Done(lease, s.now, lb.Outcome{})
		counts[lease.Backend().Name()]++
	}
	return s.shares(counts, n)
}

func (s *story) keys() string {
	n := s.whole("n", 10000)
	counts, homes := map[string]int{}, make([]string, n)
	for k := range n {
		hash := rng.Mix(2, uint64(k))
		lease, err := s.balancer.Pick(s.now, lb.Request{Client: hash, Key: hash}, &s.rand, nil)
		if err != nil {
			return err.Error() + "\n"
		}
		s.balancer.Done(lease, s.now, lb.Outcome{})
		homes[k] = lease.Backend().Name()
		counts[homes[k]]++
	}
	out := s.shares(counts, n)
	if len(s.homes) == n {
		moved := 0
		for k := range homes {
			if homes[k] != s.homes[k] {
				moved++
			}
		}
		out += fmt.Sprintf("moved %.1f%%\n", 100*float64(moved)/float64(n))
	}
	s.homes = homes
	return out
}

func (s *story) shares(counts map[string]int, n int) string {
	var b strings.Builder
	for _, name := range s.names {
		if c := counts[name]; c > 0 {
			fmt.Fprintf(&b, "%s %.1f%%\n", name, 100*float64(c)/float64(n))
		}
	}
	return b.String()
}

func (s *story) inFlight() string {
	var out []string
	for _, m := range s.balancer.Snapshot().Members() {
		out = append(out, fmt.Sprintf("%s %d", m.Name(), m.InFlight()))
	}
	return strings.Join(out, ", ") + "\n"
}

func (s *story) backend() lb.BackendID {
	name := s.text("backend", "")
	id, ok := s.ids[name]
	if !ok {
		s.d.Fatalf(s.t, "no backend %q", name)
	}
	return id
}

func (s *story) text(key, otherwise string) string {
	s.d.MaybeScanArgs(s.t, key, &otherwise)
	return otherwise
}

func (s *story) whole(key string, otherwise int) int {
	s.d.MaybeScanArgs(s.t, key, &otherwise)
	return otherwise
}

func (s *story) duration(key string) time.Duration {
	text := s.text(key, "0s")
	d, err := time.ParseDuration(text)
	if err != nil {
		s.d.Fatalf(s.t, "%v", err)
	}
	return d
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " ")
}

// setParameter fills the field of spec that the yaml tag names.
func setParameter(t *testing.T, spec policy.Spec, name, value string) {
	for _, p := range parameters(spec) {
		if p.name != name {
			continue
		}
		if err := parseInto(p.value, value); err != nil {
			t.Fatalf("parameter %s: %v", name, err)
		}
		return
	}
	t.Fatalf("%T has no parameter %q", spec, name)
}

func parseInto(field reflect.Value, value string) error {
	switch field.Interface().(type) {
	case string:
		field.SetString(value)
		return nil
	case time.Duration:
		d, err := time.ParseDuration(value)
		field.SetInt(int64(d))
		return err
	}
	_, err := fmt.Sscan(value, field.Addr().Interface())
	return err
}
