package fakebackends

import "time"

// The limits of one backend.
const (
	MaxHeadBytes   = 64 << 10 // of a request's head, trailers included; a body may be as long as it likes, and is dropped
	MaxConnections = 65_536   // at once; more are closed as soon as they are accepted
	MaxIdleWaits   = 1024     // requests at once that wait for it to turn idle; more get 503
)

const (
	// writeLimit is how long an answer may take to fit into the socket's buffer. Only the answers to a peer that reads none of
	// them do not fit at once, and meanwhile its backend stands still.
	writeLimit = time.Second

	// refusalLimit is how long a refused client may take to read the refusal, and then go on sending.
	refusalLimit = time.Second

	// acceptPause is the wait after a connection could not be accepted, as for lack of descriptors.
	acceptPause = 10 * time.Millisecond

	// reopenPause is the wait before a recovered backend, whose port somebody else has taken, tries again to listen.
	reopenPause = 20 * time.Millisecond
)
