# malgrupp: every target is one line of meaning; `make` alone prints the list.
export CGO_ENABLED = 0
TOOL = go tool -modfile=.ci/tools.mod
BIN = bin/malgrupp
VERSION = $(shell cat VERSION)
RANDOM = TestTheEngineAndTheReferenceAgreeOnRandomRulesAndHistories

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 12

build: ## the program, bin/malgrupp
	go build -buildvcs=false -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/malgrupp

dist: ## the program as it is released: the same bytes from any folder, in dist/
	go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$(VERSION)" -o dist/malgrupp ./cmd/malgrupp

demo: build ## forty days of an invented bank, from logs to lists, in ./demo
	./$(BIN) demo --dir demo --force

test: ## everything that needs only Go
	go vet ./...
	go test ./...

race: ## the same under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -short ./...

check: lint docs-check ## what a reviewer would ask first: format, vet, staticcheck, generated docs

lint: ## gofumpt, go vet, staticcheck
	@test -z "$$($(TOOL) gofumpt -l . | tee /dev/stderr)" || { echo "run: make fmt"; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...

fmt: ## rewrite the code as gofumpt wants it
	$(TOOL) gofumpt -w .

docs: build ## regenerate docs/reference and docs/functions.md
	rm -rf docs/reference
	./$(BIN) docs markdown --dir docs/reference
	./$(BIN) docs functions > docs/functions.md

docs-check: docs
	@test -z "$$(git status --porcelain -- docs/reference docs/functions.md | tee /dev/stderr)" || { echo "generated docs are out of date: commit what make docs made"; exit 1; }

golden: ## rewrite golden files; look at the diff afterwards
	UPDATE=1 go test ./...

mutations: ## 100,000 damaged Parquet files, each an error or the same rows
	MALGRUPP_MUTATIONS=$(or $(COUNT),100000) go test -count=1 -v -run '^TestDamageIsAnErrorOrTheSameRows$$' ./pipeline/parquet

fuzz: ## each fuzz target for 30 s
	@for p in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 30s -fuzzminimizetime 20x $$p || exit 1; done; done

e2e: build ## real logs and second opinions; prints the seed of the random cases
	cd e2e && go test -timeout 30m -count=1 -skip '^$(RANDOM)$$' ./...
	cd e2e && go test -timeout 30m -count=1 -v -run '^$(RANDOM)$$' .

bench: ## rows per second of reader, scan, gate and fold on E20, and the decode floor; benchstat-ready in bench/new.txt
	cd bench && go test -run '^$$' -bench . -benchtime 1x -count $(or $(COUNT),6) -timeout 60m . | tee new.txt

.PHONY: help build demo test race check lint fmt docs docs-check golden mutations fuzz e2e bench dist
