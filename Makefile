# Everything lives in .venv; each target sets up what it needs. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= out
PYTEST_ARGS ?=
# The tests that `make test` leaves to `make test-all`.
EXTRA  := slow or wheel or browser or kill or notebook

PIP    := $(BIN)/python -m pip --disable-pip-version-check
# Exact pins with hashes first; then this package itself, editable, resolving and downloading nothing.
LOCKED := $(PIP) install -qq --require-hashes
SELF   := $(PIP) install --quiet --no-deps --no-build-isolation --editable .

export MPLBACKEND ?= Agg

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all notebooks lint bench verify lock clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.stamp-venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "simulate needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Cannot make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.stamp-demo: pyproject.toml requirements/demo.txt requirements/build.txt | $(VENV)/.stamp-venv
	$(LOCKED) -r requirements/demo.txt -r requirements/build.txt
	$(SELF)
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml requirements/dev.txt | $(VENV)/.stamp-venv
	$(LOCKED) -r requirements/dev.txt
	$(SELF)
	@touch $@ $(VENV)/.stamp-demo

setup: $(VENV)/.stamp-dev ## install everything a developer needs into .venv, compile the kernel
	$(BIN)/python -m simulate.ahead

demo: $(VENV)/.stamp-demo ## install the core and the report extra, run the bevacizumab comparison
	$(BIN)/simulate run bevacizumab --out $(OUT)/demo
	@echo "The report is in $(OUT)/demo/report.html"

test: $(VENV)/.stamp-dev ## the fast tests (minutes)
	$(BIN)/python -m pytest -m "not ($(EXTRA))" $(PYTEST_ARGS)

ifdef SKIP_FAST
test-all: $(VENV)/.stamp-dev
else
test-all: test ## the fast tests, then slow, wheel, browser, kill and notebook tests (SKIP_FAST=1: only the latter)
endif
	$(BIN)/python -m pytest -m "$(EXTRA)" $(PYTEST_ARGS)
	@$(MAKE) --no-print-directory notebooks

notebooks: $(VENV)/.stamp-dev ## execute the notebooks
	@if ls notebooks/*.ipynb >/dev/null 2>&1; then \
	  $(BIN)/python -m pytest --nbmake --nbmake-timeout=600 -p no:cacheprovider $(PYTEST_ARGS) notebooks/*.ipynb; \
	else echo "no notebooks yet"; fi

lint: $(VENV)/.stamp-dev ## ruff, mypy, import layers
	@failed=; for check in "ruff check ." "ruff format --check ." mypy lint-imports; do \
	  echo "$$check"; $(BIN)/$$check || failed="$$failed [$$check]"; \
	done; test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

bench: $(VENV)/.stamp-dev ## time the kernels; writes reports/benchmarks.json
	$(BIN)/python tests/bench/run.py --large --out reports/benchmarks.json

verify: $(VENV)/.stamp-dev ## the checks a reviewer would ask for; writes out/verify
	$(BIN)/simulate verify --out $(OUT)/verify

# Only for who changes the dependencies in pyproject.toml; needs uv. The same versions for every supported Python.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
           --no-emit-index-url --no-emit-find-links --no-config --custom-compile-command "make lock"
lock: ## pin the dependencies again (needs uv; UPGRADE=--upgrade for newer versions)
	$(COMPILE) $(UPGRADE) --extra dev --extra report pyproject.toml -o requirements/dev.txt
	$(COMPILE) $(UPGRADE) --extra report -c requirements/dev.txt pyproject.toml -o requirements/demo.txt
	echo hatchling | $(COMPILE) $(UPGRADE) -c requirements/dev.txt - -o requirements/build.txt
	@if grep -nE '://|index-url|find-links' requirements/*.txt; then \
	  echo "a lock file names a host" >&2; exit 1; fi

clean: ## remove what the other targets made, .venv included
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
	find simulate tests -name __pycache__ -type d -prune -exec rm -rf {} +
