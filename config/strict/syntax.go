package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// read parses data and returns its checked tree. When it is not one well-formed
// document the errors say so and the tree is of no use.
func (g *grower) read(data []byte) *yaml.Node {
	g.open = make(map[*yaml.Node]bool)
	empty := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: 1, Column: 1}
	if len(data) > MaxBytes {
		g.errorf(empty, "", "larger than %d bytes", MaxBytes)
		return empty
	}
	if i := badByte(data); i < len(data) {
		g.errorf(at(data, i), "", "%s", badByteMsg(data[i:]))
		return empty
	}
	docs, err := parseAll(bytes.NewReader(data))
	switch {
	case err != nil:
		g.syntaxError(data, err)
		return empty
	case len(docs) == 0:
		return empty
	case len(docs) > 1:
		g.errorf(docs[1], "", "expected one document, found the start of another")
		return empty
	}
	return g.grow(docs[0].Content[0], "", 1)
}

// parseAll parses up to two documents: the second one is an error, whatever
// follows it.
func parseAll(r io.Reader) (docs []*yaml.Node, err error) {
	// The library reports most errors by panicking inside and recovering, but
	// has internal errors that it lets out.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser failed: %v", r)
		}
	}()
	dec := yaml.NewDecoder(r)
	for len(docs) < 2 {
		doc := new(yaml.Node)
		switch err := dec.Decode(doc); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return docs, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// linePrefix is what the library puts before its messages. Its line is the
// start of the enclosing block, or one less, so it is not used.
var linePrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

// syntaxError notes a parser's error at the start of the line where the
// document stops being YAML.
func (g *grower) syntaxError(data []byte, err error) {
	start := syntaxLine(data)
	line, _, _ := bytes.Cut(data[start:], []byte("\n"))
	indent := len(line) - len(bytes.TrimLeft(line, " \t"))
	msg := linePrefix.ReplaceAllString(err.Error(), "")
	if bytes.ContainsRune(line[:indent], '\t') {
		msg += " (indent with spaces, not tabs)"
	}
	g.errorf(at(data, start+indent), "", "not valid YAML: %s", msg)
}

// syntaxLine returns the offset of the line that makes data invalid: all lines
// before it are a valid document. It looks for that line backwards from where
// the parser stopped. In a document so large that the search must be cut short
// it returns the line where the parser stopped, which can lie behind the cause,
// as for a bracket that is never closed.
func syntaxLine(data []byte) int {
	tally := &countingReader{data: data}
	_, _ = parseAll(tally) // fails: data is known to be invalid
	stop := lineStart(data, max(tally.read-1, 0))
	start := stop
	for budget := maxReparse; start > 0; budget -= start + reparseCost {
		if budget < 0 {
			return stop
		}
		if _, err := parseAll(bytes.NewReader(data[:start])); err == nil {
			break
		}
		start = lineStart(data, start-1)
	}
	return start
}

// A countingReader hands out data a byte at a time, so that what has been read
// tells how far its user looked.
type countingReader struct {
	data []byte
	read int
}

func (r *countingReader) Read(p []byte) (int, error) {
	if r.read == len(r.data) {
		return 0, io.EOF
	}
	n := copy(p[:1], r.data[r.read:])
	r.read += n
	return n, nil
}

// lineStart returns the offset of the first byte of the line that holds offset i.
func lineStart(data []byte, i int) int {
	return bytes.LastIndexByte(data[:i], '\n') + 1
}

// at returns a node that stands for offset i in messages.
func at(data []byte, i int) *yaml.Node {
	start := lineStart(data, i)
	return &yaml.Node{
		Line:   bytes.Count(data[:start], []byte("\n")) + 1,
		Column: utf8.RuneCount(data[start:i]) + 1,
	}
}

// badByte returns the offset of the first byte that YAML does not allow, or
// len(data).
func badByte(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 || !printable(r) {
			return i
		}
		i += size
	}
	return len(data)
}

// badByteMsg says what is wrong with the first character of rest.
func badByteMsg(rest []byte) string {
	r, size := utf8.DecodeRune(rest)
	if r == utf8.RuneError && size == 1 {
		return "expected UTF-8 text, got byte " + fmt.Sprintf("0x%02x", rest[0])
	}
	return "control character " + strings.ToUpper(fmt.Sprintf("U+%04x", r)) + " is not allowed"
}

// printable reports whether YAML allows r (YAML 1.2.2, production 1, c-printable).
func printable(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return true
	case r < 0x20, r >= 0x7f && r < 0xa0, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}
