package lb_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/lbctl/lbctl/lb"
	"github.com/lbctl/lbctl/lb/health"
	"github.com/lbctl/lbctl/lb/policy"
	"github.com/lbctl/lbctl/lb/rng"
)

// TestStories runs testdata/*.txt: a pool under round robin, the world around
// it, and every effect that the core asks for, in order. The commands:
//
//	pool interval=1s timeout=500ms fall=3 rise=2 slow_start=10s refresh=2s min_weight=0.1 panic=0.5
//	                                  a new pool; without interval nobody is probed
//	add / remove / weight / drain / undrain backend=a weight=2
//	answers backend=a how=ok|fail|silent   what probes of a meet from now on (at first: ok)
//	late backend=a                    the answer to a's last probe arrives now
//	clock +5s                         lets time pass, deadline by deadline
//	pick n=5 explain / done backend=a attempts
//	inflight                          of all backends ever picked
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			w := &world{}
			datadriven.RunTest(t, file, w.run)
		})
	}
}

// world is the driver of one pool.
type world struct {
	t    *testing.T
	d    *datadriven.TestData
	now  lb.Time
	next lb.Time
	rand rng.Rand
	log  strings.Builder

	balancer   *lb.Balancer
	controller *lb.Controller
	ids        map[string]lb.BackendID
	names      []string
	answers    map[lb.BackendID]string
	lastProbe  map[lb.BackendID]health.Probe
	leases     map[string][]lb.Lease
}

func (w *world) run(t *testing.T, d *datadriven.TestData) string {
	w.t, w.d = t, d
	w.log.Reset()
	switch d.Cmd {
	case "pool":
		w.pool()
	case "reconfigure":
		w.step(lb.Reconfigure{Config: w.config()})
	case "add":
		w.add()
	case "remove":
		w.step(lb.Remove{Backend: w.backend()})
	case "weight":
		w.step(lb.SetWeight{Backend: w.backend(), Weight: w.number("weight", 1)})
	case "drain", "undrain":
		w.step(lb.SetDrain{Backend: w.backend(), Drain: d.Cmd == "drain"})
	case "answers":
		w.answers[w.backend()] = w.text("how", "ok")
	case "late":
		w.step(lb.ProbeResult{Backend: w.backend(), Probe: w.lastProbe[w.backend()], OK: true})
	case "clock":
		w.clock()
	case "pick":
		w.pick()
	case "done":
		w.done()
	case "inflight":
		w.inFlight()
	default:
		d.Fatalf(t, "unknown command %q", d.Cmd)
	}
	if w.log.Len() == 0 {
		return "ok\n"
	}
	return w.log.String()
}

func (w *world) pool() {
	cfg := w.config()
	*w = world{t: w.t, d: w.d, next: lb.Never, rand: rng.New(1), ids: map[string]lb.BackendID{}, answers: map[lb.BackendID]string{},
		lastProbe: map[lb.BackendID]health.Probe{}, leases: map[string][]lb.Lease{}}
	w.balancer, w.controller = lb.New(cfg, 1)
}

func (w *world) config() lb.Config {
	kind, ok := policy.Lookup(w.text("policy", "round_robin"))
	if !ok {
		w.d.Fatalf(w.t, "no such policy")
	}
	cfg := lb.Config{Policy: kind.Spec().New(), PanicThreshold: w.number("panic", 0)}
	cfg.SlowStart = health.SlowStart{
		Window:       w.duration("slow_start"),
		MinWeight:    w.number("min_weight", 0.1),
		Aggression:   w.number("aggression", 1),
		RefreshEvery: w.duration("refresh"),
	}
	if w.d.HasArg("interval") {
		cfg.Health = &health.Config{
			Interval: w.duration("interval"), Timeout: w.duration("timeout"), Jitter: w.number("jitter", 0),
			Fall: int(w.number("fall", 3)), Rise: int(w.number("rise", 2)),
		}
	}
	return cfg
}

func (w *world) add() {
	name := w.text("backend", "")
	if !w.step(lb.Add{Spec: lb.Spec{Name: name, Weight: w.number("weight", 1)}}) {
		return
	}
	w.ids[name] = lb.BackendID(len(w.names))
	w.names = append(w.names, name)
}

