package http1

import (
	"fmt"
	"strings"
	"testing"
)

// piece is a piece of a chunked body with its bytes.
type piece struct {
	what Piece
	text string
}

// scanAll scans what comes in parts cut at these offsets, and joins adjacent
// pieces of data. rest is what it left.
func scanAll(in []byte, cuts ...int) (pieces []piece, rest []byte, err *Error) {
	var c Chunks
	at := 0
	for _, end := range append(cuts, len(in)) {
		for {
			n, what, err := c.Scan(in[at:end])
			if err != nil {
				return pieces, in[at:], err
			}
			if what == PieceNeedMore {
				break
			}
			text := string(in[at : at+n])
			if last := len(pieces) - 1; what == PieceData && last >= 0 && pieces[last].what == PieceData {
				pieces[last].text += text
			} else {
				pieces = append(pieces, piece{what, text})
			}
			at += n
		}
	}
	return pieces, in[at:], nil
}

func TestChunksPieces(t *testing.T) {
	const in = "05\r\nhello\r\n00A;x=\"y\"\r\n0123456789\r\n1\r\n.\r\n1 \t;\r\n!\r\n0\r\nX-T: 1\r\nContent-Length: 5\r\nX_T: 1\r\n\r\nNEXT"
	want := []piece{
		{PieceRewrite, "05\r\n"}, {PieceData, "hello"}, {PieceFraming, "\r\n"},
		{PieceRewrite, "00A;x=\"y\"\r\n"}, {PieceData, "0123456789"}, {PieceFraming, "\r\n"},
		{PieceFraming, "1\r\n"}, {PieceData, "."}, {PieceFraming, "\r\n"},
		{PieceRewrite, "1 \t;\r\n"}, {PieceData, "!"}, {PieceFraming, "\r\n"},
		{PieceFraming, "0\r\n"}, {PieceTrailer, "X-T: 1\r\n"}, {PieceDroppedTrailer, "Content-Length: 5\r\n"}, {PieceDroppedTrailer, "X_T: 1\r\n"},
		{PieceEnd, "\r\n"},
	}
	for cut := range len(in) + 1 {
		pieces, rest, err := scanAll([]byte(in), cut)
		if err != nil || fmt.Sprint(pieces) != fmt.Sprint(want) || string(rest) != "NEXT" {
			t.Fatalf("cut at %d: %q, rest %q, %v", cut, pieces, rest, err)
		}
	}
}

func TestChunksRefused(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     *Error
	}{
		{"row11/0x5", "0x5\r\n", errChunkLine},
		{"row11/plus", "+5\r\n", errChunkSize},
		{"row11/minus", "-5\r\n", errChunkSize},
		{"row11/underscore", "5_0\r\n", errChunkLine},
		{"row11/17 digits", "00000000000000005\r\n", errChunkSize},
		{"row11/2^63", "8000000000000000\r\n", errChunkSize},
		{"row11/empty", "\r\n", errChunkSize},
		{"row11/space before", " 5\r\n", errChunkSize},
		{"row11/space after", "5 \r\n", errChunkLine},
		{"row11/no CRLF after the data", "1\r\nab\r\n", errChunkEnd},
		{"row11/CR without LF after the data", "1\r\na\rb", errChunkEnd},
		{"row12/LF after the size", "5\nhello", errChunkLine},
		{"row12/LF after the data", "1\r\na\n0\r\n\r\n", errChunkEnd},
		{"row12/LF after an extension", "5;a\nhello", errChunkExtension},
		{"row12/CR in an extension", "5;a\rb\r\n", errChunkLine},
		{"row12/CR after the size", "5\rX", errChunkLine},
		{"row12/LF after the last chunk", "0\n\n", errChunkLine},
		{"row12/LF for the empty line", "0\r\n\n", errBareLF},
		{"row13/one long extension", "5;" + strings.Repeat("x", 64<<10), errChunkLineLong},
		{"row13/one byte more than allowed", "5;" + strings.Repeat("x", MaxChunkLineBytes-len("5;\r\n")+1) + "\r\n", errChunkLineLong},
		{"row13/many extensions", strings.Repeat("1;"+strings.Repeat("x", 500)+"\r\na\r\n", 9), errExtensionsLong},
		{"row13/NUL", "5;\x00\r\n", errChunkExtension},
		{"row14/fold", "0\r\nA: b\r\n c\r\n\r\n", errFold},
		{"row14/space before the colon", "0\r\nA : b\r\n\r\n", errNameSpace},
		{"row14/CR without LF at the end", "0\r\n\rX", errBareCR},
		{"long trailer", "0\r\nA: " + strings.Repeat("x", MaxTrailerBytes), errTrailersLong},
		{"long trailers", "0\r\n" + strings.Repeat("A: "+strings.Repeat("x", 1000)+"\r\n", MaxTrailerBytes/1000+1), errTrailersLong},
		{"many trailers", "0\r\n" + strings.Repeat("A: b\r\n", MaxTrailers+1), errTrailersMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			if pieces, _, err := scanAll([]byte(c.in)); err != c.want {
				t.Errorf("%.80q: %.80q, %v, want %v", c.in, pieces, err, c.want)
			}
		})
	}
}

// Row 14: what is forbidden in trailers, and what is not.
func TestChunksForbiddenTrailers(t *testing.T) {
	for _, c := range []struct {
		name string
		want Piece
	}{
		{"Content-Length", PieceDroppedTrailer}, {"host", PieceDroppedTrailer}, {"AUTHORIZATION", PieceDroppedTrailer},
		{"X-Forwarded-For", PieceDroppedTrailer}, {"If-None-Match", PieceDroppedTrailer}, {"Set-Cookie", PieceDroppedTrailer},
		{"Connection", PieceDroppedTrailer}, {"Transfer-Encoding", PieceDroppedTrailer}, {"Trailer", PieceDroppedTrailer},
		{"Grpc-Status", PieceTrailer}, {"ETag", PieceTrailer}, {"Digest", PieceTrailer}, {"Server-Timing", PieceTrailer},
		{"Endpoint-Load-Metrics", PieceTrailer},
	} {
		pieces, _, err := scanAll([]byte("0\r\n" + c.name + ": x\r\n\r\n"))
		if err != nil || len(pieces) != 3 || pieces[1].what != c.want {
			t.Errorf("%s: %v, %v, want piece %d", c.name, pieces, err, c.want)
		}
	}
}

// Legitimate bodies that stream byte by byte, with short extensions beside long
// data, pass however long they are.
func TestChunksOverheadAllowed(t *testing.T) {
	bytewise := strings.Repeat("1\r\na\r\n", 20000)
	signed := strings.Repeat("400;signature=0123456789abcdef\r\n"+strings.Repeat("x", 1024)+"\r\n", 1000)
	longest := "5;" + strings.Repeat("x", MaxChunkLineBytes-len("5;\r\n")) + "\r\nhello\r\n"
	for _, in := range []string{bytewise, signed, longest} {
		if _, rest, err := scanAll([]byte(in + FinalChunk)); err != nil || len(rest) != 0 {
			t.Errorf("%.40q…: %v, %d bytes left", in, err, len(rest))
		}
	}
}

func TestChunksSizes(t *testing.T) {
	var c Chunks
	n, what, err := c.Scan([]byte("7fffffffffffffff\r\nabc"))
	if n != 18 || what != PieceFraming || err != nil || c.Size() != 1<<63-1 {
		t.Fatal(n, what, err, c.Size())
	}
	if n, what, _ = c.Scan([]byte("abc")); n != 3 || what != PieceData || c.Left() != 1<<63-4 {
		t.Error(n, what, c.Left())
	}
	c.Reset()
	if _, rest, err := scanAll(append(AppendChunkLine(nil, 0x1f), 'a')); err != nil || len(rest) != 0 {
		t.Error("own line not understood", rest, err)
	}
	if got := string(AppendChunkLine(nil, 0)) + "\r\n"; got != FinalChunk {
		t.Errorf("last chunk %q", got)
	}
}

// After the end nothing is taken.
func TestChunksEnd(t *testing.T) {
	if _, rest, err := scanAll([]byte(FinalChunk + FinalChunk)); err != nil || string(rest) != FinalChunk {
		t.Errorf("rest %q, %v", rest, err)
	}
}

// Trailers that drip in are read to the same end, or refused at the same limit.
func TestChunksByteByByte(t *testing.T) {
	for _, c := range []struct {
		in   string
		want *Error
	}{
		{"0\r\nX-T: " + strings.Repeat("x", 100) + "\r\nA: b\r\n\r\n", nil},
		{"0\r\nX-T: " + strings.Repeat("x", MaxTrailerBytes), errTrailersLong},
		{"0\r\nX-T: " + strings.Repeat("x", 100) + "\n\r\n", errBareLF},
	} {
		cuts := make([]int, len(c.in))
		for i := range cuts {
			cuts[i] = i
		}
		pieces, rest, err := scanAll([]byte(c.in), cuts...)
		if err != c.want || err == nil && (len(rest) > 0 || len(pieces) != 4) {
			t.Errorf("%.40q…: %.80q, rest %.20q, %v, want %v", c.in, pieces, rest, err, c.want)
		}
	}
}
