package proxy

import "github.com/lbctl/lbctl/proxy/http1"

// chunkTail is kept free after what is read from a backend, for the CRLF that
// ends a chunk made of it and the last chunk.
const chunkTail = len("\r\n" + http1.FinalChunk)

// passChunks takes apart p, the next part of a chunked body, and moves together
// at its front what is passed on: the body in canonical form, without chunk
// extensions, or its data alone. used is how many bytes of p are dealt with (the
// rest is the beginning of something that is not there whole), data how many of
// them are data; done says that the body ended.
func passChunks(c *http1.Chunks, p []byte, dataOnly bool) (passed []byte, used int, data int64, done bool, err *http1.Error) {
	out := 0
	for used < len(p) {
		n, piece, err := c.Scan(p[used:])
		if err != nil {
			return p[:out], used, data, false, err
		}
		switch piece {
		case http1.PieceNeedMore:
			return p[:out], used, data, false, nil
		case http1.PieceData:
			out += move(p, out, used, n)
			data += int64(n)
		case http1.PieceFraming, http1.PieceTrailer, http1.PieceEnd:
			if !dataOnly {
				out += move(p, out, used, n)
			}
		case http1.PieceRewrite: // the canonical line is never longer
			if !dataOnly {
				out = len(http1.AppendChunkLine(p[:out], int(c.Size())))
			}
		}
		used += n
		if piece == http1.PieceEnd {
			return p[:out], used, data, true, nil
		}
	}
	return p[:out], used, data, false, nil
}

func move(p []byte, to, from, n int) int {
	if to != from {
		copy(p[to:], p[from:from+n])
	}
	return n
}
