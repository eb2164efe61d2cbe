# Everything runs from .venv, made from the hashed locks. `make help` lists the targets.
SHELL = /bin/sh

# The first interpreter that is new enough and can make a .venv; set PYTHON to choose another. The
# system's own come first, because distributions build them with a profile of what programs do. With
# Debian's a Synq order took a fifth less of the processor than with one that pyenv had built.
PYTHON ?= $(shell for p in /usr/bin/python3.11 /usr/bin/python3 \
	python3.11 python3 python3.12 python3.13 python3.14; do \
	if $$p -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then command -v $$p; break; fi; done)
HOST = 127.0.0.1
PORT = 8080
KILLS ?= 30
CASES ?= 2000
# Test processes at once. Each takes whole files and has a PostgreSQL of its own. On two cores four
# are quickest: a test waits for servers and disks for a third of its time.
JOBS ?= 4
PYTEST_ARGS ?=
BENCH_ARGS ?=
BENCH_LARGE ?= growth,footprint

# The version whose books `make upgrade-large` upgrades; its commit is taken from this repository.
UPGRADE_FROM ?= 2cfa2cd3d484e2e263b4a60ca0e475eed7a0f93d
UPGRADE_ORDERS ?= 100000
UPGRADE_BOOK = build/upgrade/book-$(UPGRADE_ORDERS)

# Compiled modules are kept: a run of the tests starts the program some hundred times.
unexport PYTHONDONTWRITEBYTECODE

VENV = .venv
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed
DEV_INSTALLED = $(VENV)/.dev-installed
LOCK_TOOL = build/lock
CLIENTS = build/clients
OLD_VERSION = build/upgrade/$(UPGRADE_FROM)
PIP_COMPILE = $(LOCK_TOOL)/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

.PHONY: help run install dev test test-pooler test-postgres check format lock bench bench-turns bench-large bench-peers crash payment-faults fuzz clients upgrade-large clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | \
		while IFS='|' read -r name text; do printf '%-18s %s\n' "$$name" "$$text"; done

run: install ## start the server with a demo organization and stock; PORT=8081 for another port
	@echo "Starting on http://$(HOST):$(PORT)/ with the book var/entrepot.db; PORT=... chooses another port, Ctrl-C stops."
	$(BIN)/entrepot serve --host $(HOST) --port $(PORT) --demo

install: $(INSTALLED) ## set up .venv with every dependency pinned, and the entrepot command

dev: $(DEV_INSTALLED) ## install, and what the tests and the gate need

test: $(DEV_INSTALLED) ## run the whole test suite, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest --side-by-side $(JOBS) $(PYTEST_ARGS)

test-pooler: $(DEV_INSTALLED) ## the store's, the writer's and the acceptance tests behind PgBouncer (apt install pgbouncer)
	ENTREPOT_TEST_PGBOUNCER=1 $(BIN)/python -m pytest --side-by-side $(JOBS) \
		tests/store tests/writer tests/acceptance $(PYTEST_ARGS)

test-postgres: $(DEV_INSTALLED) ## the tests that one engine is enough for, on PostgreSQL
	ENTREPOT_TEST_ENGINE=postgres $(BIN)/python -m pytest --side-by-side $(JOBS) \
		tests/contracts tests/edge tests/pipeline tests/acceptance/test_words_reached.py $(PYTEST_ARGS)

check: $(DEV_INSTALLED) ## lint, formatting, strict types, import law
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict src
	$(BIN)/lint-imports

format: $(DEV_INSTALLED) ## rewrite the sources as `make check` wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV_INSTALLED) ## every measure as one table and as JSON; BENCH_ARGS="--quick" takes minutes
	$(BIN)/python -m bench $(BENCH_ARGS)

bench-turns: $(DEV_INSTALLED) ## OLD=FOLDER, another checkout with its .venv: figures of both, by turns
	$(BIN)/python -m bench.turns $(OLD) . $(BENCH_ARGS)

bench-large: $(DEV_INSTALLED) ## memory after a million orders, growth to ten million; takes long
	$(BIN)/python -m bench --large --only $(BENCH_LARGE) --json var/bench-large.json $(BENCH_ARGS)

bench-peers: $(DEV_INSTALLED) ## Entrepot beside django-oscar, Vendure and Medusa, which it installs elsewhere
	$(BIN)/python -m bench.peers $(BENCH_ARGS)

crash: $(DEV_INSTALLED) ## the long kill test: KILLS (30) kills under load, nothing lost, nothing twice
	ENTREPOT_CRASH_KILLS=$(KILLS) $(BIN)/python -m pytest tests/acceptance/test_crash.py $(PYTEST_ARGS)

payment-faults: $(DEV_INSTALLED) ## a server killed at each point of a payment, with each service; some of it is in make test
	ENTREPOT_TEST_FAULTS=all $(BIN)/python -m pytest --side-by-side $(JOBS) tests/faults $(PYTEST_ARGS)

fuzz: $(DEV_INSTALLED) ## generated requests from each document: CASES (2000) a dialect and engine; 100 in make test
	ENTREPOT_FUZZ_CASES=$(CASES) $(BIN)/python -m pytest tests/acceptance/test_schemathesis.py $(PYTEST_ARGS)

clients: $(DEV_INSTALLED) $(CLIENTS)/.installed ## clients that others' generators make of the documents, in Python and TypeScript (needs Node 20)
	ENTREPOT_TEST_CLIENTS=$(CURDIR)/$(CLIENTS) $(BIN)/python -m pytest tests/clients $(PYTEST_ARGS)

upgrade-large: $(DEV_INSTALLED) $(OLD_VERSION)/.venv/.installed ## a large book of an older version, upgraded on both engines; it is made once
	$(BIN)/python -m tests.upgrade.large $(CURDIR)/$(OLD_VERSION)/$(BIN)/python \
		$(CURDIR)/$(UPGRADE_BOOK) $(UPGRADE_ORDERS)

lock: $(LOCK_TOOL)/bin/pip-compile ## renew requirements.lock and requirements-dev.lock
	$(PIP_COMPILE) --upgrade --build-deps-for editable -o requirements.lock pyproject.toml
	$(PIP_COMPILE) --upgrade -o requirements-dev.lock requirements-dev.in
	$(PIP_COMPILE) --upgrade -o tests/clients/generator.lock tests/clients/generator.in
	npm install --package-lock-only --prefix tests/clients/typescript

clean: ## remove what was built; var/ with its database stays
	rm -rf $(VENV) build dist src/entrepot.egg-info .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache .schemathesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Entrepot needs Python 3.11 or newer, with its module venv. None was found." >&2; \
		echo "Install it (on Debian: python3-venv), or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
		exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Entrepot needs Python 3.11 or newer, and $(PYTHON) is not." >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

# The stamps make a second run instant. --no-build-isolation: the lock holds the build backend too.
$(INSTALLED): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the pinned dependencies into $(VENV); this takes about a minute, once."
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEV_INSTALLED): requirements-dev.lock $(INSTALLED)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

# The generators have dependencies of their own.
$(CLIENTS)/.installed: tests/clients/generator.lock tests/clients/typescript/package-lock.json | $(BIN)/python
	rm -rf $(CLIENTS) && mkdir -p $(CLIENTS)/typescript
	$(BIN)/python -m venv $(CLIENTS)/python
	$(CLIENTS)/python/bin/pip install --quiet --require-hashes -r tests/clients/generator.lock
	cp tests/clients/typescript/package.json tests/clients/typescript/package-lock.json $(CLIENTS)/typescript
	npm ci --silent --prefix $(CLIENTS)/typescript
	@touch $@

$(OLD_VERSION)/.venv/.installed:
	rm -rf $(OLD_VERSION) && mkdir -p $(OLD_VERSION)
	git archive --output=$(OLD_VERSION).tar $(UPGRADE_FROM)
	tar -x -f $(OLD_VERSION).tar -C $(OLD_VERSION) && rm $(OLD_VERSION).tar
	$(MAKE) -C $(OLD_VERSION) install

$(LOCK_TOOL)/bin/pip-compile: | $(BIN)/python
	$(BIN)/python -m venv $(LOCK_TOOL)
	$(LOCK_TOOL)/bin/pip install --quiet pip-tools==7.6.2
