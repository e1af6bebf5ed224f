# Targets for people; .ci/run calls the same ones. Go is all that is needed.
.POSIX:
.PHONY: help build test race fuzz bench bench-proxy bench-idle benchproxy lint check golden crosscheck clean

GO ?= go
# Packages for `make race`.
RACE ?= ./...
# Time for each fuzz target.
FUZZTIME ?= 10s
# The longest that one package's tests may take.
TIMEOUT ?= 10m

# Property tests draw the same cases every time, and leave no files behind: RAPID_SEED=0 draws new ones.
RAPID_SEED ?= 1
RAPID_NOFAILFILE ?= true
export RAPID_SEED RAPID_NOFAILFILE

help: ## list the targets (this)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

build: ## build bin/lbctl
	@mkdir -p bin
	$(GO) build -trimpath -o bin/lbctl ./cmd/lbctl

test: ## run all tests
	$(GO) test -timeout $(TIMEOUT) ./...

race: ## run the tests under the race detector (RACE=./lb/... for some); needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -timeout $(TIMEOUT) $(RACE)

fuzz: ## run each fuzz target for FUZZTIME=10s
	@GO="$(GO)" scripts/fuzz.sh $(FUZZTIME)

bench: ## run the benchmarks that the README quotes, on one core
	$(GO) test -run '^$$' -bench '^BenchmarkSimulate$$/^p2c-100$$|^BenchmarkBareLoop$$' -benchmem -cpu 1 ./sim
	$(GO) test -run '^$$' -bench '^BenchmarkRoundTrip$$/./^100$$' -benchmem -cpu 1 ./lb/policy

# Settings are variables, as in make bench-proxy ROUNDS=9 ROWS='h1-c64-*'; docs/bench-proxy.md lists them.
bench-proxy: build benchproxy ## CPU per request of lbctl, haproxy and nginx side by side (QUICK=1: a smoke)
	@exec bin/benchproxy cpu

bench-idle: build benchproxy ## memory per idle client of lbctl, haproxy and nginx side by side
	@exec bin/benchproxy idle

benchproxy:
	@mkdir -p bin
	$(GO) build -trimpath -o bin/benchproxy ./scripts/benchproxy

lint: ## gofmt, go vet and staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt -w these:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

check: lint ## before a commit: lint, the floors of ARCHITECTURE.md, all tests
	$(GO) test .
	$(GO) test -timeout $(TIMEOUT) ./...

golden: ## rewrite golden files and stories from what the code does now; then read the diff
	@GO="$(GO)" scripts/golden.sh

crosscheck: ## recompute with GNU Octave the theory that the simulator is held to
	$(GO) test -count=1 -v ./sim/crosscheck

clean: ## remove what the targets made
	rm -rf bin lbctl-report.html lbctl-bench.html
	rm -f *.prof *.test
