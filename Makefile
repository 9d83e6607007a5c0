# Một cửa: what one can do here. `make` alone lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Tests run in as many processes as there are processors, four at most: each has its own PostgreSQL and 2 GB of memory.
# Files in the order of their names: the long ones (journeys, processes) are few tests each, and would all come last.
TESTS := $(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: .venv/ready ## Make .venv with everything pinned (what run and test do first)

.venv/ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@echo "Cài đặt lần đầu, một đến hai phút, cần mạng · first setup: one to two minutes, needs a network"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/ready

run: setup ## From nothing to a running system and the table of resolution; Ctrl-C stops it
	@$(BIN)/motcua up

test: setup ## All tests, on a real PostgreSQL: fifteen to twenty minutes on two cores; says at the end what was skipped, and why
	$(TESTS)

issuer: ## The real OIDC issuer that tests run against: needs node and npm; without it they are skipped
	npm ci --prefix tests/tokens/real_issuer --ignore-scripts --no-audit --no-fund --loglevel=error

store: ## The server that speaks S3 which tests run against: needs node and npm; without it they are skipped
	npm ci --prefix tests/intake/real_s3 --ignore-scripts --no-audit --no-fund --loglevel=error

.venv/client/ready: requirements/client.txt | setup
	@$(PYTHON) -m venv .venv/client
	@.venv/client/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/client.txt
	@touch .venv/client/ready

clients: setup frontend .venv/client/ready ## TypeScript types and a Python client of the contracts, made anew in build/clients
	@$(BIN)/python -m tests.clients.made

frontend: ## The linter of the contracts and the frontend's tools that tests run: needs node and npm; without them they are skipped
	npm ci --prefix tests/clients/node --ignore-scripts --no-audit --no-fund --loglevel=error

browser: ## Chromium for the tests in a real browser, where apt has it and may install it; without it they are skipped
	apt-get update -qq > /dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell > /dev/null

check: setup format-check lint types walls schema contracts-check compose-check audit .venv/client/ready ## What CI runs: all checks, then all tests
	$(TESTS)

format: setup ## Format the code
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

format-check: setup
	$(BIN)/ruff format --check .

lint: setup
	$(BIN)/ruff check .
	$(BIN)/deptry .

types: setup
	$(BIN)/mypy services intake_service routing_service stats_service shared migrations tests bench

walls: setup ## Import walls between floors and rooms
	$(BIN)/lint-imports

schema: setup ## The migrated schema is the declared one
	$(BIN)/pytest -q tests/schema -k declared

contracts: setup ## Write each service's openapi.json anew
	$(BIN)/motcua contracts

contracts-check: setup ## The committed contracts are current, and break no client of the last release
	$(BIN)/motcua contracts --check
	$(BIN)/motcua contracts --breaking

compose-check: setup ## docker-compose.yml and Dockerfile, statically
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

.venv/supply/ready: requirements/supply.txt | setup
	@$(PYTHON) -m venv .venv/supply
	@.venv/supply/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/supply.txt
	@touch .venv/supply/ready

.venv/fuzz/ready: requirements/fuzz.txt | setup
	@$(PYTHON) -m venv .venv/fuzz
	@.venv/fuzz/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@touch .venv/fuzz/ready

fuzz-tools: .venv/fuzz/ready ## Schemathesis, which asks the running services by their contracts; without it its tests are skipped

fuzz: .venv/fuzz/ready ## The same for longer and with another seed each time: MOTCUA_FUZZ_EXAMPLES, MOTCUA_FUZZ_SEED
	MOTCUA_FUZZ_EXAMPLES=$${MOTCUA_FUZZ_EXAMPLES:-200} MOTCUA_FUZZ_SEED=$${MOTCUA_FUZZ_SEED:-$$(date +%s)} $(BIN)/pytest tests/hostile/test_contracts_hold.py

audit: .venv/supply/ready ## Known weaknesses of everything that is pinned; says so where it cannot be looked up
	@.venv/supply/bin/python requirements/audit.py

sbom: .venv/supply/ready ## What the services run on, with versions and hashes: build/sbom.cdx.json (CycloneDX)
	@mkdir -p build
	@.venv/supply/bin/python -W ignore -m cyclonedx_py requirements requirements/run.txt --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom.cdx.json
	@echo "build/sbom.cdx.json"

bench: setup ## Measure against pgbench, \copy and straight SQL; writes bench/results
	$(BIN)/python -m bench

bench-100m: setup ## The same reports at a hundred million dossiers, and what they cost to build: 40 GB, half an hour
	$(BIN)/python -m bench.hundred

lock: setup ## Pin the dependencies anew, with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/run.in -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/supply.in -o requirements/supply.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/fuzz.in -o requirements/fuzz.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/client.in -o requirements/client.txt

clean: ## Remove the environment and the embedded installation
	rm -rf .venv .motcua

.PHONY: help setup run test issuer store clients frontend browser check format format-check lint types walls schema contracts contracts-check compose-check audit fuzz-tools fuzz sbom bench bench-100m lock clean
