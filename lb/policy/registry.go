package policy

import (
	"time"

	"github.com/lbctl/lbctl/lb"
)

// Spec is an algorithm's parameters. A pointer to a struct of tagged fields.
type Spec interface {
	// New returns a fresh policy with these parameters. Policies of different pools share nothing.
	New() lb.Policy
}

// Kind is an algorithm as the registry lists it.
type Kind struct {
	Name   string
	About  string      // what it does, in a line
	Advice string      // when to use it, in a line
	Spec   func() Spec // a new Spec with the defaults
}

// Kinds lists all algorithms in the order in which people should meet them.
func Kinds() []Kind {
	return []Kind{
		{
			Name:   "round_robin",
			About:  "Each backend in turn.",
			Advice: "Equal backends and requests of about equal cost; otherwise it piles work on whoever is slow.",
			Spec:   func() Spec { return &RoundRobin{} },
		},
		{
			Name:   "weighted_round_robin",
			About:  "Turns in proportion to weight, spread evenly (nginx's smooth sequence or gRPC's static stride).",
			Advice: "Backends of known, different capacity and steady requests; blind to load, so it collapses when one turns slow.",
			Spec:   func() Spec { return &WeightedRoundRobin{Form: "smooth"} },
		},
		{
			Name:   "random",
			About:  "A uniform draw.",
			Advice: "A baseline to measure others against; with many balancers no worse than round robin.",
			Spec:   func() Spec { return &Random{} },
		},
		{
			Name:   "weighted_random",
			About:  "A draw in proportion to weight.",
			Advice: "As weighted round robin where many balancers must not march in step.",
			Spec:   func() Spec { return &WeightedRandom{} },
		},
		{
			Name:   "p2c",
			About:  "The least in-flight of a few backends drawn at random (power of two choices).",
			Advice: "The default: near the best tail for a constant cost per pick, and robust to stale views.",
			Spec:   func() Spec { return &P2C{Choices: 2, Load: "local", PollInterval: 500 * time.Millisecond} },
		},
		{
			Name:   "least_connections",
			About:  "The least in-flight per weight of all backends.",
			Advice: "One or few balancers: the best use of what they see. A fast-failing backend attracts traffic, and many balancers herd.",
			Spec:   func() Spec { return &LeastConnections{} },
		},
		{
			Name:   "least_time",
			About:  "The least average response time times in-flight, per weight, of all backends.",
			Advice: "One or few balancers before backends of unequal or changing speed; learns the speed from the answers.",
			Spec:   func() Spec { return &LeastTime{EWMAWeight: 0.1} },
		},
		{
			Name:   "peak_ewma",
			About:  "Of a few backends drawn at random, the least peak-sensitive response time times in-flight (Finagle, Linkerd).",
			Advice: "Many balancers before backends that turn slow now and then: flees a slow one at its first slow answer.",
			Spec: func() Spec {
				return &PeakEWMA{Choices: 2, Decay: 10 * time.Second, DefaultRTT: 30 * time.Millisecond}
			},
		},
		{
			Name:   "join_idle_queue",
			About:  "A backend known to be idle, else a random draw.",
			Advice: "Up to moderate load: no waiting while anybody is idle. Near saturation it turns into the random draw.",
			Spec:   func() Spec { return &JoinIdleQueue{Source: "local"} },
		},
		{
			Name:   "c3",
			About:  "The least response time plus cubed queue estimate, from what the backends report of themselves.",
			Advice: "Many balancers before backends that report their queue with each answer, or to load probes.",
			Spec:   func() Spec { return &C3{Feedback: "answers", Probing: DefaultProbing()} },
		},
		{
			Name:   "prequal",
			About:  "By asynchronous probes of in-flight and latency: the fastest of the backends that are not overloaded.",
			Advice: "Many balancers, high utilization, noisy neighbours; the backends must answer load probes.",
			Spec:   func() Spec { return &Prequal{Probing: DefaultProbing(), QRIF: 0.84} },
		},
		{
			Name:   "ip_hash",
			About:  "Each client to one backend, by the hash of its address.",
			Advice: "Sticky clients on a pool that never changes; half of the clients move when it does.",
			Spec:   func() Spec { return &IPHash{} },
		},
		{
			Name:   "ring_hash",
			About:  "Each key to one backend, on a ketama-like ring, with bounded loads.",
			Advice: "Caches behind changing membership; keep the load bound, or hot keys drown their backend.",
			Spec:   func() Spec { return &RingHash{MinRingSize: 1024, MaxRingSize: 1 << 16, LoadFactor: 1.25} },
		},
		{
			Name:   "maglev",
			About:  "Each key to one backend, by one lookup in a table with even shares.",
			Advice: "Caches with many keys of like popularity; evener than a ring, moves slightly more keys, ignores load.",
			Spec:   func() Spec { return &Maglev{TableSize: 65537} },
		},
		{
			Name:   "rendezvous",
			About:  "Each key to one backend, the one with the highest hash of backend and key.",
			Advice: "Caches on up to some dozens of backends: exact shares by weight and the fewest moved keys, at n hashes a pick.",
			Spec:   func() Spec { return &Rendezvous{} },
		},
	}
}

// Lookup returns the algorithm of that name.
func Lookup(name string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}
