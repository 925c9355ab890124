# Two commands: `make demo` and `make test`. Both set up .venv first; Python 3.11 to 3.13, pip and make are all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_HOME ?= $(CURDIR)/.newsfold

.PHONY: demo crawl test check setup setup-dev clean

demo: setup  ## Crawl a small invented newsroom on this machine and show its stories.
	@NEWSFOLD_HOME="$(DEMO_HOME)" $(BIN)/newsfold demo

crawl: setup  ## Crawl a feed list: make crawl FEEDS=feeds.opml
	@test -n "$(FEEDS)" || { echo "usage: make crawl FEEDS=feeds.opml" >&2; exit 2; }
	@$(BIN)/newsfold crawl --feeds "$(FEEDS)"

test: setup-dev  ## All tests; they start what they need.
	@$(BIN)/python -m pytest -q -m "not slow" -n 2
	@$(BIN)/python -m pytest -q -m slow -n 2

check: setup-dev  ## Lint, formatting, types and import rules.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(VENV)/ready
setup-dev: $(VENV)/ready-dev

# A Python without ensurepip (Debian's) still has pip, which can install into another environment.
$(BIN)/python:
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "newsfold needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || $(PYTHON) -m venv --without-pip $(VENV)

PIP = $(shell test -x $(BIN)/pip && echo "$(BIN)/python -m pip" || echo "$(PYTHON) -m pip --python $(BIN)/python")

$(VENV)/ready: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) install --disable-pip-version-check --progress-bar on -e .
	@touch $@

$(VENV)/ready-dev: requirements-dev.txt $(VENV)/ready
	$(PIP) install --disable-pip-version-check --progress-bar on -r requirements-dev.txt
	@touch $@

clean:  ## Forget the environment and the demo.
	@test ! -x $(BIN)/newsfold || $(BIN)/newsfold --home "$(DEMO_HOME)/demo" redis stop || true
	rm -rf $(VENV) "$(DEMO_HOME)"
