# The two commands of the README are `make demo` and `make test`; each sets up what it needs first.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all lint bench month fuzz faults changelog clean

# One stamp for the environment: made again when what it is made of changes.
$(VENV)/.ready: requirements.lock setup.cfg pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or say PYTHON=path-to-it" >&2; exit 1; }
	@echo "Setting up $(VENV) (about a minute the first time)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: $(VENV)/.ready
	@$(BIN)/esb demo

# Half of a test's time is waiting: one more process than there are processors.  The tests start some hundred buses, which
# had better find their modules compiled, whatever the shell says of writing them.
test: $(VENV)/.ready
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $$(($$(nproc) + 1)) --dist loadfile -m "not long" $(TESTS)

# With those that take long and test what seldom changes: the measuring tools, the sample, and second ways of the same.
test-all: $(VENV)/.ready
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $$(($$(nproc) + 1)) --dist loadfile $(TESTS)

lint: $(VENV)/.ready
	@$(BIN)/python -m pytest -q tests/house

bench: $(VENV)/.ready
	@$(BIN)/esb bench $(BENCH)

# February 2015 of the national portal, all 704,970 requests: 13 GB of disk.  MONTH="--scale 0.01" for less.
month: $(VENV)/.ready
	@$(BIN)/python -m esb.bench.month $(MONTH)

# A million inputs; corpus and findings are kept in ~/.cache/shluz-fuzz.  FUZZ="--target way --inputs 5000" for less.
fuzz: $(VENV)/.ready
	@PYTHONPATH=tests $(BIN)/python -m fuzz.run $(FUZZ)

# Every fault of the place at full size, then a thousand kills: about half an hour.  KILLS=50 for less; STORM="--tls",
# "--postgres" or "--workers 0" for another bus.  Told in docs/faults.md.
faults: $(VENV)/.ready
	@FAULTS=full $(BIN)/python -m pytest -q tests/faults
	@PYTHONPATH=tests $(BIN)/python -m support.faults.storm --kills $(or $(KILLS),1000) $(STORM)

changelog: $(VENV)/.ready
	@$(BIN)/towncrier build --draft

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
