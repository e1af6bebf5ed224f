package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandLine returns the command that repeats a result: the flags that bear on it, not those
// that say what to show and where to put it.
func commandLine(cmd *cobra.Command, args []string) string {
	words := flagWords(cmd, func(flag string) bool {
		switch flag {
		case "json", "csv", "html", "events", "explain", "from":
			return false
		}
		return true
	})
	return cmd.CommandPath() + " " + quoteWords(append(plainArguments(args), words...))
}

// plainArguments sees to it that none is taken for a flag: only a file can be named like one.
func plainArguments(args []string) []string {
	var words []string
	for _, a := range args {
		if strings.HasPrefix(a, "-") {
			a = "./" + a
		}
		words = append(words, a)
	}
	return words
}

// flagWords returns the flags that were given and are wanted, as words of a command line.
func flagWords(cmd *cobra.Command, wanted func(flag string) bool) []string {
	var words []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !wanted(f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
			if f.Value.Type() == "stringSlice" {
				values = []string{strings.Join(values, ",")}
			}
		}
		for _, v := range values {
			words = append(words, "--"+f.Name, v)
		}
	})
	return words
}

// quoteWords writes words as a POSIX shell reads them.
func quoteWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = shellQuote(w)
	}
	return strings.Join(quoted, " ")
}

// shellQuote quotes a word when a shell would not take it as it is.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=,:%@+", r)
	}
	if word != "" && strings.TrimLeftFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
