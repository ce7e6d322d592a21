# GenHub: `make help` lists the targets. Each one makes or refreshes .venv by itself.

PY := .venv/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check
PYTHONS := python3.13 python3.12 python3.11 python3
IS_NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

# What the production settings ask for, so that they can be checked without a server.
PRODUCTION := DJANGO_SETTINGS_MODULE=genhub.settings.production \
	SECRET_KEY=only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ \
	PUBLIC_URL=https://hub.example ALLOWED_HOSTS=hub.example \
	DATABASE_URL=postgres://genhub:genhub@127.0.0.1:1/genhub DATABASE_POOL_SIZE=0 \
	CELERY_BROKER_URL=redis://127.0.0.1:1/0

# Every process that a target starts reads the compiled sources; a shell that forbids to keep them makes each compile anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo up test whole faults mutants clients panel bench check format

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: .venv/.ready ## start everything and make one picture   (ARGS="--once --json --seed 7 --prompt '…'")
	@exec $(PY) manage.py demo $(ARGS)

up: .venv/.ready ## start everything; Ctrl-C stops it
	@exec $(PY) manage.py up $(ARGS)

test: .venv/.ready-dev ## run the tests against real servers    (ARGS="-k ledger")
	@echo "· tests" >&2
	@exec $(PY) -m pytest -m "not whole" $(ARGS)

whole: .venv/.ready-dev ## start servers and whole hubs, kill processes, drive a browser, walk all pages and routes, ask much of the engine, in small counts
	@echo "· whole hubs and pages" >&2
	@exec $(PY) -m pytest -m whole $(ARGS)

# Hostile addresses, answers and weights, files and what keeps and deletes them stand beside the code that they try.
FAULTS_OF_files := tests/storage tests/retention tests/lib/test_hostile_addresses.py tests/lib/test_dial.py \
	tests/lib/test_fetch.py tests/lib/test_public_addresses.py tests/engine/test_weights_files.py tests/api/test_links.py \
	tests/api/test_verify.py tests/api/test_owners.py tests/faults/test_leftovers.py tests/faults/test_retention.py
# Ends told, answers that live on, and whose they are.
FAULTS_OF_apps := tests/webhooks tests/live tests/front/test_waits.py tests/api/test_owners.py tests/api/test_keys.py \
	tests/api/test_schemathesis.py tests/api/test_small_refusals.py
# Foreign words, what is found instead of drawn, and what is stopped before anyone sees it.
FAULTS_OF_dialects := tests/front/test_openai*.py tests/front/test_sdapi*.py tests/front/test_replicate*.py \
	tests/live/test_assistants*.py tests/api/test_dialects.py tests/api/compat tests/orders/test_cache.py tests/moderation
# Who stands in, what became of a lost answer, and addresses that we did not choose.
FAULTS_OF_providers := tests/work/test_standby*.py tests/work/test_vendor_files.py tests/life/test_doubt*.py \
	tests/life/test_searching*.py tests/life/test_breaker.py tests/lib/test_fetch.py
# What operators live with: tests/faults/operate/catalogue.py says which strikes what.
FAULTS_OF_operate := tests/faults/test_*.py tests/faults/engine tests/faults/ledger tests/faults/brokers tests/faults/files \
	tests/faults/providers/test_kills.py tests/faults/video/test_kills.py tests/engine/test_out_of_memory.py \
	tests/work/test_presence.py tests/work/test_batch.py tests/life/test_races.py tests/life/test_claims.py \
	tests/life/test_searching.py tests/retention/test_turns.py tests/upgrading

faults: .venv/.ready-dev ## kill processes in full counts        (SET=ledger, FAULT_COUNT=10)
	@echo "· fault tests" >&2
	@FAULT_COUNT=$${FAULT_COUNT:-10} exec $(PY) -m pytest $(if $(SET),$(wildcard tests/faults/$(SET) tests/$(SET)) $(FAULTS_OF_$(SET)),tests/faults tests/front/test_slow.py) \
		--timeout 1800 $(ARGS)

