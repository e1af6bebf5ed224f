package probe

import "testing"

// FuzzHealthAnswer: nothing that a server may send breaks the reader, and only SERVING passes.
func FuzzHealthAnswer(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x02\x08\x01"))
	f.Add([]byte("\x00\x00\x00\x00\x06\x12\x02hi\x08\x02"))
	f.Add([]byte("\x00\x00\x00\x00\x0b\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if checkServing(b) != nil {
			return
		}
		message, err := unframe(b)
		if err != nil {
			t.Fatalf("%q passes", b)
		}
		if status, ok := varintField(message, 1); !ok || status != 1 {
			t.Fatalf("%q passes with status %d, %v", b, status, ok)
		}
	})
}
