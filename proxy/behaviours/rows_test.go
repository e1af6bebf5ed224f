package behaviours_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// rows is the number of behaviours that tests of HTTP/1.1 can show.
const rows = 52

func TestEveryRowHasItsTest(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func TestRow(\d\d)`).FindAllSubmatch(text, -1) {
			found[string(m[1])]++
		}
	}
	for i := range rows {
		if n := found[fmt.Sprintf("%02d", i+1)]; n != 1 {
			t.Errorf("row %d has %d tests, expected one", i+1, n)
		}
	}
}
