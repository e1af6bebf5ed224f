package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// replacement is a file in the making. It takes the place of the one that it replaces when it is
// whole, so that there is always the old one or the new one. Devices and pipes are written to directly.
type replacement struct {
	*os.File
	target string // the file that is replaced; "": none, or done
}

// replace begins to replace the file called name, which need not exist. Through a symbolic
// link, what it leads to is replaced.
func replace(name string) (*replacement, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		return &replacement{File: f}, err
	}
	target := follow(name)
	f, tempErr := createBeside(target)
	if tempErr != nil {
		return nil, tempErr
	}
	r := &replacement{f, target}
	if err == nil {
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			r.discard()
			return nil, err
		}
	}
	return r, nil
}

// maxBeside is how many temporary files of one process may be in one directory.
const maxBeside = 1000

// createBeside makes a temporary file in the directory of target, with the permissions that the
// umask leaves, which os.CreateTemp does not give.
func createBeside(target string) (*os.File, error) {
	for i := range maxBeside {
		name := filepath.Join(filepath.Dir(target), fmt.Sprintf(".lbctl-%d-%d.tmp", os.Getpid(), i))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("there are %d temporary files beside it: %w", maxBeside, fs.ErrExist)
}

// maxLinks is how many symbolic links may lead from one to the next.
const maxLinks = 40

// follow returns what symbolic links lead to, whether it exists or not.
func follow(name string) string {
	for range maxLinks {
		to, err := os.Readlink(name)
		if err != nil {
			return name
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(name), to)
		}
		name = to
	}
	return name
}

// commit puts the whole new file into the place of the old one.
func (r *replacement) commit() error {
	err := r.Close()
	if err == nil && r.target != "" {
		err = os.Rename(r.Name(), r.target)
	}
	if err != nil {
		r.discard()
	}
	r.target = ""
	return err
}

// discard removes what was not committed.
func (r *replacement) discard() {
	r.Close()
	if r.target != "" {
		os.Remove(r.Name())
		r.target = ""
	}
}

// writable says why a file called name could not be written; it changes nothing.
func writable(name string) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return errors.New("is a directory; expected a file")
	case err == nil && !info.Mode().IsRegular():
		return nil // opening a pipe would wait for its reader
	case err == nil:
		old, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		old.Close()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	probe, err := createBeside(follow(name))
	if err != nil {
		return err
	}
	probe.Close()
	return os.Remove(probe.Name())
}
