package serve

import (
	"fmt"
	"strconv"
	"strings"
)

// The statuses that an HTTP answer can have (RFC 9110 §15), without interim ones.
const (
	minStatus = 200
	maxStatus = 599
)

// StatusSet is a set of final HTTP statuses. Its zero value is empty. It can be compared.
type StatusSet [(maxStatus - minStatus + 64) / 64]uint64

// Has says whether status is in the set.
func (s *StatusSet) Has(status int) bool {
	i := status - minStatus
	return i >= 0 && status <= maxStatus && s[i/64]>>(i%64)&1 == 1
}

func (s *StatusSet) add(from, to int) {
	for i := from - minStatus; i <= to-minStatus; i++ {
		s[i/64] |= 1 << (i % 64)
	}
}

// UnmarshalScalar reads statuses and ranges of them, such as "200-299,304".
func (s *StatusSet) UnmarshalScalar(text string) error {
	var set StatusSet
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		from, to := status(first), status(last)
		if from == 0 || to < from {
			return fmt.Errorf(`expected statuses from %d to %d, like "200-299,304"; got %q`, minStatus, maxStatus, text)
		}
		set.add(from, to)
	}
	*s = set
	return nil
}

// status returns the status that s spells, or 0.
func status(s string) int {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	if err != nil || n < minStatus || n > maxStatus {
		return 0
	}
	return int(n)
}

func (s StatusSet) String() string {
	var parts []string
	for from := minStatus; from <= maxStatus; from++ {
		if !s.Has(from) {
			continue
		}
		to := from
		for s.Has(to + 1) {
			to++
		}
		part := strconv.Itoa(from)
		if to > from {
			part += "-" + strconv.Itoa(to)
		}
		parts, from = append(parts, part), to
	}
	return strings.Join(parts, ",")
}
