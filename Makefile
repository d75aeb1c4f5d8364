# For a machine with Python 3.11 or newer (tested to 3.13) and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := src tests benchmarks docsite
#: Marks of tests left out by `make quick`: labs over the network, real software, browsers, and slow tests. Of each other
#: test it runs at most 6 cases (`tests/conftest.py`); pytest without EVENTREADY_QUICK runs all.
SLOW := slow or lab or real or browser
#: How tests are given to the processes that run them: in groups, in the order of `tests/conftest.py`.
GROUPS := --dist loadgroup --no-loadscope-reorder
#: Folders of `make quick`.
QUICK ?= tests
#: Folders of `make proofs`.
PROOFS ?= tests
#: Tests of `make test-real`.
REAL ?= tests/real/test_province.py tests/real/test_whatif.py tests/real/test_drills.py tests/behaviours \
	tests/real/test_wifi.py tests/real/test_service_hosts.py tests/real/test_change.py tests/real/test_watch.py \
	tests/session/test_openssh.py::test_two_hops \
	tests/session/test_openssh.py::test_one_time_code_by_pam tests/session/test_jump_host_audit.py
#: Seconds of `make fuzz`.
FUZZ_S ?= 60
#: Release of cyclonedx-bom for the bill of materials.
CYCLONEDX ?= 7.5.0

.PHONY: help setup demo quick test test-alone proofs attacks fuzz test-real lint security docs bench night wheel lock clean
help: ## list targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

setup: $(STAMP) ## create the virtual environment, pinned and hash-checked

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v >= (3, 11) else f"eventready needs Python 3.11 or newer; this is {v[0]}.{v[1]}. Use: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## audit, change, report and rollback on the embedded lab
	@EVENTREADY=$(BIN)/eventready sh demo.sh

quick: setup ## tests below 0.3 s of CPU, at most 6 cases of each, a smoke test of the lab: about a minute
	EVENTREADY_QUICK=1 $(BIN)/python -m pytest -q -n 3 $(GROUPS) -m "not ($(SLOW))" $(QUICK)

lint: setup ## ruff, mypy --strict, and the floors by import-linter
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports

test: lint test-alone ## lint, types and all tests

test-alone: setup
	$(BIN)/python -m pytest -n auto $(GROUPS)

proofs: setup ## all cases of the tests that take some in `make test`: faults of a change, damages of answers, failures of networks
	EVENTREADY_PROOFS=all $(BIN)/python -m pytest -q -n auto $(GROUPS) -m "not real" $(PROOFS)

attacks: setup ## the attacks among the tests: family, tried, held
	$(BIN)/python -m pytest -q -n auto $(GROUPS) -m attack

fuzz: setup ## all property tests with random examples for FUZZ_S seconds; the first failure ends it
	$(BIN)/python -m tests.fuzz $(FUZZ_S)

# The tests of single programs of the machine (sshd, FRR, OsmoBSC by themselves) are a part of `make test`. The order: labs
# of their own first, then the lab that all others share, as it has started; last the chain of jump hosts by itself.
# EVENTREADY_DRILL_RUNS=5 runs each drill five times, of which the worst counts.
test-real: setup ## tests on real router, base-station and WiFi software (root and Debian; installs what is missing)
	$(BIN)/eventready doctor --real --install
	EVENTREADY_REAL=1 $(BIN)/python -m pytest -n 0 -m "not lab" --durations=25 $(REAL)

# Rules of bandit by ruff. Ignored: S603, S607 (programs are lists of words, found by PATH on purpose: ssh, vtysh, git);
# each further exception stands in the code with its reason. Advisories of the pinned packages by pip-audit, none ignored;
# OSV_DB=PATH: by a copy of OSV's export for PyPI (all.zip, or its folder) where no service of advisories can be asked.
security: setup ## the rules of bandit over the code, and known vulnerabilities of the pinned packages (PyPI, or OSV_DB=PATH)
	$(BIN)/ruff check --select S --ignore S603,S607 src
	$(BIN)/python -m tests.advisories constraints.txt $(OSV_DB)

docs: setup ## the documentation site in build/docs/site, with strict links
	$(BIN)/python -m docsite
	cd build/docs && $(abspath $(BIN))/zensical build --config-file zensical.toml --strict --clean

bench: setup ## against plain Nornir loops and a pipelined client: audits, then a change
	$(BIN)/python benchmarks/fleet.py
	$(BIN)/python -m benchmarks.change
	$(BIN)/python -m benchmarks.planning
	$(BIN)/python -m benchmarks.whatif
	$(BIN)/python -m benchmarks.watch
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.parsing
	$(BIN)/python -m benchmarks.performance_files
	$(BIN)/python -m benchmarks.routes

NIGHT_MIN ?= 60
night: setup ## a watch of the simulated province in real time, NIGHT_MIN minutes, with faults at random times
	$(BIN)/python -m benchmarks.night --minutes $(NIGHT_MIN)

wheel: docs ## a wheel with both packages, the example, catalogues and pages in dist/, and its bill of materials
	$(BIN)/python -m build --wheel --no-isolation
	$(BIN)/uv tool run --from cyclonedx-bom==$(CYCLONEDX) cyclonedx-py requirements constraints.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file dist/eventready.cdx.json

lock: ## constraints.txt: all extras, hashes, Python 3.11 and newer, no index
	$(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-header --output-file constraints.txt

clean:
	rm -rf $(VENV) build dist .eventready
