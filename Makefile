# Two commands on a fresh machine: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# On Linux the plain wheel of torch can bring gigabytes of GPU libraries that nothing here uses. Where your package
# source keeps CPU builds elsewhere, pass pip what finds them: make setup TORCH_ARGS="<options of pip install>".
TORCH ?= $(shell grep -i '^torch==' requirements.lock)
TORCH_ARGS ?=
HOME_DIR ?= data
SERVE ?= 1
PORT ?= 8000
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: setup demo test lint format bench lock clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Ronghe needs Python 3.11 or newer; name one with PYTHON=python3.12" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet $(TORCH_ARGS) $(TORCH)
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

demo: setup
	$(BIN)/ronghe demo --home $(HOME_DIR) --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve)

test: setup lint
	@sh tests/browser.sh
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --no-error-summary

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	@for study in benchmarks/*.py; do name=$$(basename $$study .py); echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

# The exact versions that `make setup` installs, from what is installed now.
lock:
	$(BIN)/pip freeze --exclude-editable --exclude ronghe | sed 's/+cpu$$//' > requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
