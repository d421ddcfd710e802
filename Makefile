# Thin on purpose: every target is one readable line or two. `make help` prints them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Clients the tests run. The Python ones pin older versions of libraries than we need.
CLIENTS := py-directus==0.0.30 directus-py-sdk==1.2.0
SDK := @directus/sdk@26.0.0

.DEFAULT_GOAL := help
.PHONY: help setup run demo migrate migration test fuzz bench lint fmt clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1	\2/' | expand -t 18

$(BIN)/mintage: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps $(CLIENTS)
	@if command -v npm >/dev/null; then npm install --silent --no-fund --no-audit --prefix $(VENV)/node $(SDK); fi
	@touch $@

setup: $(BIN)/mintage ## Make the virtual environment and install everything

run: setup ## Serve on http://127.0.0.1:8055 until Ctrl-C (web, worker, embedded services)
	@exec $(BIN)/mintage run

demo: setup ## Start everything, mint codes of each type, print them, stop
	@$(BIN)/mintage demo

migrate: setup ## Bring the database to this version
	@$(BIN)/mintage migrate

migration: setup ## Write the migration for a changed definition: make migration MESSAGE="add ..."
	@$(BIN)/mintage migration "$(or $(MESSAGE),change the definitions)"

test: setup ## Run all tests against the real services
	$(BIN)/pytest -n $(or $(WORKERS),2) $(ARGS)

fuzz: setup ## Send 2,000 drawn requests; none may end in an internal error: make fuzz SEED=2
	EXAMPLES=$(or $(EXAMPLES),2000) SEED=$(or $(SEED),1) $(BIN)/pytest -s tests/acceptance/test_schemathesis.py

bench: setup ## Run the benchmarks; print ratios against their limits
	$(BIN)/python -m bench

lint: setup ## Format check, lint, types, import directions, regular expressions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.lint.patterns

fmt: setup ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove the virtual environment and caches; data stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