// step feeds an input and carries out what follows, unless it was refused.
func (w *world) step(in lb.Input) bool {
	if err := w.controller.Step(w.now, in); err != nil {
		w.say("refused, %v", err)
		return false
	}
	w.advance()
	return true
}

// advance carries out effects until there are none. Probes are answered at once.
func (w *world) advance() {
	effects, next := w.controller.Advance(w.now, nil)
	w.next = next
	for _, e := range effects {
		w.carryOut(e)
	}
}

func (w *world) carryOut(e lb.Effect) {
	switch e.Kind {
	case lb.StartProbe:
		w.lastProbe[e.Backend] = e.Probe
		how := w.answers[e.Backend]
		if how == "" {
			how = "ok"
		}
		w.say("probe %s: %s", w.names[e.Backend], how)
		if how != "silent" {
			w.step(lb.ProbeResult{Backend: e.Backend, Probe: e.Probe, OK: how == "ok"})
		}
	case lb.StateChanged:
		w.say("%s: %v → %v, %s", w.names[e.Backend], e.From, e.To, e.Reason)
	case lb.SnapshotPublished:
		w.say("snapshot %d: %s", e.Version, w.members(e.Panic))
	}
}

func (w *world) members(panics bool) string {
	s := w.balancer.Snapshot()
	var out []string
	for _, m := range s.Members() {
		out = append(out, fmt.Sprintf("%s(%.3g)", m.Name(), m.Weight))
	}
	for _, x := range s.Excluded() {
		out = append(out, "−"+x.Backend+" "+x.Reason)
	}
	if panics {
		out = append(out, "PANIC")
	}
	return strings.Join(out, ", ")
}

func (w *world) clock() {
	d, err := time.ParseDuration(strings.TrimPrefix(w.d.CmdArgs[0].Key, "+"))
	if err != nil {
		w.d.Fatalf(w.t, "%v", err)
	}
	until := w.now.Add(d)
	for w.next <= until {
		w.now = w.next
		w.advance()
	}
	w.now = until
}

func (w *world) pick() {
	var tr *lb.Trace
	if w.d.HasArg("explain") {
		tr = new(lb.Trace)
	}
	var picked []string
	for range int(w.number("n", 1)) {
		lease, err := w.balancer.Pick(w.now, lb.Request{}, &w.rand, tr)
		if err != nil {
			picked = append(picked, err.Error())
			break
		}
		name := lease.Backend().Name()
		w.leases[name] = append(w.leases[name], lease)
		picked = append(picked, name)
	}
	if tr != nil {
		w.log.WriteString(tr.String())
		return
	}
	w.log.WriteString(strings.Join(picked, " ") + "\n")
}

func (w *world) done() {
	name := w.text("backend", "")
	w.balancer.Done(w.leases[name][0], w.now, lb.Outcome{})
	w.leases[name] = w.leases[name][1:]
	w.inFlight()
}

func (w *world) inFlight() {
	for _, name := range w.names {
		if leases := w.leases[name]; len(leases) > 0 {
			fmt.Fprintf(&w.log, "%s %d\n", name, leases[0].Backend().InFlight())
		}
	}
}

func (w *world) say(format string, args ...any) {
	at := time.Duration(w.now).Round(time.Millisecond)
	fmt.Fprintf(&w.log, "%v  %s\n", at, fmt.Sprintf(format, args...))
}

func (w *world) backend() lb.BackendID {
	name := w.text("backend", "")
	id, ok := w.ids[name]
	if !ok {
		w.d.Fatalf(w.t, "no backend %q", name)
	}
	return id
}

func (w *world) text(key, otherwise string) string {
	w.d.MaybeScanArgs(w.t, key, &otherwise)
	return otherwise
}

func (w *world) number(key string, otherwise float64) float64 {
	text := w.text(key, "")
	if text == "" {
		return otherwise
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		w.d.Fatalf(w.t, "%v", err)
	}
	return f
}

func (w *world) duration(key string) time.Duration {
	d, err := time.ParseDuration(w.text(key, "0s"))
	if err != nil {
		w.d.Fatalf(w.t, "%v", err)
	}
	return d
}