mutants: .venv/.ready-dev ## break promises on purpose; the suite must notice
	@echo "· mutants" >&2
	@exec $(PY) -m tests.mutants "$(WORD)"

clients: .venv/.ready-dev .venv-clients/.ready tests/clients/node_modules/.ready ## order with clients generated in Python and TypeScript, and through LiteLLM's proxy
	@echo "· clients" >&2
	@exec $(PY) -m pytest tests/clients/ordering.py tests/clients/proxied.py -n 0 $(ARGS)

panel: .venv/.ready-dev genhub/panel/node_modules/.ready tests/browser/panel/node_modules/.ready ## build the picture panel, try it in CKEditor 5, and let axe look at it and at the admin
	@npm run --silent --prefix genhub/panel types
	@npm run --silent --prefix genhub/panel build
	@echo "· the panel" >&2
	@exec $(PY) -m pytest tests/panel tests/browser/test_panel*.py tests/browser/test_playground.py tests/browser/panel/editors.py tests/browser/panel/barriers.py -n 0 $(ARGS)

bench: .venv/.ready-dev ## measure, one JSON line at the end       (ID=ledger-uniform, QUICK=1)
	@exec $(PY) -m tests.bench "$(ID)" $(if $(QUICK),--quick)

check: .venv/.ready-dev ## lint, types, imports, migrations, production settings
	@echo "· lint" >&2;                 $(PY) -m ruff check --quiet
	@echo "· format" >&2;               $(PY) -m ruff format --check --quiet
	@echo "· types" >&2;                $(PY) -m mypy .
	@echo "· imports" >&2;              .venv/bin/lint-imports --no-logo
	@echo "· migrations" >&2;           $(PRODUCTION) $(PY) -W ignore manage.py makemigrations --check --dry-run
	@echo "· production settings" >&2;  $(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

format: .venv/.ready-dev ## mend what a machine can mend, the handbook's table of settings too
	@echo "· format" >&2
	@$(PY) -m ruff check --quiet --fix-only . && $(PY) -m ruff format --quiet .
	@$(PRODUCTION) $(PY) manage.py settings_table

.venv/.ready: pyproject.toml | .venv/bin/python
	@echo "· installing the hub into .venv (a few minutes the first time)" >&2
	@$(PIP) --editable '.[embedded,local,tokens]'
	@touch $@

.venv/.ready-dev: pyproject.toml | .venv/bin/python
	@echo "· installing the hub and its tools into .venv (a few minutes the first time)" >&2
	@$(PIP) --editable '.[embedded,local,tokens,reports,dev]'
	@touch $@ .venv/.ready

# Its pins are not ours: an environment of its own.
.venv-clients/.ready: Makefile | .venv/bin/python
	@echo "· the generator of Python clients" >&2
	@$(PY) -m venv .venv-clients
	@.venv-clients/bin/python -m pip install -qq --disable-pip-version-check 'openapi-python-client==0.29.1'
	@touch $@

%/node_modules/.ready: %/package.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer" >&2; exit 1; }
	@echo "· what $*/package.json names" >&2
	@npm install --silent --no-fund --no-audit --no-package-lock --prefix $*
	@touch $@

.venv/bin/python:
	@for python in $(PYTHON) $(PYTHONS); do \
		if $$python -c '$(IS_NEW_ENOUGH)' 2>/dev/null; then \
			echo "· making .venv with $$($$python --version)" >&2; \
			exec $$python -m venv .venv; \
		fi; \
	done; \
	echo "GenHub needs Python 3.11 or newer with its venv module, and none of these is one:" \
		"$(PYTHON) $(PYTHONS). Install it (Debian, Ubuntu: python3 and python3-venv)," \
		"or name it: make PYTHON=/path/to/python3.11" >&2; \
	exit 1
