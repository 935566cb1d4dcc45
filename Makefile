# Daily work. What CI runs is scripts/test; these are its parts, and what takes long.

.DEFAULT_GOAL := help
.PHONY: help check test test-quick race bench fuzz crash bevis kontakter afproevning generate demo package dokumenter build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

check: ## format, vet, staticcheck, house rules, modules, build
	@bash scripts/test --checks

test: ## everything, with PostgreSQL and Chromium; installs and starts what is missing
	@bash scripts/test

test-quick: ## checks and tests without services and race detector
	@bash scripts/test --quick

race: ## all tests with the race detector, with the services that are set (see scripts/test --keep)
	go test -race -timeout 30m ./...

bench: ## all benchmarks, printed
	go test -run '^$$' -bench . -timeout 120m ./...

fuzz: ## each fuzz target for a minute, and 50 random runs of the distributor
	@bash scripts/fuzz
	go test ./distributor -count 1 -run TilfaeldigtForloeb -runder 50 -v

crash: ## 1,000 kills while cases flow; broker, database, MOX and network failing while 10,000 beskeder do
	MOX_CRASH_ROUNDS=1000 MOX_TRIAL_BESKEDER=10000 go test -count 1 -v -timeout 60m ./demo/crash/...

bevis: ## benchmarks, mox bench and kills, written to docs/bevis with commit, date and conditions
	@bash scripts/bevis

kontakter: ## each proven statement's fault, which its test must see; written to docs/bevis/kontakter.json
	@bash scripts/bevis kontakter

afproevning: ## the five trials, with the services that are set (see scripts/test --keep); evidence in bin/afproevning
	rm -rf bin/afproevning
	go run ./cmd/mox afproevning run alle --dir bin/afproevning

generate: ## what is made from the code: the table of conformance, and the handbook's list of cases
	go generate ./...
	go run ./internal/vejledning/lav -opdater

demo: ## the demonstration, on http://127.0.0.1:8480
	go run ./cmd/mox demo

package: ## dist/: Debian packages and tars for amd64 and arm64, with SBOM, licences and checksums
	@bash scripts/package

dokumenter: ## the Danish documents as a site, PDF and ODT, in dokumenter/
	go run ./internal/vejledning/lav -til dokumenter

build: ## bin/mox, one static file
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...
