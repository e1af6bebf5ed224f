package serve

import "testing"

func TestWildcards(t *testing.T) {
	for host, want := range map[Host]string{"*.example.com": ".example.com", "example.com": "", "": ""} {
		suffix, ok := host.Wildcard()
		if ok != (want != "") || ok && suffix != want {
			t.Errorf("%q: got %q, %v", host, suffix, ok)
		}
	}
}

func TestStatusSet(t *testing.T) {
	var s StatusSet
	if err := s.UnmarshalScalar(" 599, 200-202 ,201-299"); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[int]bool{-1: false, 0: false, 199: false, 200: true, 299: true, 300: false, 598: false, 599: true, 600: false, 1 << 20: false} {
		if s.Has(status) != want {
			t.Errorf("%d: got %v", status, !want)
		}
	}
	if got := s.String(); got != "200-299,599" {
		t.Errorf("got %s", got)
	}
}
