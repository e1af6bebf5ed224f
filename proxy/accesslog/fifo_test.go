//go:build unix

package accesslog

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// TestAPipeWithoutAReader is an error, and does not hold up whoever opens the log.
func TestAPipeWithoutAReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	check(t, syscall.Mkfifo(path, 0o600))
	if _, err := Open(Config{Path: path, Format: FormatJSON, BufferBytes: MinBufferBytes}); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("got %v", err)
	}
}
