package lb

import (
	"strconv"
	"strings"
)

// Trace is the explanation of one pick. A nil *Trace is tracing switched off:
// pickers test for nil before they do anything that only an explanation needs.
type Trace struct {
	// RuleOnly is set by the caller who wants to know Rule and TieBreak alone, as for a line of a log: candidates and
	// exclusions, which cost more than the pick, are left out.
	RuleOnly bool

	Version    uint64 // of the snapshot
	Policy     string
	Panic      bool
	Candidates []Candidate
	Excluded   []Exclusion
	Rule       string // what decided among the candidates, in the policy's words
	TieBreak   string // how equals were told apart; "" when none were equal
	Choice     int    // index among the snapshot's members; -1: none

	snapshot *Snapshot
}

// Candidate is a member that the policy looked at.
type Candidate struct {
	Index    int
	Backend  string
	InFlight int
	Weight   float64
	Score    float64 // as the policy defines it; Scored tells whether it does
	Scored   bool
	Note     string
}

func (t *Trace) begin(s *Snapshot) {
	*t = Trace{
		RuleOnly: t.RuleOnly, Version: s.version, Policy: s.policy, Panic: s.panics, Choice: -1, snapshot: s,
		Candidates: t.Candidates[:0], Excluded: t.Excluded[:0],
	}
	if !t.RuleOnly {
		t.Excluded = append(t.Excluded, s.excluded...)
	}
}

// Detailed says whether candidates are wanted; t may be nil.
func (t *Trace) Detailed() bool { return t != nil && !t.RuleOnly }

// Consider notes that member i was looked at. Call only on a non-nil Trace.
func (t *Trace) Consider(i int, note string) {
	if t.RuleOnly {
		return
	}
	m := t.snapshot.members[i]
	t.Candidates = append(t.Candidates, Candidate{Index: i, Backend: m.name, InFlight: m.InFlight(), Weight: m.Weight, Note: note})
}

// Score notes that member i was looked at and what score it got.
func (t *Trace) Score(i int, score float64, note string) {
	if t.RuleOnly {
		return
	}
	t.Consider(i, note)
	c := &t.Candidates[len(t.Candidates)-1]
	c.Score, c.Scored = score, true
}

// Chosen returns the name of the backend that was chosen, "" for none.
func (t *Trace) Chosen() string {
	if t.Choice < 0 {
		return ""
	}
	return t.snapshot.members[t.Choice].name
}

// String renders the explanation over several lines, the same for story tests,
// the simulator and the live proxy.
func (t *Trace) String() string {
	var b strings.Builder
	b.WriteString("policy " + t.Policy + ", snapshot " + strconv.FormatUint(t.Version, 10))
	if t.Panic {
		b.WriteString(", PANIC: health disregarded")
	}
	b.WriteByte('\n')
	for _, c := range t.Candidates {
		t.writeCandidate(&b, c)
	}
	for _, x := range t.Excluded {
		b.WriteString("  - " + x.Backend + ": excluded, " + x.Reason + "\n")
	}
	if t.Choice < 0 {
		b.WriteString("  → none: no backend available\n")
		return b.String()
	}
	b.WriteString("  → " + t.Chosen())
	if t.Rule != "" {
		b.WriteString(": " + t.Rule)
	}
	if t.TieBreak != "" {
		b.WriteString("; tie: " + t.TieBreak)
	}
	b.WriteByte('\n')
	return b.String()
}

func (t *Trace) writeCandidate(b *strings.Builder, c Candidate) {
	mark := "    "
	if c.Index == t.Choice {
		mark = "  * "
	}
	b.WriteString(mark + c.Backend + ": in-flight " + strconv.Itoa(c.InFlight))
	if t.snapshot.weighted {
		b.WriteString(", weight " + number(c.Weight))
	}
	if c.Scored {
		b.WriteString(", score " + number(c.Score))
	}
	if c.Note != "" {
		b.WriteString(" (" + c.Note + ")")
	}
	b.WriteByte('\n')
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 5, 64) }
