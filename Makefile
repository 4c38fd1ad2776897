# Two commands: `make book` builds the web book, `make test` checks everything. Both do all their set-up.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
.DEFAULT_GOAL := help

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 …")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: on Debian or Ubuntu, apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what requirements.txt pins (once; PyTorch is the largest part) …"
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $(READY)

.PHONY: book test test-all bundle serve notebooks bench repository recordings synthetic links clean help

book: $(READY) ## build the web book into book/_build/html
	@$(BIN)/python -m tools.build

test: $(READY) ## run every check, with its own set-up
	@sh tools/system.sh $(BIN)/python
	@$(BIN)/python -m tools.check $(if $(RECORD),--record && $(BIN)/python -m tools.checked)

test-all: $(READY) ## run every check, the slow ones too
	@sh tools/system.sh $(BIN)/python
	@$(BIN)/python -m tools.check --all

bundle: book ## one zip for a classroom without a network: book, notebooks, exercises, package
	@$(BIN)/python -m tools.bundle

serve: book ## build, then serve the book on this machine
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory book/_build/html 8000

notebooks: $(READY) ## make the notebooks from book/sources and run those that are stale (ALL=1: all)
	@$(BIN)/python -m tools.notebooks $(if $(ALL),--all)

bench: $(READY) ## measure ours against the reference implementations
	@$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps -r benchmarks/requirements.txt
	@$(BIN)/python -m benchmarks --json benchmarks/results/bench.json
	@$(BIN)/python -m benchmarks.parity
	@$(BIN)/python -m tools.checked

repository: $(READY) ## set the repository's address: make repository URL=https://github.com/you/course
	@$(BIN)/python -m tools.repository "$(URL)"
	@$(BIN)/python -m tools.notebooks

recordings: $(READY) ## rebuild the recordings from Debian's packages (needs apt-get and ffmpeg)
	@$(BIN)/python -m tools.recordings

synthetic: $(READY) ## rebuild the synthetic digits (needs espeak-ng's library and ffmpeg)
	@$(BIN)/python -m tools.synthetic

links: $(READY) ## visit every link that leaves the book and date what answers (needs a network)
	@$(BIN)/python -m tools.build
	@$(BIN)/python -m tools.links --visit

clean: ## remove what was built and installed here
	rm -rf .venv book/_build *.egg-info .hypothesis .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile
