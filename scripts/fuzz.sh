#!/bin/sh
# Runs every fuzz target of the module for the given time each: go test takes
# only one target at a time.
set -eu
fuzztime=${1:-10s}
GO=${GO:-go}
cd "$(dirname "$0")/.."

targets=$(grep -rE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' . |
	sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort)
if [ -z "$targets" ]; then
	echo "no fuzz targets found" >&2
	exit 1
fi
echo "$targets" | while read -r dir name; do
	echo "== $dir $name"
	"$GO" test -run '^$' -fuzz "^$name\$" -fuzztime "$fuzztime" "$dir"
done
