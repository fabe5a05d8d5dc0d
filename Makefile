# Everything a newcomer needs: `make demo` and `make test`. Both begin with `make setup`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.9.0

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fuzz security-table kill-test soak store-stress recording lock clean

help:
	@echo 'make setup   .venv with .venv/bin/selftaught in it'
	@echo 'make demo    setup, then an improver improves itself on the embedded model'
	@echo 'make test    setup, then the whole test suite'
	@echo 'make check   setup, then ruff, mypy strict and the import direction'
	@echo 'make fuzz    setup, then ten minutes of random input, for every night; FUZZ_SECONDS and FUZZ_SEED change it'
	@echo 'make recording   the checked-in recording anew, when a prompt has changed'
	@echo 'make kill-test   whole runs, killed at 100 random moments and resumed; fails if anything is lost or done twice'
	@echo 'make soak    6,000 improvements in one process: memory, descriptors and speed at the beginning and at the end'
	@echo 'make store-stress   two runs, a reader and commands on one store for STRESS_MINUTES (10); a table, 1 on any error'
	@echo 'make security-table   all attacks in all modes; writes the table of docs/security.md'

setup: $(STAMP)

$(STAMP): pyproject.toml requirements/core.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'selftaught needs Python 3.11 or newer; name one with: make PYTHON=python3.12 setup'; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/selftaught run dispatch --rng-seed 0

test: setup
	$(BIN)/python -m pytest -n auto --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

FUZZ_SECONDS ?= 600
FUZZ_SEED ?= $(shell date +%s)
fuzz: setup
	FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$(FUZZ_SEED) nice $(BIN)/python -m pytest -q -n 0 -s --timeout 0 tests/fuzz $(FUZZ_ARGS)

security-table: setup
	$(BIN)/python benchmarks/hostile_programs.py --write docs/security.md

kill-test: setup
	$(BIN)/python benchmarks/kill_test.py

soak: setup
	$(BIN)/python benchmarks/soak.py

STRESS_MINUTES ?= 10
store-stress: setup
	$(BIN)/python benchmarks/store_stress.py --minutes $(STRESS_MINUTES)

recording: setup
	$(BIN)/python tests/recordings/make.py

lock: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --output-file requirements/core.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev --constraint requirements/core.txt --output-file requirements/dev.txt pyproject.toml

clean:
	rm -rf $(VENV)
