# The one entry for people and for CI. `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo build test lint unit browser soak bench contention

ARGS ?=

help: ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## Start everything on a private PostgreSQL, with a company to play with (ARGS="--portal-addr …")
	@scripts/install-missing demo
	cargo build --release --locked --package quartermaster
	@./target/release/quartermaster demo $(ARGS)

build: ## Build the program: target/release/quartermaster
	@scripts/install-missing demo
	cargo build --release --locked --package quartermaster

test: ## Every check: format, lints, documents, all tests
	@scripts/install-missing test
	@$(MAKE) --no-print-directory lint unit browser

lint: ## Format, lints with warnings denied, and documents of the code
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked --quiet

unit: ## All tests, without the lints
	cargo test --workspace --locked

browser: ## The stories of people who use the portal, in a real browser (ARGS="account stock")
	@scripts/install-missing browser
	cargo build --locked --package quartermaster
	cd tests/browser && npm ci --silent && QUARTERMASTER_BINARY="$(CURDIR)/target/debug/quartermaster" node run.js $(ARGS)

bench: ## Measure beside pgbench on the same server (ARGS="--seconds 3 --rounds 1")
	@scripts/install-missing bench
	cargo build --release --locked --package quartermaster --package bench
	@./target/release/quartermaster-bench $(ARGS)

soak: ## Simulate many millions of interleavings and failures (ARGS="--steps 100000000 --seed 7")
	cargo run --release --locked --package simulator -- $(ARGS)

contention: ## Prove that races, hang-ups and kills lose nothing (ARGS="--rounds 20 --aborts 2000 --kills 2")
	@scripts/install-missing demo
	cargo build --release --locked --package quartermaster --package bench
	@./target/release/quartermaster-bench contention $(ARGS)
