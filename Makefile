# malgrupp: every target is one line of meaning; `make` alone prints the list.
export CGO_ENABLED = 0
# Google's storage library without gRPC's load balancers, gRPC without its trace pages: we speak JSON over HTTP to it. The
# pages' templates alone would keep every method of every library in the program. Tests run with what is shipped.
export GOFLAGS := $(strip $(shell go env GOFLAGS) -tags=disable_grpc_modules,grpcnotrace)
TOOL = go tool -modfile=.ci/tools.mod
BIN = bin/malgrupp
SBOM = bin/cyclonedx-gomod
VERSION = $(shell cat VERSION)
STRIPPED = -s -w -X main.version=$(VERSION)
small = @size=$$(wc -c < $(1)); test $$size -le 50000000 || { echo "$(1) has $$size bytes, more than 50 MB: see what go.mod gained"; exit 1; }
KILLS = TestAProjectThatIsKilledAgainAndAgainLosesNobody
TCF = TestTheOfficialLibraryReadsTheSameInTCStrings|TestALogOfStringsDecidesWhatThePlainLogDecides|TestStringsGiveTheSameListsByteForByteInTheLogAndOnRows
BROWSER = TestAReportIsReadInABrowser
RANDOM = TestTheEngineAndTheReferenceAgreeOnRandomRulesAndHistories

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 12

build: ## the program, bin/malgrupp
	go build -buildvcs=false -ldflags "$(STRIPPED)" -o $(BIN) ./cmd/malgrupp
	$(call small,$(BIN))

dist: ## what is released, in dist/: program, SBOM and checksums, the same bytes from any folder; SIGNING_KEY=FILE signs them
	@tag=$$(git describe --tags --exact-match --match 'v*' --dirty 2> /dev/null || echo v$(VERSION)); test "$$tag" = v$(VERSION) || \
		{ echo "this is $$tag and VERSION says $(VERSION): release the tag v$(VERSION) without changes, or mend VERSION"; exit 1; }
	go build -trimpath -buildvcs=false -ldflags "$(STRIPPED) -buildid=" -o dist/malgrupp ./cmd/malgrupp
	$(call small,dist/malgrupp)
	GOOS= GOARCH= go build -trimpath -modfile=.ci/tools.mod -o $(SBOM) github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	GOPROXY=off GOSUMDB=off $(SBOM) bin -json -licenses -std -version v$(VERSION) -noserial -notimestamp -output dist/malgrupp.cdx.json \
		dist/malgrupp 2> $(SBOM).log || { cat $(SBOM).log; exit 1; }
	@rm -f dist/SHA256SUMS.sig
	cd dist && sha256sum malgrupp malgrupp.cdx.json > SHA256SUMS
	@if test -n "$(SIGNING_KEY)"; then ssh-keygen -Y sign -n malgrupp-release -f "$(SIGNING_KEY)" dist/SHA256SUMS; \
		else echo "dist/SHA256SUMS is not signed: name the key of an SSH signature, make dist SIGNING_KEY=FILE"; fi

demo: build ## forty days of an invented bank, from logs to lists and a report, in ./demo
	./$(BIN) demo --dir demo --force

test: ## everything that needs only Go
	go vet ./...
	go test ./...

race: ## the same under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -short ./...

check: lint docs-check ## what a reviewer would ask first: format, vet, staticcheck, generated docs

