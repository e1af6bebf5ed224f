package http1

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

// eachPlacement calls f with every byte at every place among harmless others, so
// that each lane of a word and the bytes after the last word see all values,
// and with all pairs of neighbours, across which a borrow could go.
func eachPlacement(f func(text []byte)) {
	text := make([]byte, 19)
	for place := range len(text) - 1 {
		for c := range 256 {
			for i := range text {
				text[i] = 'a'
			}
			text[place] = byte(c)
			f(text)
			for _, d := range []byte{0, '\t', ' ', '!', '"', '#', '$', ':', 'z', '{', '~', 0x7f, 0x80, 0xfe, 0xff} {
				text[place+1] = d
				f(text)
			}
		}
	}
}

func firstNot(text []byte, fits func(c byte) bool) int {
	for i, c := range text {
		if !fits(c) {
			return i
		}
	}
	return len(text)
}

func TestSkipsAgreeWithBytewise(t *testing.T) {
	isToken := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c > 0 && c < 0x80 && strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
	}
	isText := func(c byte) bool { return c == '\t' || c >= ' ' && c != 0x7f }
	isTarget := func(c byte) bool { return c > ' ' && c < 0x7f && c != '#' }
	eachPlacement(func(text []byte) {
		want := firstNot(text, isToken)
		if got, under := skipName(text, 0); got != want || under != (bytes.IndexByte(text[:want], '_') >= 0) {
			t.Fatalf("skipName(%q) = %d, %v, want %d", text, got, under, want)
		}
		if got, want := skipText(text, 0), firstNot(text, isText); got != want {
			t.Fatalf("skipText(%q) = %d, want %d", text, got, want)
		}
		if got, want := skipTarget(text, 0), firstNot(text, isTarget); got != want {
			t.Fatalf("skipTarget(%q) = %d, want %d", text, got, want)
		}
	})
}

// Every known name is found in any case, and no name that differs in one byte is.
func TestFieldOf(t *testing.T) {
	of := func(name string) FieldID { return fieldOf([]byte(name+": value"), 0, len(name)) }
	for id := FieldOther + 1; id < fieldCount; id++ {
		name := id.String()
		if of(name) != id || of(strings.ToUpper(name)) != id {
			t.Errorf("%s is not found", name)
		}
		if of(name+"x") == id || of(name[1:]+"x") == id || len(name) > 2 && of(name[1:]) == id {
			t.Errorf("a longer or shifted name is taken for %s", name)
		}
		for i := range name {
			for c := range byte(128) {
				other := name[:i] + string(rune(c)) + name[i+1:]
				if byteClass[c]&classToken != 0 && of(other) == id && !strings.EqualFold(other, name) {
					t.Errorf("%q is taken for %s", other, name)
				}
			}
		}
	}
}

// A head that ends in a very short name is looked up without reading past it.
func TestFieldOfShortName(t *testing.T) {
	in := "GET / HTTP/1.1\r\nHost:a\r\nTE:\r\n\r\n"
	for i := range len(in) {
		var r Request
		if n, err := r.Parse([]byte(in)[:i:i], &DefaultLimits); n != 0 || err != nil {
			t.Fatal(i, n, err)
		}
		if n, err := r.Parse([]byte(in), &DefaultLimits); n != len(in) || err != nil || !r.Seen.Has(FieldTE) {
			t.Fatal(i, n, err)
		}
	}
}

func TestCheckAuthority(t *testing.T) {
	for in, want := range map[string]bool{
		"a": true, "a.b-c_d~e:80": true, "A:": true, "1.2.3.4:65535": true, "[::]": true, "[::1]:8080": true, "[1:2:3:4:5:6:7:8]": true,
		"": false, ":": false, ":80": false, "a:65536": false, "a:000080": false, "a:b": false, "a:80:80": false, "a b": false,
		"[]": false, "[a]": false, "[::1": false, "[::1]x": false, "[1.2.3.4]": false, "[fe80::1%25eth0]": false,
		"a,b": false, "a/b": false, "a@b": false, "%61": false, "\xe4": false, "a\"b": false,
	} {
		if _, got := checkAuthority([]byte(in)); got != want {
			t.Errorf("checkAuthority(%q) = %v, want %v", in, got, want)
		}
	}
}

func FuzzIPv6(f *testing.F) {
	for _, s := range []string{"::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:2:3:4:5:6:7::", "1::2::3", "12345::", ":1", "1:", "::1.2.3", "::01.2.3.4", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := netip.ParseAddr(s)
		want := err == nil && a.Is6() && a.Zone() == ""
		if got := validIPv6([]byte(s)); got != want {
			t.Errorf("validIPv6(%q) = %v, want %v", s, got, want)
		}
	})
}

func TestMethods(t *testing.T) {
	for m := MethodGet; m <= MethodPatch; m++ {
		in := []byte(m.String() + " /abcdefgh")
		if end, got := parseMethod(in, 0); got != m || end != len(m.String()) {
			t.Errorf("%s: %v, %d", m, got, end)
		}
		safe := m != MethodPost && m != MethodPatch && m != MethodConnect
		if m.Idempotent() != safe {
			t.Errorf("%s: idempotent %v", m, m.Idempotent())
		}
	}
	if MethodOther.Idempotent() {
		t.Error("an unknown method is not known to be idempotent")
	}
}
