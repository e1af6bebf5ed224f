package strict

// Limits on what is read and on what is said about it. They bound time and
// memory for hostile input; no sensible file comes near them.
const (
	// MaxBytes is the largest document, and the largest value given to Set.
	MaxBytes = 1 << 20
	// MaxDepth is the deepest nesting of lists and mappings.
	MaxDepth = 32
	// MaxNodes is the number of keys, values and containers in a document
	// after its aliases have been expanded.
	MaxNodes = 100_000
	// MaxErrors is the number of errors that Errors.Error prints.
	MaxErrors = 100

	// maxQuoted is the longest piece of input quoted in a message, in characters.
	maxQuoted = 60
	// maxListed is the number of names listed in one message.
	maxListed = 24
	// maxName is the longest name for which Nearest looks for a neighbour, in
	// characters; its work grows with the square.
	maxName = 64
	// maxReparse is the number of bytes that are parsed again to find the line
	// of a syntax error; every attempt costs reparseCost on top of its length.
	maxReparse  = MaxBytes
	reparseCost = 1024
)
