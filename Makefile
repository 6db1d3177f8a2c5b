# Every developer command. `make demo` and `make test` set everything up in .venv by themselves.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check bench thorough golden lock clean

demo: .venv/runtime
	$(BIN)/python docs/examples/demo.py

test: .venv/dev
	$(BIN)/python tools/pythons.py
	HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -n auto -q -r s

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -n auto -q -m "not slow"

# Each bench fails when a target is missed; the others are run all the same.
bench: .venv/dev .venv-bench/bench
	@failed=0; for bench in "$(BIN)/python tests/bench/engine.py" "$(BIN)/python tests/bench/evidence.py" \
	  ".venv-bench/bin/python tests/bench/expressions.py" ".venv-bench/bin/python tests/bench/frameworks.py" \
	  ".venv-bench/bin/python tests/bench/execution.py"; \
	  do $$bench || failed=1; done; exit $$failed

# Hours: many more generated cases, and every mutant of the core.
thorough: .venv/thorough
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n auto -q tests/property tests/determinism
	$(BIN)/python tools/mutants.py

# Golden files and snapshots change only by these commands, in a commit that says why.
golden: .venv/dev
	$(BIN)/python tests/golden/make_golden.py
	PYTHONPATH=tests $(BIN)/python tests/golden/make_tampered.py

lock:
	cd requirements && for name in runtime dev thorough sclite-1 sclite-2; do \
	  uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --output-file $$name.lock $$name.in; done
	cd requirements && uv pip compile --quiet --upgrade --universal --fork-strategy fewest --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --constraint thorough.lock --output-file bench.lock bench.in

clean:
	rm -rf .venv .venv-* .mission .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage mutants dist

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("mission-runtime needs Python 3.11 or newer; set PYTHON=") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/runtime: requirements/runtime.lock pyproject.toml | .venv/bin/python
	$(PIP) install --no-deps --require-hashes -r requirements/runtime.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev: requirements/dev.lock .venv/runtime | .venv/bin/python
	$(PIP) install --no-deps --require-hashes -r requirements/dev.lock
	touch $@

.venv/thorough: requirements/thorough.lock .venv/dev | .venv/bin/python
	$(PIP) install --no-deps --require-hashes -r requirements/thorough.lock
	touch $@

# Apart from .venv, because what the benches compare with is no part of what is developed.
.venv-bench/bench: requirements/bench.lock | .venv/bin/python
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/bench.lock
	touch $@
