# Tenfold: `make run` sets everything up and opens the web chat; `make test` sets up and passes the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
QUESTION ?= What happens to a run when its process is killed, and how can I steer it?

.PHONY: run ask page test lint format bench clean help

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(BIN)/tenfold: pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing Tenfold into $(VENV) (once) …"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[web,phone]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(BIN)/tenfold
	@echo "Installing the tools for tests into $(VENV) (once) …"
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

run: $(BIN)/tenfold  ## set up and open the web chat
	@$(BIN)/tenfold web

ask: $(BIN)/tenfold  ## set up, index the sample documents, answer a question about them in the terminal
	@$(BIN)/tenfold research "$(QUESTION)" --docs docs/guide --out report.md
	@sed '/^## Sources/Q' report.md
	@echo
	@echo "The whole report is in report.md. Try next:"
	@echo "  $(BIN)/tenfold research \"your question\" --docs ~/your/folder"
	@echo "  $(BIN)/tenfold research \"your question\" --web"
	@echo "  $(BIN)/tenfold doctor        what is configured, reachable, missing"
	@echo "A larger model writes far better: see docs/guide/models.md"

page:  ## rebuild the web page from its source (needs Node)
	@npm --prefix web/page ci --no-audit --no-fund
	@npm --prefix web/page run build

test: $(VENV)/.dev  ## set up, check style and types, run all tests
	@$(MAKE) --no-print-directory lint
	@$(BIN)/tenfold models pull smollm2
	@$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/web/page
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/web/page  # a browser's event loop bears no other beside it

lint: $(VENV)/.dev  ## ruff, pyright, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --pythonpath $(BIN)/python $$(find -L tenfold -name '*.py' -not -path '*/__pycache__/*')
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev  ## run the benchmarks; tables go to docs/results/
	@for script in $$(ls benchmarks/[a-z]*.py | grep -v /peer_); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:  ## remove what was built
	rm -rf $(VENV) dist build report.md .pytest_cache .ruff_cache
