# make run and make test set everything up by themselves: environments go to .venv*, build output to .aws-sam, the cloud's state to .local.
PYTHON ?= python3
UV := .venv-uv/bin/uv
BIN := .venv/bin
RUN_VENVS := $(addsuffix /.ready,.venv .venv-ministack .venv-lambda .venv-sam)
VENVS := $(RUN_VENVS) $(addsuffix /.ready,.venv-images .venv-calendars .venv-clients .venv-checkov .venv-policies)

export SAM_CLI_TELEMETRY := 0
# A thousand processes of the tests would each compile what they import.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/.venv/bin:$(PATH)

CONFIG_ENV ?= default

# What makes .venv-container: a version that uv looks for, or fetches, or the path of an interpreter.
CONTAINER_PYTHON ?= 3.12

# The packages of Lambda's processor run here, too, so nothing is installed where they cannot run.
HERE := $(shell uname -s) on $(shell uname -m)
ifneq ($(HERE),Linux on x86_64)
ifneq ($(filter-out help clean down,$(or $(MAKECMDGOALS),setup)),)
$(error this is $(HERE), and the laptop cloud needs Linux on x86_64: use WSL, a virtual machine or a container of it)
endif
endif

.PHONY: help setup run notebooks test-notebooks preflight pin deploy smoke check test test-faults test-thorough test-files test-browser test-container coverage lint generate generate-check audit format benchmark benchmark-large benchmarks-setup mutants-setup down lock clean

setup: $(VENVS) node_modules/.ready $(BIN)/stockcast

run: $(RUN_VENVS) $(BIN)/stockcast
	$(BIN)/stockcast run examples/prices.csv

help:
	@echo "make run              a cloud on this laptop, the stack in it, and the forecasts of examples/prices.csv"
	@echo "make setup            every environment, from pinned packages"
	@echo "make down             end the laptop's cloud; make clean removes what make made, too"
	@echo "make check            while you work: linters, types, generated files, unit and project tests"
	@echo "make test             everything that runs without internet; CONTRIBUTING.md has the other suites"
	@echo "make generate         write what is generated; make format formats, make lock raises what is pinned"
	@echo "make preflight        look whether an account can take the stack; CONFIG_ENV names a table of samconfig.toml"
	@echo "make deploy           deploy to AWS; make smoke makes a whole run there"
	@echo "$(BIN)/stockcast --help lists the commands for files, runs and queries."

# CONFIG_ENV is a table of samconfig.toml. sam build calls the python3.13 of .venv, which has pip.
preflight: .venv/.ready .venv-sam/.ready
	PATH="$(PATH):$(CURDIR)/.venv-sam/bin" $(BIN)/python -m tools.aws preflight --config-env $(CONFIG_ENV)

# Asks the region's registry what the tags of AWS's containers mean today, and writes that into samconfig.toml.
pin: .venv/.ready
	$(BIN)/python -m tools.aws pin --config-env $(CONFIG_ENV)

deploy: .venv/.ready .venv-sam/.ready
	mkdir -p .aws-sam
	flock .aws-sam/lock sh -c '.venv-sam/bin/sam build --config-env $(CONFIG_ENV) && .venv-sam/bin/sam deploy --config-env $(CONFIG_ENV) --no-confirm-changeset'

smoke: .venv/.ready
	$(BIN)/python -m tools.aws smoke --config-env $(CONFIG_ENV)

PYTEST := $(BIN)/python -m pytest --dist loadscope --no-loadscope-reorder

# What to run while working: everything that needs neither a laptop cloud nor TensorFlow.
check: lint generate-check
	$(PYTEST) --numprocesses auto tests/unit tests/project --ignore tests/unit/local

# In two processes more than there are cores, at most five: the four folders of tests on laptop clouds begin at once, and
# often wait.
test: lint
	$(PYTEST) --numprocesses $$(( $$(getconf _NPROCESSORS_ONLN) + 2 )) --maxprocesses 5

# Every fault, every input of the corpus and every grant; writes the table in docs/operations.md.
test-faults: setup
	$(BIN)/python -m pytest tests/faults tests/permissions -m "" --write-table

# What make test leaves out of the other suites: more examples, days, shards and tickers.
test-thorough: setup
	$(PYTEST) --numprocesses auto -m "not files" tests/unit tests/training tests/pipeline

# Files of sites, libraries and sellers, up to 99 tickers over more than a hundred shards, through the laptop cloud.
test-files: setup
	$(BIN)/python -m pytest tests/integration/test_files.py -m ""

# Both notebooks, every cell, through the laptop cloud.
test-notebooks: setup .venv-notebooks/.ready
	$(BIN)/python -m pytest tests/notebooks -m ""

# Opens them in a browser, for the cloud that the shell's variables name.
notebooks: .venv-notebooks/.ready
	.venv-notebooks/bin/jupyter lab notebooks

test-browser: .venv-browser/.ready .venv-ministack/.ready node_modules/.ready
	.venv-browser/bin/python -m pytest tests/browser

# What SageMaker runs, on the Python of AWS's container and with its numpy, Keras and toolkit.
test-container: .venv-container/.ready
	.venv-container/bin/python -m pytest tests/training --numprocesses auto

# Which lines of the functions and of training/ the unit tests run. The functions of the laptop cloud are not counted.
coverage: setup
	$(BIN)/python -m pytest tests/unit tests/pipeline tests/training --numprocesses auto --maxprocesses 4 --cov=functions --cov=training --cov-report=term:skip-covered

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	.venv-sam/bin/sam validate --lint
	.venv-checkov/bin/checkov --config-file .checkov.yaml --file template.yaml

