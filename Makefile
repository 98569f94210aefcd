# Pulse: `make run` starts it, `make test` tests it, `make help` lists the rest.
# Needs Go, Node with npm, and make. Every other tool is pinned in tools/*.mod or web/package.json.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --match 'v*' --dirty 2>/dev/null | sed 's/^v//' | grep . || echo 0.1.0-dev)
LISTEN  ?= localhost:7655
MODULE  := github.com/pulse-platform/pulse

# Version control stamps fail in clones that another user owns, and the version is passed in anyway.
export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)

LDFLAGS        := -s -w -X main.version=$(VERSION) -X $(MODULE)/sdk/serve.version=$(VERSION)
GO_BUILD       := CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)"
BUF            := go tool -modfile=tools/buf.mod buf
LINT           := go tool -modfile=tools/lint.mod golangci-lint
WEB_SOURCES    := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -not -name "*.go" -print 2>/dev/null)
WEB_PRESENT    := $(wildcard web/package.json)
GOLDEN_DIRS    := $(sort $(dir $(shell grep -rlE --include='*_test.go' 'flag.Bool."update"' core sdk plugins agent e2e 2>/dev/null)))

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## Building

.PHONY: build
build: web binaries ## Build bin/pulse, bin/pulse-agent and bin/plugins

.PHONY: binaries
binaries:
	@mkdir -p bin/plugins
	$(GO_BUILD) -o bin/pulse ./core/cmd/pulse
	$(GO_BUILD) -o bin/pulse-agent ./agent/cmd/pulse-agent
	$(GO_BUILD) -o bin/pulse-plugins ./plugins/cmd/pulse-plugins
	@scripts/link-plugins.sh bin/pulse-plugins bin/plugins

.PHONY: web
web: ## Build the web app into web/dist, when its sources changed
ifneq ($(WEB_PRESENT),)
web: web/dist/index.html
endif

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch web/dist/.gitkeep $@

.PHONY: run
run: build ## Start Pulse on this machine, with its agent (LISTEN=host:port)
	@LISTEN=$(LISTEN) scripts/run.sh

.PHONY: dist
dist: web ## Build every released binary into dist, with checksums
	@VERSION=$(VERSION) scripts/dist.sh

.PHONY: clean
clean: ## Remove what was built; .run, where `make run` keeps its data, stays
	rm -rf bin dist web/dist/assets web/dist/index.html web/node_modules

## Testing

.PHONY: test
test: web ## Run every test: Go with the race detector, web, browser
	@scripts/test.sh

.PHONY: test-deep
test-deep: web ## Fuzz each decoder for a while, build for every platform, run the tests three times
	@scripts/test-deep.sh

.PHONY: bench
bench: build ## Measure what docs/benchmarks.md records
	go test -run '^$$' -bench . -benchmem -benchtime 1s $$(go list -e ./core/... ./sdk/... ./plugins/... ./agent/...)
	PULSE_BIN=$(CURDIR)/bin go test -run '^$$' -bench . -skip '^Benchmark(Cluster|Home)$$' -benchtime 3x -timeout 60m ./e2e/...
	PULSE_BIN=$(CURDIR)/bin go test -run '^$$' -bench '^Benchmark(Cluster|Home)$$' -benchtime 1x -timeout 60m ./e2e
	node web/e2e/budgets.mjs

## Checking

.PHONY: check
check: check-format check-proto check-gen check-go check-arch check-web ## Formatting, linters, generated code in sync, layers

.PHONY: check-format
check-format:
	$(LINT) fmt --diff

.PHONY: check-proto
check-proto:
	$(BUF) lint
	@tag=$$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true); \
	if [ -n "$$tag" ] && git cat-file -e "$$tag:buf.yaml" 2>/dev/null; then \
	  echo "$(BUF) breaking --against .git#tag=$$tag"; $(BUF) breaking --against ".git#tag=$$tag"; \
	fi

.PHONY: check-gen
check-gen:
	@scripts/check-gen.sh

.PHONY: check-go
check-go: web
	@for module in go.mod examples/plugins/*/go.mod; do go -C "$$(dirname "$$module")" mod tidy -diff; done
	go vet ./...
	$(LINT) run

.PHONY: check-arch
check-arch:
	go test -count=1 -run '^TestArch' ./core

.PHONY: check-web
check-web: web/node_modules/.installed
	cd web && npm run --silent lint && npm run --silent format:check && npx --no-install tsc -b --noEmit

## Generating

.PHONY: gen
gen: gen-code gen-golden ## Write generated code, the API description and golden files anew

.PHONY: gen-code
gen-code: gen-proto gen-api

.PHONY: gen-proto
gen-proto:
	$(BUF) generate

# The API description comes from the route table and, for reports, from the manifests of the plugins, so it needs the
# server and the plugins built, but not the web app.
.PHONY: gen-api
gen-api: binaries web/node_modules/.installed
	@mkdir -p web/src/api
	bin/pulse openapi > bin/openapi.json && mv bin/openapi.json web/src/api/openapi.json
	cd web && npm run --silent gen

.PHONY: screenshots
screenshots: build ## Write the pictures that the README shows (CHROMIUM=path)
	node web/e2e/screenshots.mjs

.PHONY: screens
screens: build ## Write the pictures of a cluster of 2,000 guests that docs/proxmox.md shows (CHROMIUM=path)
	node web/e2e/screens.mjs

.PHONY: baselines
baselines: build ## Take anew the pictures that the browser tests compare pages with
	UPDATE=1 node web/e2e/run.mjs looks

.PHONY: gen-golden
gen-golden:
	@for dir in $(GOLDEN_DIRS); do go test "./$$dir" -update; done
