# Two commands: `make demo` and `make test`. Both set up .venv first; Python 3.11 to 3.13, pip and make are all they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-bench
PIP_INSTALL := -m pip install --disable-pip-version-check --progress-bar on
DEMO_HOME ?= $(CURDIR)/.newsfold

.PHONY: demo crawl test test-cluster test-benchmarks check bench fuzz soak screenshots setup setup-dev setup-bench clean

demo: setup  ## Crawl a small invented newsroom on this machine and show its stories.
	@NEWSFOLD_HOME="$(DEMO_HOME)" $(BIN)/newsfold demo

crawl: setup  ## Crawl a feed list: make crawl FEEDS=feeds.opml
	@test -n "$(FEEDS)" || { echo "usage: make crawl FEEDS=feeds.opml" >&2; exit 2; }
	@$(BIN)/newsfold crawl --feeds "$(FEEDS)"

# Without compiled modules every process that collects the tests takes twice as long.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup-dev  ## All tests; they start what they need.
	@$(BIN)/python -m pytest -q -m "not benchmark and not slow" -n 2
	@$(BIN)/python -m pytest -q -m "slow and not cluster" -n 2 --dist worksteal

test-cluster: setup-dev  ## The tests on a Redis Cluster of three masters and three replicas, and behind sentinels; they start all of it.
	@$(BIN)/python -m pytest -q -m cluster

test-benchmarks: setup-dev  ## Every benchmark that the documents name, with --quick: five minutes.
	@$(BIN)/python -m pytest -q -m benchmark

check: setup-dev  ## Lint, formatting, types and import rules.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench:  ## A benchmark beside all its peers: make bench NAME=pages ARGS=--quick
	@test -n "$(NAME)" || { echo "usage: make bench NAME=pages [ARGS=--quick]" >&2; exit 2; }
	@$(MAKE) --no-print-directory setup-bench
	@$(PEERS)/bin/python -m benchmarks.$(NAME) $(ARGS)

screenshots: setup-dev  ## Take the pictures in docs/screenshots anew; needs chromium.
	@$(BIN)/python -m docs.screenshots.take

FUZZ_SECONDS ?= 60
fuzz: $(VENV)/ready-fuzz  ## Coverage-guided fuzzing of feeds, pages and JSON Lines, a minute each; what is found is in .fuzz/.
	@for target in feed page lines; do echo "fuzzing $$target for $(FUZZ_SECONDS) s"; \
	  $(BIN)/python tests/fuzz/run.py $$target -max_total_time=$(FUZZ_SECONDS) >.fuzz-$$target.log 2>&1; code=$$?; \
	  grep -E '^(stat::|SUMMARY|[A-Za-z]*Error)' .fuzz-$$target.log; test $$code -eq 0 || exit $$code; done

soak: setup-dev  ## Ten minutes of a growing newsroom with retention on; figures go into docs/reliability.md.
	@$(BIN)/python -m benchmarks.soak --write $(ARGS)

setup: $(VENV)/ready
setup-dev: $(VENV)/ready-dev
setup-bench: $(PEERS)/ready

# A Python without ensurepip (Debian's) still has pip, which can put one into another environment. That of Python 3.11
# stops at an extra of lxml that two libraries ask for ("Candidate is not for this requirement"): a newer one is fetched.
%/pip: | check-python
	@echo "Setting up $* with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $* 2>/dev/null || { $(PYTHON) -m venv --without-pip $* && \
	  $(PYTHON) -m pip --python $*/bin/python install --disable-pip-version-check -q pip; }
	$*/bin/python $(PIP_INSTALL) "pip>=24.1"
	@touch $@

.PHONY: check-python
check-python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "newsfold needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12" >&2; exit 2; }

SITES := import sysconfig; print(*sorted({sysconfig.get_path(n) for n in ('purelib', 'platlib')}), sep='\n')

$(VENV)/ready: requirements.txt pyproject.toml | $(VENV)/pip
	$(BIN)/python $(PIP_INSTALL) -e .
	@touch $@

$(VENV)/ready-dev: requirements-dev.txt $(VENV)/ready
	$(BIN)/python $(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

$(VENV)/ready-fuzz: requirements-fuzz.txt $(VENV)/ready-dev
	$(BIN)/python $(PIP_INSTALL) -r requirements-fuzz.txt
	@touch $@

# The peers, and the old versions that they ask for, come before what $(VENV) has, which is not installed once more.
$(PEERS)/ready: requirements-bench.txt $(VENV)/ready-dev | $(PEERS)/pip
	@$(BIN)/python -c "$(SITES)" >"$$($(PEERS)/bin/python -c "$(SITES)" | head -n 1)/newsfold-dev.pth"
	$(PEERS)/bin/python $(PIP_INSTALL) -r requirements-bench.txt
	@touch $@

clean:  ## Forget the environment and the demo.
	@test ! -x $(BIN)/newsfold || $(BIN)/newsfold --home "$(DEMO_HOME)/demo" redis stop || true
	rm -rf $(VENV) $(PEERS) "$(DEMO_HOME)"