# Definitions, parts of the template and of documents, from their sources.
generate: .venv/.ready .venv-images/.ready .venv-calendars/.ready
	$(BIN)/python -m tools.generate

generate-check: .venv/.ready .venv-images/.ready .venv-calendars/.ready
	$(BIN)/python -m tools.generate --check

# Needs the internet: known vulnerabilities of every pinned package. Not a part of `make test`, which works without.
audit: .venv/.ready .venv-audit/.ready node_modules/.ready
	$(BIN)/python -m tools.audit

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What the commands of benchmarks/ need beside the rest; nothing else does.
benchmarks-setup: .venv/.ready .venv-benchmarks/.ready

# Writes docs/performance.md: the steps beside other programs, step by step, on paper and on the laptop. Not in make test.
benchmark: setup .venv-benchmarks/.ready
	$(BIN)/python -m benchmarks.performance --write

# 40 million rows through every step; needs 12 GB of disk for the while.
benchmark-large: setup .venv-benchmarks/.ready
	$(BIN)/python -m benchmarks.large --write

# What `python -m benchmarks.mutants` needs; nothing else does.
mutants-setup: .venv/.ready .venv-mutants/.ready

down:
	[ ! -x $(BIN)/python ] || $(BIN)/python -P stockcast/__main__.py down

clean: down
	rm -rf .venv .venv-* node_modules .aws-sam .local

# Raises what requirements/*.in allow; writes no index address, so that any mirror serves.
COMPILE = $(UV) pip compile --quiet --upgrade --python-version 3.13 --universal --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: .venv-uv/.ready
	$(COMPILE) requirements/dev.in --override requirements/dev.override --output-file requirements/dev.txt
	$(COMPILE) --no-deps requirements/images.in --output-file requirements/images.txt
	$(COMPILE) --no-deps requirements/policies.in --output-file requirements/policies.txt
	$(COMPILE) requirements/mutants.in --override requirements/dev.override --constraint requirements/dev.txt --output-file requirements/mutants.txt
	$(subst 3.13,3.12,$(COMPILE)) requirements/container.in --output-file requirements/container.txt
	for name in ministack lambda sam calendars clients browser notebooks benchmarks checkov audit uv; do $(COMPILE) requirements/$$name.in --output-file requirements/$$name.txt; done

SETUP_LOGS := .local/logs
# What an installation writes goes to a log, which a failure names.
LOG = $(SETUP_LOGS)/setup$(patsubst .venv%,%,$(@D)).log
FAILED = { tail -n 5 $(LOG) >&2; echo "$(@D) could not be installed: the whole log is $(LOG)" >&2; exit 1; }
PINNED = $$(grep -c '^[a-zA-Z0-9].*==' $(filter requirements/%,$^))

.venv-uv/.ready: requirements/uv.txt
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON) here: install Python 3.9 or newer, or name one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || \
		{ echo "$(PYTHON) is older than 3.9 or lacks venv: install python3-venv, or name another one with make PYTHON=..." >&2; exit 1; }
	@mkdir -p $(SETUP_LOGS)
	@echo "environment $(@D): $(PINNED) package"
	@$(PYTHON) -m venv .venv-uv >$(LOG) 2>&1 || $(FAILED)
	@.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt >>$(LOG) 2>&1 || $(FAILED)
	@touch $@

.venv/.ready: requirements/dev.txt
.venv-ministack/.ready: requirements/ministack.txt
.venv-lambda/.ready: requirements/lambda.txt
.venv-sam/.ready: requirements/sam.txt
.venv-images/.ready: requirements/images.txt
.venv-calendars/.ready: requirements/calendars.txt
.venv-clients/.ready: requirements/clients.txt
.venv-benchmarks/.ready: requirements/benchmarks.txt
.venv-browser/.ready: requirements/browser.txt
.venv-notebooks/.ready: requirements/notebooks.txt
.venv-checkov/.ready: requirements/checkov.txt
.venv-policies/.ready: requirements/policies.txt
.venv-audit/.ready: requirements/audit.txt
.venv-mutants/.ready: requirements/mutants.txt
.venv-container/.ready: requirements/container.txt

OF_VENV := 3.13
.venv-container/.ready: OF_VENV := $(CONTAINER_PYTHON)
# Of the interpreter the checkout's own environments are none.
FOUND = $(UV) python find --system "$(OF_VENV)" >$(LOG) 2>&1 || $(UV) python install "$(OF_VENV)" >>$(LOG) 2>&1
$(VENVS) .venv-benchmarks/.ready .venv-browser/.ready .venv-notebooks/.ready .venv-audit/.ready .venv-mutants/.ready .venv-container/.ready: .venv-uv/.ready
	@mkdir -p $(SETUP_LOGS)
	@echo "environment $(@D): $(PINNED) packages"
	@$(FOUND) || { echo "there is no Python $(OF_VENV) here, and none came from github.com ($(LOG)): install python$(OF_VENV), or set UV_PYTHON_INSTALL_MIRROR" >&2; exit 1; }
	@$(UV) venv --quiet --clear --python "$(OF_VENV)" $(@D) >>$(LOG) 2>&1 || $(FAILED)
	@$(UV) pip install --quiet --compile-bytecode --no-deps --require-hashes --python $(@D) -r $(filter requirements/%,$^) >>$(LOG) 2>&1 || $(FAILED)
	@touch $@

# A copy, so that it finds the checkout by its own place.
$(BIN)/stockcast: stockcast/launcher.sh .venv/.ready
	@cp stockcast/launcher.sh $@
	@chmod +x $@
	@echo "$@ is the command for files, runs and queries"

node_modules/.ready: package-lock.json .venv/.ready
	$(BIN)/npm ci --silent --no-audit --no-fund
	touch $@
