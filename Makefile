# `make` alone prints what there is. Everything runs in .venv, made here from requirements.txt and its hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help env repro test smoke prove report lock

help:  ## print this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

env: $(VENV)/ready  ## set up the environment in .venv (Python 3.11 to 3.13)

$(VENV)/ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.txt
	@touch $@

repro: env  ## the environment, then the whole pipeline; later just `dvc repro`
	python -m pipeline.params
	dvc repro

test: env  ## lint, types, import contracts, tests
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo
	pytest -n 2 --dist loadfile

smoke: env  ## the whole pipeline on 1,797 real digits, in about a minute
	pytest -m smoke

prove: env  ## two clones, every stage forced: the same dvc.lock, and the committed one
	bash tests/prove.sh

report: env  ## make the page again and say where it is
	dvc repro report

lock: env  ## resolve requirements.txt anew from pyproject.toml
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	    --extra pipeline --extra jax --extra dask --extra dev --quiet --upgrade -o requirements.txt
