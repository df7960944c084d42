# Everything a person does here, in one place. `make help` reads the comments behind the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.PHONY: help install demo run test kills forkkills report refusals bench days weeks sweep lint

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## a .venv with everything, from the lock file

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: install ## simulator + web + trader, the sample alerts, a table of what became of each (ARGS=--once ends there)
	$(BIN)/executor demo $(ARGS)

run: install ## web and trader with the settings of .env
	$(BIN)/executor run $(ARGS)

test: install ## all tests (ARGS="-k name" for some)
	$(BIN)/python -m pytest -n 2 $(ARGS)

kills: install ## real processes, killed N times (20) while alerts come; STORE=postgres, ARGS=--feeds
	$(BIN)/python -m tests.campaigns.soak --kills $(or $(N),20) --store $(or $(STORE),sqlite) $(ARGS)

forkkills: install ## fork and kill web and trader N times (1000) at every kind of instant; STORE=postgres
	$(BIN)/python -m tests.campaigns.forkkill --kills $(or $(N),1000) --store $(or $(STORE),sqlite) $(ARGS)

report: install ## docs/reliability.md from the reports of the campaigns under docs/reports/
	$(BIN)/python -m tests.campaigns.report

refusals: install ## docs/refusals.md from the one list of refusals, domain/refusal.py
	$(BIN)/python -m tests.refusals

bench: install ## the figures of the design, measured on both stores, and docs/benchmarks.md (ARGS=--quick to try it)
	$(BIN)/python -m benchmarks $(ARGS)

days: install ## play and check N simulated days (50) on all cores; STORE=postgres, ARGS="--first 100 --feeds"
	$(BIN)/python -m tests.campaigns.days --days $(or $(N),50) --store $(or $(STORE),sqlite) $(ARGS)

weeks: install ## play and check N simulated weeks (20) with their nights, on all cores; STORE=postgres, ARGS="--charts --feeds"
	$(BIN)/python -m tests.campaigns.weeks --weeks $(or $(N),20) --store $(or $(STORE),sqlite) $(ARGS)

sweep: install ## crashes at every passage of 16 stories (STORE=sqlite|postgres, N=a sample, PAIRS=1 all pairs too)
	$(BIN)/python -m tests.campaigns.sweep --store $(or $(STORE),sqlite) $(if $(N),--sample $(N)) $(if $(PAIRS),--pairs) $(ARGS)

lint: install ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
