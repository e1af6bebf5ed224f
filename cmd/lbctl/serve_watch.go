package main

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/lbctl/lbctl/config/strict"
)

// watchInterval is the time between two looks at the server file. Its content is compared, not its
// date: a mounted file may be a symbolic link that is turned to another one.
const watchInterval = time.Second

// fingerprint tells contents of files apart.
type fingerprint [sha256.Size]byte

// fingerprintOf is of a server file's text and of the files that it names.
func fingerprintOf(text []byte, names []string) fingerprint {
	all := sha256.New()
	add := func(part []byte) {
		sum := sha256.Sum256(part)
		all.Write(sum[:])
	}
	add(text)
	for _, name := range names {
		data, err := readPEM(name)
		if err != nil {
			data = fmt.Append(nil, err) // a file that cannot be read is a change, too
		}
		add(data)
	}
	return fingerprint(all.Sum(nil))
}

// watcher finds out whether the configuration has changed. It waits until two looks in a row find
// the same, for a file that is being written may well be valid and lack its end.
type watcher struct {
	loaded fingerprint // what runs, or what was refused last
	before fingerprint // the look before
}

// reset notes what has been loaded.
func (w *watcher) reset(seen fingerprint) { w.loaded, w.before = seen, seen }

// refuse notes that what was seen last will not do, so that it is not tried again.
func (w *watcher) refuse() { w.loaded = w.before }

// changed takes a look at the files of c.
func (w *watcher) changed(c *loaded) bool {
	text, err := readBounded(c.file, strict.MaxBytes)
	if err != nil {
		return false // it is being replaced, or has gone: what runs runs on
	}
	now := fingerprintOf(text, c.Files())
	settled := now == w.before
	w.before = now
	return settled && now != w.loaded
}
