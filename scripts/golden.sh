#!/bin/sh
# Rewrites everything that tests compare against: stories (cockroachdb/datadriven,
# flag -rewrite) and golden files (flag -update).
set -eu
GO=${GO:-go}
cd "$(dirname "$0")/.."

# packages_with PATTERN: the directories whose tests match.
packages_with() {
	grep -rlE --include='*_test.go' "$1" . | sed 's|/[^/]*$||' | sort -u
}

for dir in $(packages_with '^[[:space:]]+"github.com/cockroachdb/datadriven"$'); do
	"$GO" test -count=1 "$dir" -args -rewrite
done
for dir in $(packages_with 'flag\.Bool\("update"'); do
	"$GO" test -count=1 "$dir" -args -update
done
git status --short -- '*testdata*' 2>/dev/null || true
