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

// truncate shortens s to at most limit columns, … included; limit ≥ 1.
func truncate(s string, limit int) string {
	if width(s) <= limit {
		return s
	}
	var b strings.Builder
	used := 0
	for _, r := range s {
		if used += width(string(r)); used > limit-1 {
			break
		}
		b.WriteRune(r)
	}
	return b.String() + "…"
}

// wrap breaks text into lines of at most limit columns between words, and within
// a word that is longer. Lines after the first begin with indent.
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
			head := strings.TrimSuffix(truncate(word, limit+1), "…")
			if head == word || len(head) <= len(indent) {
				break
			}
			lines = append(lines, head)
			word = indent + strings.TrimPrefix(word, head)
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
