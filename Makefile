# What people run. Each target says what it does; the work is in scripts/.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help
help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: serve
serve: ## Installs what is missing, builds in release, migrates and serves on http://localhost:3000
	@scripts/serve

.PHONY: demo
demo: ## As serve, filled with a patient, a caregiver, a physician and records; prints their sign-ins
	@scripts/serve --demo

.PHONY: test
test: ## Passes every check: formatting, lints, licences, unit, WebAssembly, server, browser
	@scripts/test

.PHONY: dev
dev: ## Serves a debug build, rebuilds and reloads on change
	@scripts/setup build && scripts/dev

.PHONY: bench
bench: ## Builds the release and measures it; prints what docs/benchmarks.md keeps
	@scripts/setup build && scripts/bench

.PHONY: soak
soak: ## Kills a server again and again under load and checks what it kept, then adds 1,000 files; MINUTES=10, SEED=...
	@scripts/soak $(or $(MINUTES),10) $(SEED)

.PHONY: look
look: ## Pictures of every page in every state, in both widths, light and dark, into end2end/results; PAGES="home records"
	@scripts/look $(PAGES)

.PHONY: fuzz
fuzz: ## Runs every fuzz target for a minute, then throws garbage at every route; installs a nightly compiler if none is there
	@scripts/fuzz

.PHONY: release
release: ## Builds the server, the command and the site into target/dist
	@scripts/setup build && scripts/release

.PHONY: setup
setup: ## Installs everything that building and testing need
	@scripts/setup build test
