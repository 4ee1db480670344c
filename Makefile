# `make` alone shows the help. It is made from this file's comments: `##@` begins a group, `##` after a target
# is its help text, `#?` above a target is one of its options. Every target installs what it needs.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help
help: ## show this help
	@printf 'Usage: make TARGET [OPTION=value ...]\n'
	@awk -F ':.*## ' \
	  '/^##@ / { printf "\n%s\n", substr($$0, 5) } \
	   /^#\? / { options = options sprintf("      %s\n", substr($$0, 4)) } \
	   /^[a-z][a-z-]*:.*## / { printf "  %-14s %s\n%s", $$1, $$2, options; options = "" }' $(MAKEFILE_LIST)

##@ Run
# Options and ports on the command line reach python through the environment.

.PHONY: up down start stop rehearsal-on rehearsal-off build clean
#? PROFILE=lite           processes; full: containers (default with Docker)
#? REHEARSAL=1            time scale of load tests: seconds, not minutes
#? PUBLIC_HOST=name       host name in every link; default: localhost
#? GRAFANA_PORT=3300      another port; all ports and versions are in .env
#? CONSOLE_BIND=0.0.0.0   open lite's console to other machines (password)
#? TRACE_SAMPLING=tail    keep errors, slow traces and a share of the others
up: setup ## start the stack and wait until every server is ready
	@$(RUN) -m stack up

down: setup ## stop the stack; the data stays
	@$(RUN) -m stack down

#? SERVICE=name           the server, as `make status` names it
stop: setup ## stop one server
	@$(RUN) -m stack stop $(SERVICE)

#? SERVICE=name           the server
start: setup ## start one stopped server
	@$(RUN) -m stack start $(SERVICE)

build: setup ## build or pull everything that `make up` needs; start nothing
	@$(RUN) -m stack build

clean: setup ## delete all data of the stack, after you confirm
	@$(RUN) -m stack clean

##@ Look

.PHONY: status logs config export
status: setup ## show each server's state and address
	@$(RUN) -m stack status

#? SERVICE=name           the server
logs: setup ## follow the log of one server
	@$(RUN) -m stack logs $(SERVICE)

config: setup ## show the rendered configuration
	@$(RUN) -m stack config

#? DASHBOARDS_URL=...     address of your Grafana
#? RUNBOOKS_URL=...       address of the runbooks
export: setup ## write rules and dashboards for your own servers to export/
	$(RUN) -m dashboards_src.export export

##@ Test

# The console is tested in Debian's Chromium, which only root can install.
BROWSER = for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
  else \
    echo "Chromium is missing: browser tests are skipped. sudo apt-get install --no-install-recommends chromium" >&2; \
  fi

.PHONY: test test-live check
#? ARGS="-k retry"        options for pytest
test: setup ## run all tests, on a stack of their own
	@$(RUN) -m stack --profile lite build --tools
	@$(BROWSER)
	$(RUN) -m pytest $(ARGS)

#? ARGS="-k retry"        options for pytest
test-live: setup ## run the live tests against the stack that `make up` started
	$(RUN) -m pytest tests/stack/test_signals.py tests/stack/test_dashboards.py --running-stack $(ARGS)

check: setup dashboards ## check style, types, the lock file and generated files
	git diff --exit-code --stat -- grafana/dashboards prometheus/rules prometheus/rules-rehearsal prometheus/alerts.json
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(RUN) -m mypy
	$(UV) lock --check

##@ Load
# Load tests need `make up REHEARSAL=1` or `make rehearsal-on`: rules that look back seconds instead of hours.

.PHONY: load load-ui load-clear rehearse
#? SCENARIO=name          run this scenario
load: setup ## list the load scenarios, or run one and check its alerts
	@$(RUN) -m loadtest $(if $(SCENARIO),run $(SCENARIO),list)

#? ONLY=outage,cache      only these scenarios
#? REAL=1                 two alerts at production timing, about 20 minutes
rehearse: setup ## run all load scenarios and write a report
	@$(RUN) -m loadtest rehearse $(if $(ONLY),--only $(ONLY)) $(if $(REAL),--real) $(ARGS)

rehearsal-on: setup ## switch the running stack to the time scale of load tests
	@$(RUN) -m stack rehearsal-on

rehearsal-off: setup ## switch the running stack back to production's time scale
	@$(RUN) -m stack rehearsal-off

load-ui: setup ## open Locust's web page with the users of the scenarios
	@$(RUN) -m loadtest ui

load-clear: setup ## end every fault; start every server that a scenario stopped
	@$(RUN) -m loadtest clear

##@ Develop

UV_VERSION := $(shell sed -n 's/^UV_VERSION=//p' .env)

# The installed uv, else the pinned version in a virtual environment of its own.
UV := $(or $(shell command -v uv 2>/dev/null),$(CURDIR)/.tools/uv/bin/uv)

$(CURDIR)/.tools/uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed. Name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .tools/uv || { echo "Python lacks its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: uv.lock pyproject.toml $(filter $(CURDIR)/.tools/%,$(UV))
	@$(UV) sync --frozen --all-extras --quiet --python $(PYTHON)
	@touch $@

.PHONY: setup dashboards lint-fix bench bench-up bench-console screenshots
#? PYTHON=python3.12      the Python to use; 3.11 or newer
setup: $(VENV)/.ready ## install everything into .venv; other targets do it too

dashboards: setup ## generate dashboards and rules from dashboards_src
	$(RUN) -m dashboards_src

lint-fix: setup ## format the code and fix what ruff can fix
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

bench: setup ## measure the CPU that telemetry adds to a model call
	UV=$(UV) $(RUN) bench/overhead.py

#? COLD=1                 with empty build caches
bench-up: setup ## measure the start time and idle memory of the stack
	@$(RUN) bench/up.py $(if $(COLD),--cold)

bench-console: setup ## measure the console's speed, memory and load on the application
	@$(BROWSER)
	@$(RUN) bench/console.py

#? MINUTES=6              of load before the pictures
screenshots: setup ## save a picture of every page of the console to screenshots/
	@$(BROWSER)
	@$(RUN) tests/console/screenshots.py screenshots --minutes $(or $(MINUTES),6)
