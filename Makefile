# The one entry for people and for CI. `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo build test lint style documents unit schema browser stories proofs api questions clients sbom advisories soak bench contention chaos overload upgrade fuzz

ARGS ?=

# Before whatever does its work by itself: of a jobserver that make keeps to itself, cargo, rustc and the builds of C code in
# crates would warn that it is out of reach.
ALONE := env -u MAKEFLAGS -u MFLAGS

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
	@$(MAKE) --no-print-directory style advisories
	$(ALONE) cargo test --workspace --locked --no-run
	@$(MAKE) --no-print-directory --jobs=2 unit documents
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target stories questions clients
	@$(MAKE) --no-print-directory proofs

lint: style documents ## Format, lints with warnings denied, and documents of the code

style:
	$(ALONE) cargo fmt --all --check
	$(ALONE) cargo clippy --workspace --all-targets --locked -- --deny warnings

documents:
	$(ALONE) RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked --quiet

# Most tests wait for PostgreSQL or for time to pass; two at a time, as on two cores, would leave the cores idle.
unit: export RUST_TEST_THREADS ?= 4
# Fuzz targets try what is kept, and nothing by chance: what a run says, it says again.
unit: export BOLERO_RANDOM_ITERATIONS ?= 0
unit: ## All tests that run by themselves, without the lints
	$(ALONE) cargo test --workspace --locked

schema: ## Write down anew the schemas that the migrations make, which verify compares databases with
	UPDATE_SCHEMA=1 cargo test --locked --package quartermaster --test it -- the_expected_schemas_are_those_that_the_migrations_make

# The short forms of chaos and overload, on the program that `unit` has built.
proofs:
	$(ALONE) cargo test --workspace --locked --test proofs

browser: ## The stories of people who use the portal, in a real browser (ARGS="account stock")
	@scripts/install-missing browser
	cargo build --locked --package quartermaster
	@$(MAKE) --no-print-directory stories

# The program is there: that of `unit`, which a build of its own would make again with fewer features of its libraries.
stories:
	cd tests/browser && $(ALONE) npm ci --silent && $(ALONE) QUARTERMASTER_BINARY="$(CURDIR)/target/debug/quartermaster" node run.js $(ARGS)

api: ## Ask the services whatever their OpenAPI document allows and forbids, as each role (ARGS="--examples 200 Admin")
	@scripts/install-missing api
	cargo build --locked --package quartermaster
	@$(MAKE) --no-print-directory questions

questions:
	python3 -m venv target/api && $(ALONE) target/api/bin/pip install --quiet --requirement tests/api/requirements.txt
	$(ALONE) QUARTERMASTER_BINARY="$(CURDIR)/target/debug/quartermaster" target/api/bin/python tests/api/run.py $(ARGS)

# Clients as generators make them of the OpenAPI document, used as their users would; on the program that `unit` has built.
clients:
	cd tests/clients/typescript && $(ALONE) npm ci --silent
	python3 -m venv target/clients && $(ALONE) target/clients/bin/pip install --quiet --requirement tests/clients/python/requirements.txt
	$(ALONE) QUARTERMASTER_BINARY="$(CURDIR)/target/debug/quartermaster" target/clients/bin/python tests/clients/run.py

sbom: ## Write what the program is made of, with licences and hashes: target/sbom.cdx.json (CycloneDX)
	@mkdir -p target
	scripts/sbom target/sbom.cdx.json

advisories: ## Check Cargo.lock against a copy of the RustSec database, where there is one (ARGS="DIR", or ADVISORY_DB)
	@$(ALONE) scripts/advisories $(ARGS)

bench: ## Measure beside pgbench on the same server (ARGS="--seconds 3 --rounds 1")
	@scripts/install-missing bench
	cargo build --release --locked --package quartermaster --package bench
	@./target/release/quartermaster-bench $(ARGS)

overload: ## Prove that too much load, and the want of a resource, end in clear refusals and pass (ARGS="--only disk")
	@scripts/install-missing overload
	cargo build --release --locked --package quartermaster --package bench
	@./target/release/quartermaster-bench overload $(ARGS)

upgrade: ## Prove that the schema moves under load at a million orders, in about five minutes (ARGS="--orders 100000")
	@scripts/install-missing demo
	cargo build --release --locked --package quartermaster --package bench
	@./target/release/quartermaster-bench upgrade $(ARGS)

fuzz: ## Feed every parser with what reaches its code, a minute each (ARGS="--seconds 600 cookie quantity")
	@scripts/install-missing fuzz
	@scripts/fuzz $(ARGS)

soak: ## Simulate many millions of interleavings and failures (ARGS="--steps 100000000 --seed 7")
	cargo run --release --locked --package simulator -- $(ARGS)

contention: ## Prove that races, hang-ups and kills lose nothing (ARGS="--rounds 20 --aborts 2000 --kills 2")
	@scripts/install-missing demo
	cargo build --release --locked --package quartermaster --package bench
	@./target/release/quartermaster-bench contention $(ARGS)

chaos: ## Prove that faults of every part lose and double nothing, for about 15 minutes (ARGS="--faults 60")
	@scripts/install-missing demo
	cargo build --release --locked --package quartermaster --package bench
	@./target/release/quartermaster-bench chaos $(ARGS)
