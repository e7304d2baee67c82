# `make` alone lists the targets. Everything runs in .venv, which `make env` installs from the locks, with hashes checked.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode
LOCK := uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
TOOLS := requirements/dev.txt requirements/jax.txt requirements/dask.txt
LINT := ruff check . && ruff format --check . && lint-imports --no-logo
QUICK := not tensorflow and not processes and not network and not slow
TYPES_AND_TESTS := $(MAKE) --jobs=2 --no-print-directory types tests  # at the same time

.DEFAULT_GOAL := help
.PHONY: help env repro check test thorough types tests smoke prove report lock

help:  ## print this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

env: $(VENV)/ready  ## set up the environment in .venv (Python 3.11 to 3.13)

$(VENV)/ready: requirements/uv.txt requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(INSTALL) --require-hashes -r requirements.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/ready-to-test: $(VENV)/ready $(TOOLS)
	$(INSTALL) --require-hashes $(TOOLS:%=-r %)
	@touch $@

repro: env  ## set up the environment, then run the whole pipeline; later just `dvc repro`
	darkroom check
	dvc repro

check: $(VENV)/ready-to-test  ## run the linter, type checker, import contracts and the quick tests, without TensorFlow: about a minute
	$(LINT)
	$(TYPES_AND_TESTS) SELECTED="$(QUICK)"

test: $(VENV)/ready-to-test  ## run the same and the other tests but the slow ones: five to ten minutes on two cores
	$(LINT)
	$(TYPES_AND_TESTS) SELECTED="not slow"

thorough: $(VENV)/ready-to-test  ## run all tests, also the slow ones: further networks, further ways to end a training, experiments
	$(LINT)
	$(TYPES_AND_TESTS)

types:
	mypy

tests:
	pytest -n 2 --dist loadfile --no-loadscope-reorder -m "$(SELECTED)"

smoke: $(VENV)/ready-to-test  ## test the whole pipeline on 1,797 real digits, by DVC, in about two minutes
	pytest -m smoke

prove: env  ## run every stage in two clones and compare the bytes, also with the committed ones
	bash tests/prove.sh

report: env  ## bring the report page up to date and print its path
	dvc repro report

lock: env  ## update all locks from pyproject.toml; requirements.txt constrains the others
	$(LOCK) pyproject.toml --extra pipeline -o requirements.txt
	$(LOCK) pyproject.toml --extra jax -c requirements.txt -o requirements/jax.txt
	$(LOCK) pyproject.toml --extra dask -c requirements.txt -o requirements/dask.txt
	$(LOCK) --group dev -c requirements.txt -o requirements/dev.txt
	$(LOCK) --group environment -c requirements.txt -o requirements/uv.txt
