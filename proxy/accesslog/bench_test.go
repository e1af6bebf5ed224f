package accesslog

import (
	"io"
	"testing"
)

// BenchmarkWrite is what a request pays for its line.
func BenchmarkWrite(b *testing.B) {
	for _, format := range []string{FormatJSON, FormatCombined} {
		b.Run(format, func(b *testing.B) {
			l := discarding(b, format)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				e := typical()
				for pb.Next() {
					l.Write(&e)
				}
			})
			b.SetBytes(int64(len(l.format(nil, ptr(typical()), new(stamp)))))
			b.ReportMetric(float64(l.Dropped())/float64(b.N), "dropped/op")
		})
	}
}

// BenchmarkFormat is the part of it that is done outside of the lock.
func BenchmarkFormat(b *testing.B) {
	for name, format := range map[string]func([]byte, *Entry, *stamp) []byte{"json": appendJSON, "combined": appendCombined} {
		b.Run(name, func(b *testing.B) {
			e := typical()
			var n line
			b.ReportAllocs()
			for b.Loop() {
				n.text = format(n.text[:0], &e, &n.stamp)
			}
			b.SetBytes(int64(len(n.text)))
		})
	}
}

func discarding(t testing.TB, format string) *Log {
	l := start(Config{Format: format, BufferBytes: 8 << 20, SamplePct: 100}, outputTo(unclosed{io.Discard}))
	t.Cleanup(func() { _ = l.Close() })
	return l
}
