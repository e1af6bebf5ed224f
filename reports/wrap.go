package reports

import (
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// width is the number of terminal columns that s takes. Characters of ambiguous width (±, ★, ≥)
// count as narrow in every locale, as tablewriter is told too.
func width(s string) int {
	return twwidth.WidthWithOptions(s, twwidth.Options{})
}

// cut splits s so that the head is at most limit columns wide.
func cut(s string, limit int) (head, rest string) {
	used := 0
	for i, r := range s {
		if used += width(string(r)); used > limit {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// truncate shortens s to at most limit columns, … included; limit ≥ 1.
func truncate(s string, limit int) string {
	if width(s) <= limit {
		return s
	}
	head, _ := cut(s, limit-1)
	return head + "…"
}

// wrap breaks text into lines of at most limit columns between words, and within
// a word that is longer. Lines after the first begin with indent, which is shorter than limit.
func wrap(text string, limit int, indent string) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && width(line)+1+width(word) <= limit {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
			word = indent + word
		}
		for width(word) > limit {
			var head string
			head, word = cut(word, limit)
			lines = append(lines, head)
			word = indent + word
		}
		line = word
	}
	return append(lines, line)
}

// breakName breaks a name after its separators into lines of about limit
// columns, for the head of a narrow column.
func breakName(name string, limit int) string {
	var lines []string
	line := ""
	for _, piece := range pieces(name) {
		if line != "" && width(line+piece) > limit {
			lines = append(lines, line)
			line = ""
		}
		line += piece
	}
	return strings.Join(append(lines, line), "\n")
}

// pieces splits "one-slow/70%" into "one-", "slow/", "70%".
func pieces(name string) []string {
	var out []string
	from := 0
	for i, r := range name {
		if strings.ContainsRune("-_/. ", r) {
			out = append(out, name[from:i+1])
			from = i + 1
		}
	}
	return append(out, name[from:])
}
