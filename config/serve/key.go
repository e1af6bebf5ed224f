package serve

import (
	"fmt"
	"strings"

	"github.com/lbctl/lbctl/config/strict"
)

// Key says what of a request policies hash.
type Key struct {
	Kind KeyKind
	Name string // of the header field or cookie
}

// KeyKind tells keys apart.
type KeyKind uint8

// The kinds of keys. Where a request has none, its client's address takes its place.
const (
	KeyClient KeyKind = iota // the client's address
	KeyPath                  // the path without its query
	KeyHeader                // the value of the first header field of a name
	KeyCookie                // the value of a cookie
)

var keyNames = []string{"client", "path", "header", "cookie"}

// UnmarshalScalar reads client, path, header NAME or cookie NAME.
func (k *Key) UnmarshalScalar(s string) error {
	kind, name, named := strings.Cut(s, " ")
	for i, valid := range keyNames {
		if kind != valid {
			continue
		}
		got := Key{KeyKind(i), name}
		if wants := got.Kind == KeyHeader || got.Kind == KeyCookie; wants != named || wants && !isToken(name) {
			break
		}
		*k = got
		return nil
	}
	msg := fmt.Sprintf("expected client, path, header NAME or cookie NAME; got %q", s)
	if near := strict.Nearest(kind, keyNames); near != "" && near != kind {
		msg += fmt.Sprintf("; did you mean %q?", strings.TrimSpace(near+" "+name))
	}
	return fmt.Errorf("%s", msg)
}

func (k Key) String() string {
	return strings.TrimSpace(keyNames[k.Kind] + " " + k.Name)
}

// isToken tells whether s is a token of RFC 9110 §5.6.2.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if !isWord(string(c)) && !strings.ContainsRune("!#$%&'*+.^`|~", rune(c)) {
			return false
		}
	}
	return s != "" && len(s) <= 256
}
