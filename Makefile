# Every target is one line of `make help`. The virtual environment is made when a target first needs it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8080
ENV ?= dev
DATA_DIR ?= data
ARCHITECTURE ?= arm64
LAMBDA_PYTHON ?= 3.11
FUZZ_EXAMPLES ?= 1000000
SEED ?= 0
LAST ?= $(SEED)
CUTS ?= 3
BIN := .venv/bin
RUN_READY := .venv/.run-ready
DEV_READY := .venv/.dev-ready
DEPLOY_READY := .venv/.deploy-ready

# uv is used when it is there (seconds instead of half a minute); venv and pip otherwise.
UV := $(shell command -v uv 2>/dev/null)
INSTALL = $(if $(UV),VIRTUAL_ENV=.venv $(UV) pip install --quiet,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

.PHONY: plan help setup setup-dev setup-deploy run test lint fuzz simulate bench package release coverage mutate

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(RUN_READY) ## create .venv with what the host needs, so that .venv/bin/orders works

setup-dev: $(DEV_READY) ## the same, with what the tests and the linters need

setup-deploy: $(DEPLOY_READY) ## the same, with what `orders deploy` needs

run: setup ## start the API on http://127.0.0.1:8080 with demo users and orders (PORT=…, DATA_DIR=…)
	@$(BIN)/orders serve --demo --port $(PORT) --data-dir $(DATA_DIR)

test: setup-dev ## run the tests; says what it left out and how to get it
	@$(BIN)/python -m pytest -n auto

fuzz: setup-dev ## ask the application a million random requests (FUZZ_EXAMPLES=1000000)
	@FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q -n auto tests/fuzz

coverage: setup-dev ## the same tests as CI measures, and the share of branches that they reach
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(BIN)/coverage run -m pytest -q -n auto tests/unit tests/contract tests/gateway tests/events tests/consumers tests/durability tests/simulation tests/tracing tests/upgrades tests/client tests/aws tests/blackbox tests/cache
	@$(BIN)/coverage combine --quiet && $(BIN)/coverage report

mutate: setup-dev ## change the code of MODULE=… in many small ways, and list the changes that its tests let pass
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --target build/mutmut -r requirements/mutation.txt
	@$(BIN)/python -m tests.mutation $(MODULE)

simulate: setup-dev ## run the host under seeds SEED to LAST, with CUTS power cuts each (SEED=0, LAST=SEED, CUTS=3), or REPLAY=FILE
	@$(BIN)/python -m tests.simulation $(if $(REPLAY),--replay $(REPLAY),$(SEED) $(LAST) --cuts $(CUTS))

bench: setup-dev ## measure the host and the handler against named references; rewrites docs/performance.md
	@$(BIN)/python -m bench

plan: ## what a deployment would change on AWS (ENV=dev)
	@cd infra && terraform init -reconfigure -backend-config=environments/$(ENV).backend.hcl >/dev/null && \
	  terraform plan -lock=false -var-file=environments/$(ENV).tfvars

package: setup ## build what is deployed, into dist/ (ARCHITECTURE=arm64, LAMBDA_PYTHON=3.11)
	@$(BIN)/python -m orders_tools.build_zip --architecture $(ARCHITECTURE) --python $(LAMBDA_PYTHON)
	@$(BIN)/orders openapi --profile gateway --output dist/openapi.gateway.json

release: $(RUN_READY) ## build the committed wheel, its source and its bill of materials, into dist/release/
	@rm -rf dist/release build/release && mkdir -p dist/release build/release
	@git archive HEAD | tar -x -C build/release
	@$(PYTHON) -m venv build/release/.venv && build/release/.venv/bin/python -m pip install --quiet --disable-pip-version-check \
	  --require-hashes -r requirements/build.txt
	@cd build/release && SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) .venv/bin/python -m pip wheel --quiet --no-deps \
	  --no-build-isolation --wheel-dir ../../dist/release .
	@version=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml) && \
	  git archive --format=tar.gz --prefix=orders-api-$$version/ --output dist/release/orders-api-$$version.tar.gz HEAD && \
	  $(BIN)/python -m orders_tools.bill_of_materials $$version requirements/run.txt >dist/release/orders-api-$$version.cdx.json
	@cd dist/release && sha256sum *.whl *.tar.gz *.json >SHA256SUMS && cat SHA256SUMS

lint: setup-dev ## ruff and mypy --strict
	@$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Orders API needs Python 3.11 or later, not %d.%d: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(if $(UV),$(UV) venv --quiet --python $(PYTHON) .venv,$(PYTHON) -m venv .venv)

$(RUN_READY): requirements/run.txt pyproject.toml | .venv/bin/python
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) --no-deps -e .
	@touch $@

$(DEV_READY): requirements/dev.txt pyproject.toml | .venv/bin/python
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps -e .
	@touch $(RUN_READY) $@

$(DEPLOY_READY): requirements/deploy.txt pyproject.toml | .venv/bin/python
	@$(INSTALL) --require-hashes -r requirements/deploy.txt
	@$(INSTALL) --no-deps -e .
	@touch $(RUN_READY) $@
