# `make help` lists what there is. Everything installs what it needs; Python >= 3.11 is enough to begin with.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

# --- setting up ----------------------------------------------------------------------------------

UV_VERSION := $(shell sed -n 's/^UV_VERSION=//p' .env)

# uv where there is one, else the pinned one in a virtual environment of its own.
UV := $(or $(shell command -v uv 2>/dev/null),$(CURDIR)/.tools/uv/bin/uv)

$(CURDIR)/.tools/uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .tools/uv || { echo "Python lacks its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: uv.lock pyproject.toml $(filter $(CURDIR)/.tools/%,$(UV))
	@$(UV) sync --frozen --all-extras --quiet --python $(PYTHON)
	@touch $@

.PHONY: setup
setup: $(VENV)/.ready ## install everything into .venv (the other targets do it themselves)

# --- quality -------------------------------------------------------------------------------------

# The console is tested in Debian's Chromium, which only root can install.
BROWSER = for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
  else \
    echo "No Chromium, so no browser tests. To have it: sudo apt-get install --no-install-recommends chromium" >&2; \
  fi

.PHONY: help test test-live check dashboards export lint-fix bench clean-venv
test: setup ## run all tests; builds lite's servers first where they are not built yet
	@$(RUN) -m stack --profile lite build --tools
	@$(BROWSER)
	$(RUN) -m pytest $(ARGS)

test-live: setup ## the live tests, against the stack that `make up` started
	$(RUN) -m pytest tests/stack/test_signals.py tests/stack/test_dashboards.py --running-stack $(ARGS)

check: setup dashboards ## ruff, mypy, the lock file, and that what is generated is up to date
	git diff --exit-code --stat -- grafana/dashboards prometheus/rules prometheus/rules-rehearsal prometheus/alerts.json
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(RUN) -m mypy
	$(UV) lock --check

dashboards: setup ## generate dashboards and rules from dashboards_src
	$(RUN) -m dashboards_src

export: setup ## dashboards and rules for your own Prometheus and Grafana, into export/
	$(RUN) -m dashboards_src.export export

lint-fix: setup ## let ruff mend what it can
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

bench: setup ## CPU that telemetry adds to a call, beside others' (ratios of one run)
	UV=$(UV) $(RUN) bench/overhead.py

# --- the stack -----------------------------------------------------------------------------------

# Ports and options on the command line (make up PROMETHEUS_PORT=9091) reach it through the environment.

.PHONY: up down rehearsal-on rehearsal-off stop start status logs config clean build bench-up bench-console screenshots
up: setup ## start the stack and wait until it is ready (PROFILE=full or lite; REHEARSAL=1 for load tests)
	@$(RUN) -m stack up

down: setup ## stop the stack; data stays
	@$(RUN) -m stack down

rehearsal-on: setup ## switch the running stack to the time scale of load tests
	@$(RUN) -m stack rehearsal-on

rehearsal-off: setup ## switch it back to production's
	@$(RUN) -m stack rehearsal-off

stop: setup ## stop one server (SERVICE=name)
	@$(RUN) -m stack stop $(SERVICE)

start: setup ## start it again
	@$(RUN) -m stack start $(SERVICE)

status: setup ## what runs, and where
	@$(RUN) -m stack status

logs: setup ## a server's log as it goes on (SERVICE=name)
	@$(RUN) -m stack logs $(SERVICE)

config: setup ## the configuration, rendered
	@$(RUN) -m stack config

build: setup ## build or pull what `make up` needs
	@$(RUN) -m stack build

clean: setup ## remove all data of the stack, after asking
	@$(RUN) -m stack clean

bench-up: setup ## seconds to start, memory when idle (COLD=1: from nothing)
	@$(RUN) bench/up.py $(if $(COLD),--cold)

bench-console: setup ## how fast the console renders, its memory, what its pages cost the application
	@$(BROWSER)
	@$(RUN) bench/console.py

screenshots: setup ## a picture of every page of the console, into screenshots/ (MINUTES=6 of load before)
	@$(BROWSER)
	@$(RUN) tests/console/screenshots.py screenshots --minutes $(or $(MINUTES),6)

# --- load tests ------------------------------------------------------------------------------------

# `make up REHEARSAL=1` first: rules that look back seconds and not hours.
.PHONY: load load-ui load-clear rehearse
load: setup ## list the load scenarios, or run one and say whether its alerts came (SCENARIO=name)
	@$(RUN) -m loadtest $(if $(SCENARIO),run $(SCENARIO),list)

load-ui: setup ## Locust's own page, with the scenarios' users
	@$(RUN) -m loadtest ui

load-clear: setup ## switch off every fault, start what a scenario stopped
	@$(RUN) -m loadtest clear

rehearse: setup ## run all scenarios and write a report (ONLY=a,b; REAL=1: two alerts at production timing)
	@$(RUN) -m loadtest rehearse $(if $(ONLY),--only $(ONLY)) $(if $(REAL),--real) $(ARGS)
