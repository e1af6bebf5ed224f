package experiment

import (
	"context"
	"testing"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		name, want string
		seeds      int
		baseline   string
		variants   []string
	}{
		{name: "one first", seeds: 20, variants: []string{"slow", "fast"},
			want: "fast has the lowest p99: 44.5 ms (41.5–47.4), 7.0× below slow (311 ms)."},
		{name: "equals first", seeds: 20, baseline: "slow", variants: []string{"fast", "slow", "twin"},
			want: "fast has the lowest p99: 44.5 ms (41.5–47.4), 7.0× below slow (311 ms); no significant difference between fast and twin."},
		{name: "the baseline is first", seeds: 20, variants: []string{"fast", "near", "slow"},
			want: "fast has the lowest p99: 44.5 ms (41.5–47.4), 7.0× below slow (311 ms); no significant difference between fast and near."},
		{name: "the baseline is among the first", seeds: 20, baseline: "twin", variants: []string{"fast", "twin", "slow"},
			want: "fast has the lowest p99: 44.5 ms (41.5–47.4); no significant difference between fast and twin."},
		{name: "no difference", seeds: 20, variants: []string{"fast", "twin"},
			want: "No significant difference between fast and twin: p99 44.5 ms (41.5–47.4)."},
		{name: "fast but failing", seeds: 20, variants: []string{"flaky", "slow", "fast"},
			want: "Of the 2 variants with no errors fast has the lowest p99: 44.5 ms (41.5–47.4); flaky has 20.0% (18.9–21.0) errors and a p99 of 23.2 ms (21.2–25.2)."},
		{name: "some fail more", seeds: 20, variants: []string{"dead", "flaky", "faulty"},
			want: "Of the 2 variants with the fewest errors flaky has the lowest p99: 23.2 ms (21.2–25.2); dead answers nothing."},
		{name: "the sound time out", seeds: 20, variants: []string{"dead", "sleeper", "dozer"},
			want: "sleeper and dozer have the fewest errors, at best 82.1% (81.0–83.2) of requests; their p99 lies among the time-outs, ≥ 100 ms; dead answers nothing; no significant difference between sleeper and dozer."},
		{name: "one sound", seeds: 20, variants: []string{"flaky", "slow"},
			want: "slow has the fewest errors: 0% of requests; its p99 is 311 ms (290–332); flaky has 20.0% (18.9–21.0) errors and a p99 of 23.2 ms (21.2–25.2)."},
		{name: "all time out", seeds: 20, variants: []string{"sleeper", "dozer"},
			want: "No significant difference between sleeper and dozer: the p99 of each lies among the time-outs, ≥ 100 ms."},
		{name: "one times out", seeds: 20, variants: []string{"sleeper", "fast"},
			want: "fast has the fewest errors: 0% of requests; its p99 is 44.5 ms (41.5–47.4); sleeper has 82.1% (81.0–83.2) errors and a p99 of ≥ 100 ms (timed out)."},
		{name: "nothing answered", seeds: 5, variants: []string{"dead"},
			want: "Nothing was answered."},
		{name: "one dead", seeds: 5, variants: []string{"dead", "fast"},
			want: "fast has the fewest errors: 0% of requests; its p99 is 40.8 ms (35.1–46.6); dead answers nothing."},
		{name: "one variant", seeds: 5, variants: []string{"fast"},
			want: "fast: p99 40.8 ms (35.1–46.6); errors 0%."},
		{name: "one replication", seeds: 1, variants: []string{"slow", "fast"},
			want: "In this one replication fast comes first: p99 41.5 ms and errors 0%, against 293 ms and 0% with slow; one replication shows no significance."},
	} {
		r := mustRun(Options{Cases: []Case{fakeCase("s", c.seeds, c.variants...)}, Baseline: c.baseline})
		if got := r.Scenarios[0].Finding; got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if r.Finding != r.Scenarios[0].Finding {
			t.Errorf("%s: headline %q of a single scenario", c.name, r.Finding)
		}
	}
}

func TestHeadlines(t *testing.T) {
	for _, c := range []struct {
		name, want string
		cases      []Case
	}{
		{name: "one ahead", cases: []Case{fakeCase("one", 20, "slow", "fast", "flaky"), fakeCase("two", 20, "slow", "fast", "flaky")},
			want: "Over 2 scenarios fast ranks first of 3 variants (mean place 1.0); its p99 is 92% above the lowest on average and 92% at worst, in one; next is slow (2.0)."},
		{name: "lead shared", cases: []Case{fakeCase("one", 20, "slow", "fast", "twin"), fakeCase("two", 20, "slow", "fast", "twin")},
			want: "Over 2 scenarios fast and twin together rank first of 3 variants (mean place 1.5)."},
		{name: "lowest in each", cases: []Case{fakeCase("one", 20, "slow", "fast"), fakeCase("two", 20, "slow", "fast")},
			want: "Over 2 scenarios fast ranks first of 2 variants (mean place 1.0); its p99 is the lowest in each; next is slow (2.0)."},
		{name: "nothing in common", cases: []Case{fakeCase("one", 3, "slow"), fakeCase("two", 3, "fast")},
			want: "2 scenarios without variants in common to rank over all of them."},
	} {
		if got := mustRun(Options{Cases: c.cases}).Finding; got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestHeadlineSaysInterrupted(t *testing.T) {
	for after, want := range map[int]string{
		2:  "In this one replication fast comes first: p99 41.5 ms and errors 0%, against 293 ms and 0% with slow; one replication shows no significance. Interrupted before two.",
		12: "Over 2 scenarios fast ranks first of 2 variants (mean place 1.0); its p99 is the lowest in each; next is slow (2.0). Interrupted: not all replications were made.",
	} {
		ctx, cancel := context.WithCancel(context.Background())
		runs := 0
		o := Options{Cases: []Case{fakeCase("one", 3, "fast", "slow"), fakeCase("two", 9, "fast", "slow")}, Workers: 1}
		r, err := Run(ctx, o, func(_ context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
			if runs++; runs == after {
				cancel()
			}
			return fakeRun(v.Policy, seed), nil
		})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if r.Finding != want {
			t.Errorf("\n got %s\nwant %s", r.Finding, want)
		}
	}
}
