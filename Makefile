# Needs Python 3.11 or newer with venv, and a shell. Java and Delta's jars are fetched where they are missing.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.headwater-stamp

.PHONY: docs demo drill planted test check bench conformance clean lock setup quick

setup: $(STAMP)  ## Make the environment: locked packages, Java if there is none, Delta's jars.

$(STAMP): requirements/lock.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headwater needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on --require-hashes -r requirements/lock.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	$(BIN)/headwater setup
	touch $(STAMP)

demo: $(STAMP)  ## Run the flights project from raw data to drift report.
	$(BIN)/python -m examples.flights

check: $(STAMP)  ## Format, lint, types and the direction of imports.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check  ## Everything that CI checks.
	$(BIN)/pytest

quick: $(STAMP)  ## The tests without the slow ones.
	$(BIN)/pytest -m "not slow"

docs: $(STAMP)  ## Run the notebooks of the tour, and render them with their outputs into docs/tour/.
	mkdir -p docs/tour
	set -e; for file in notebooks/0[1-9]*.py; do \
	  $(BIN)/headwater notebook run $$file --param schema=main.tour --out docs/tour/$$(basename $$file .py).html > /dev/null; \
	  echo "docs/tour/$$(basename $$file .py).html"; done

bench: $(STAMP)  ## Compare with peers; see benchmarks/.
	$(BIN)/python -m benchmarks.point_in_time
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.serving.lookups
	$(BIN)/python -m benchmarks.serving.publish
	$(BIN)/python -m benchmarks.serving.soak
	$(BIN)/python -m benchmarks.monitoring

drill: $(STAMP)  ## Kill jobs at random instants and run them again: make drill KILLS=100 SEED=1.
	$(BIN)/python -m tests.end_to_end.drill --points --kills $(or $(KILLS),100) $(if $(SEED),--seed $(SEED))

planted: $(STAMP)  ## Plant five faults into copies of the demo's store, and show what the monitor says of each.
	$(BIN)/python -m tests.end_to_end.planted_faults

conformance: $(STAMP)  ## Hold our forms of the join, and the peers, to the named cases.
	$(BIN)/python -m benchmarks.point_in_time.conformance

lock:  ## Pin the dependencies anew.
	sh requirements/lock.sh

clean:  ## Remove what make and the demo made.
	rm -rf .venv .headwater .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
