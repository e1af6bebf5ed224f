package strict

import "strings"

// Nearest returns the valid name that name was most likely meant to be, or ""
// when none is near. Near is a Damerau–Levenshtein distance (optimal string
// alignment: Damerau, CACM 7(3) 1964) of at most a third of the longer name,
// case ignored, or a name that lacks or adds a suffix such as "_ms" or
// "-backend". Ties go to the earlier valid name.
func Nearest(name string, valid []string) string {
	folded := []rune(strings.ToLower(name))
	if len(folded) == 0 || len(folded) > maxName {
		return ""
	}
	best, bestDistance := "", maxName
	for _, v := range valid {
		candidate := []rune(strings.ToLower(v))
		if len(candidate) > maxName {
			continue
		}
		d := distance(folded, candidate)
		if d >= bestDistance {
			continue
		}
		if d <= max(len(folded), len(candidate))/3 || suffixed(name, v) || suffixed(v, name) {
			best, bestDistance = v, d
		}
	}
	return best
}

// suffixed reports whether long is short with a suffix after an underscore or a
// hyphen, as rate_rps is rate with its unit.
func suffixed(long, short string) bool {
	rest, ok := strings.CutPrefix(long, short)
	return ok && short != "" && rest != "" && strings.ContainsRune("_-", rune(rest[0]))
}

// distance returns the number of insertions, deletions, substitutions and swaps
// of neighbours that turn a into b.
func distance(a, b []rune) int {
	// Three rows of the usual table: before the last, last, current.
	older := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, last, row = last, row, older
	}
	return last[len(b)]
}
