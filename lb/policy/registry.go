package policy

import "github.com/lbctl/lbctl/lb"

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
			Name:   "p2c",
			About:  "The least in-flight of a few backends drawn at random (power of two choices).",
			Advice: "The default: near the best tail for a constant cost per pick, and robust to stale views.",
			Spec:   func() Spec { return &P2C{Choices: 2} },
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
