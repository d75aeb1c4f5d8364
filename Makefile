# Two commands for a fresh machine with Python 3.11 to 3.13 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test test-real lint bench wheel clean
help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

setup: $(STAMP) ## the virtual environment, pinned and hash-checked

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"eventready needs Python 3.11 to 3.13; this is {v[0]}.{v[1]}. Say: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## the main job on the embedded lab: audit, verdicts, report
	@EVENTREADY=$(BIN)/eventready sh demo.sh

test: setup ## lint, types and all tests
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadgroup

test-real: setup ## the audit on real router, base-station and WiFi software (root and Debian; installs what is missing)
	$(BIN)/eventready doctor --real --install
	EVENTREADY_REAL=1 $(BIN)/python -m pytest -n 0 -m "not lab" tests/real tests/behaviours tests/session/test_real.py

lint: setup
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy

bench: setup ## ours against plain Nornir loops and a pipelined client: audits, then a change
	$(BIN)/python benchmarks/fleet.py
	$(BIN)/python -m benchmarks.change

wheel: setup
	$(BIN)/python -m build --wheel --no-isolation

clean:
	rm -rf $(VENV) build dist .eventready
