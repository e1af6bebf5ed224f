package scenarios

import (
	"strconv"

	"github.com/lbctl/lbctl/config/strict"
)

// groupSpec is a group of equal backends.
type groupSpec struct {
	Name       string       `yaml:"name" required:"true" maxlen:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]*$" doc:"name of the group; its backends are name[0], name[1] …, or name when there is one"`
	Count      int          `yaml:"count" min:"1" max:"4096" doc:"number of backends"`
	Slots      int          `yaml:"slots" min:"1" max:"100000" doc:"requests that one serves at once at full speed"`
	Queue      int          `yaml:"queue" min:"-1" max:"10000000" doc:"requests that may wait in one; -1: no limit"`
	Discipline string       `yaml:"discipline" enum:"fifo,ps" doc:"fifo: a slot serves one request, others wait; ps: all requests share the slots"`
	Speed      float64      `yaml:"speed" min:"0.0001" max:"10000" doc:"demand served per unit of time"`
	Weight     float64      `yaml:"weight" min:"0.000001" max:"1000000" doc:"relative capacity, as balancers are told"`
	Zone       string       `yaml:"zone" maxlen:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]*$" doc:"where it stands"`
	Latency    distSpec     `yaml:"latency" doc:"one-way delay to and from it, on top of the network's"`
	OnCancel   string       `yaml:"on_cancel" enum:"finish,drop" doc:"what it does with a request whose client gave up"`
	Degrade    *degradeSpec `yaml:"degrade" doc:"slower service under too much load"`
}

type degradeSpec struct {
	AboveRPS float64 `yaml:"above_rps" required:"true" above:"0" max:"50000000" unit:"rps" doc:"arrivals at one backend over the last second beyond which …"`
	Factor   float64 `yaml:"factor" required:"true" min:"1" max:"10000" doc:"… service takes so many times as long"`
}

// Defaults is one backend with one slot.
func (g *groupSpec) Defaults() {
	*g = groupSpec{Count: 1, Slots: 1, Queue: -1, Discipline: "fifo", Speed: 1, Weight: 1, OnCancel: "finish"}
}

// groupList is the backends: block.
type groupList []groupSpec

// Check sees to it that the groups are told apart and not too many.
func (l *groupList) Check(r *strict.Reporter) {
	for i, g := range *l {
		for _, before := range (*l)[:i] {
			if before.Name == g.Name {
				r.Errorf("["+strconv.Itoa(i)+"].name", "another group is called %q", g.Name)
			}
		}
	}
	if total := l.count(); total > MaxBackends {
		r.Errorf("", "expected at most %d backends in all, got %d", MaxBackends, total)
	}
}

// count returns the number of backends.
func (l groupList) count() int {
	total := 0
	for _, g := range l {
		total += g.Count
	}
	return total
}

func (l groupList) compile() []Backend {
	var out []Backend
	for _, g := range l {
		b := Backend{
			Group: g.Name, Zone: g.Zone, Slots: g.Slots, Queue: g.Queue, PS: g.Discipline == "ps",
			Speed: g.Speed, Weight: g.Weight, DropCanceled: g.OnCancel == "drop",
		}
		if d := g.Degrade; d != nil {
			b.Degrade = &Degrade{AboveRPS: d.AboveRPS, Factor: d.Factor}
		}
		for i := range g.Count {
			b.Name = g.Name
			if g.Count > 1 {
				b.Name += "[" + strconv.Itoa(i) + "]"
			}
			out = append(out, b)
		}
	}
	return out
}

// zones returns the zones in order of appearance.
func (l groupList) zones() []string {
	var out []string
	seen := make(map[string]bool)
	for _, g := range l {
		if g.Zone != "" && !seen[g.Zone] {
			seen[g.Zone] = true
			out = append(out, g.Zone)
		}
	}
	return out
}

// networkSpec is the network: block.
type networkSpec struct {
	SameZone  distSpec `yaml:"same_zone" doc:"one way within a zone"`
	CrossZone distSpec `yaml:"cross_zone" doc:"one way between zones"`
}

func (w *networkSpec) compile(b *balancers, groups groupList) network {
	out := network{same: w.SameZone.dist(), cross: w.CrossZone.dist()}
	number := map[string]int32{}
	of := func(zone string) int32 {
		if zone == "" {
			return anyZone
		}
		if _, ok := number[zone]; !ok {
			number[zone] = int32(len(number))
		}
		return number[zone]
	}
	for i := range b.Count {
		zone := ""
		if len(b.Zones) > 0 {
			zone = b.Zones[i%len(b.Zones)]
		}
		out.balancerZones = append(out.balancerZones, of(zone))
	}
	for _, g := range groups {
		var extra Dist
		if g.Latency != (distSpec{}) {
			extra = g.Latency.dist()
		}
		for range g.Count {
			out.backendZones = append(out.backendZones, of(g.Zone))
			out.extra = append(out.extra, extra)
		}
	}
	return out
}
