package policy

import (
	"math"

	"github.com/lbctl/lbctl/lb"
)

// totalWeight sums the members' weights. It is finite: lb bounds both the number
// of members and each weight.
func totalWeight(members []lb.Member) float64 {
	sum := 0.0
	for _, m := range members {
		sum += m.Weight
	}
	return sum
}

// maxCycle bounds the length of a compiled rotation: 128 KB of indices.
const maxCycle = 1 << 16

// wholeTurns returns how many turns each member gets in one cycle of at most maxCycle turns.
//
// Weights that are whole multiples of 1, 0.1, 0.01, 0.001 or of the smallest
// one, and whose cycle fits once the common divisor is taken out, are exact.
// Others are rounded to a cycle of about roundedCycle(n) turns, at least one for
// each member: a share p is then off by at most (1+n·p)/(roundedCycle(n)−n/2), less than 1% of
// itself for an average backend of a pool of up to 200.
func wholeTurns(members []lb.Member) []int {
	least := members[0].Weight
	for _, m := range members {
		least = min(least, m.Weight)
	}
	for _, unit := range [...]float64{1, 0.1, 0.01, 0.001, least} {
		if turns, ok := exactTurns(members, unit); ok {
			return turns
		}
	}
	return roundedTurns(members)
}

// exactTurns expresses the weights as multiples of unit in lowest terms. It
// fails when one is not a multiple or the cycle would be too long.
func exactTurns(members []lb.Member, unit float64) ([]int, bool) {
	const tolerance = 1e-9 // relative; decimal fractions are not exact in binary
	turns := make([]int, len(members))
	divisor, sum := 0, 0
	for i, m := range members {
		multiple := m.Weight / unit
		whole := math.Round(multiple)
		if whole < 1 || whole > math.MaxInt32 || math.Abs(multiple-whole) > tolerance*whole {
			return nil, false
		}
		turns[i] = int(whole)
		divisor = gcd(divisor, turns[i])
		sum += turns[i]
	}
	if sum/divisor > maxCycle {
		return nil, false
	}
	for i := range turns {
		turns[i] /= divisor
	}
	return turns, true
}

// roundedCycle is how many turns to aim at for n members whose weights have to
// be rounded: 256 for each, within limits. Each rounding adds less than one turn,
// so room is left for n of them.
func roundedCycle(n int) int { return min(max(1<<12, n<<8), maxCycle-n) }

func roundedTurns(members []lb.Member) []int {
	turns := make([]int, len(members))
	perWeight := float64(roundedCycle(len(members))) / totalWeight(members)
	for i, m := range members {
		turns[i] = max(1, int(math.Round(m.Weight*perWeight)))
	}
	return turns
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