lint: ## gofumpt, go vet, staticcheck, the size of rooms, files and lines; nothing built is tracked
	@test -z "$$($(TOOL) gofumpt -l . | tee /dev/stderr)" || { echo "run: make fmt"; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...
	@test -z "$$(git ls-files -z | xargs -0 -I{} find {} -maxdepth 0 -size +1M | tee /dev/stderr)" || { echo "no file of the repository may be larger than 1 MB"; exit 1; }
	go test -run "^TestTheHouseStaysReadable$$" ./cmd/malgrupp

fmt: ## rewrite the code as gofumpt wants it
	$(TOOL) gofumpt -w .

docs: build ## regenerate docs/reference, docs/functions.md and docs/keys.md
	rm -rf docs/reference
	./$(BIN) docs markdown --dir docs/reference
	./$(BIN) docs functions > docs/functions.md
	./$(BIN) docs keys > docs/keys.md

docs-check: docs
	@test -z "$$(git status --porcelain -- docs/reference docs/functions.md docs/keys.md | tee /dev/stderr)" || { echo "generated docs are out of date: commit what make docs made"; exit 1; }

golden: ## rewrite golden files; look at the diff afterwards
	UPDATE=1 go test ./...

mutations: ## 100,000 damaged Parquet files, each an error or the same rows
	MALGRUPP_MUTATIONS=$(or $(COUNT),100000) go test -count=1 -v -run '^TestDamageIsAnErrorOrTheSameRows$$' ./pipeline/parquet

mutants: ## 300 single faults planted in the rooms that matter, each of which a test must notice; COUNT=all for all of 7,800
	go run ./.ci/mutants -count $(or $(COUNT),300)

mutants-sample: ## 20 of them in rooms with quick tests, which must kill most; survivors.txt must name mutants that there are
	go run ./.ci/mutants -own -count $(or $(COUNT),20) -slow 3s -budget 10s

faults: ## every call at a storage and every step in a folder fails in every way; the next run heals it
	MALGRUPP_FAULTS=1 go test -timeout 60m -count=1 -v -run '^(TestAnyCallMayFailInAnyWay|TestAnyStepInAFolderMayFail)$$' ./pipeline

fuzz: ## each fuzz target for 30 s
	@for p in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
		echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 30s -fuzzminimizetime 20x $$p || exit 1; done; done

e2e: build ## real logs and second opinions; prints the seed of the random cases
	cd e2e && go test -timeout 30m -count=1 -skip '^($(RANDOM)|$(KILLS)|$(TCF)|$(BROWSER))$$' ./...
	cd e2e && go test -timeout 30m -count=1 -v -run '^($(RANDOM)|$(KILLS)|$(TCF)|$(BROWSER))$$' .
	go test -timeout 30m -count=1 -run '^TestANightWithKeptEvidenceDecidesWhatOneWithoutDoes$$' ./pipeline -rapid.checks=200

kills: build ## 1,000 kills of the program at work, in folders and on S3
	cd e2e && MALGRUPP_KILLS=$(or $(COUNT),1000) go test -timeout 60m -count=1 -v -run '^$(KILLS)$$' .

vulnerabilities: ## known vulnerabilities of code that is reached; skipped where their database is not reached (another: DB=URL)
	@said=$$($(TOOL) govulncheck $(if $(DB),-db $(DB)) ./... 2>&1); code=$$?; echo "$$said"; case "$$code $$said" in 0*) ;; \
		1*"govulncheck: fetching vulnerabilities: "*) echo "SKIPPED: nothing was checked, the database of vulnerabilities is out of reach";; \
		*) exit 1;; esac

bench: ## rows per second of reader, scan, gate and fold on E20, and the decode floor; benchstat-ready in bench/new.txt
	cd bench && go test -run '^$$' -bench . -benchmem -benchtime 1x -count $(or $(COUNT),6) -timeout 60m . | tee new.txt

bench-check: build ## E2 beside DuckDB, members compared, and the tests of the benchmarks; skipped without Python and DuckDB
	cd bench && go test -count=1 -v -run '^TestS50IsNoSlowerBesideDuckDBThanRecorded$$' ./peers
	cd bench && go vet ./... && go test . ./e20 ./flame

bench-peers: build ## malgrupp beside DuckDB and Polars, members compared first, into bench/RESULTS.md; ONLY=S50,Q10 COUNT=5
	cd bench && go build -o ../bin/peers ./peers && ../bin/peers -only "$(ONLY)" -count $(or $(COUNT),5)

.PHONY: help build demo test race check lint fmt docs docs-check golden mutations mutants mutants-sample faults fuzz e2e kills vulnerabilities bench bench-check bench-peers dist
