# `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROBE_RUNTIME ?= $(HOME)/.local/share/dgx-spark-foundation/runtime
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export PATH := $(CURDIR)/$(BIN):$(PATH)

SHELL_FILES = $(shell git ls-files --cached --others --exclude-standard '*.sh' .ci/run)

.PHONY: help setup foundation gate adjust-targets test coverage test-slow test-browser docs test-docs lint molecule molecule-arm64 perf clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

$(VENV)/.controller: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "make setup: $(PYTHON) does not run or is too old ($$($(PYTHON) --version 2>&1)): Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 setup" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.development: $(VENV)/.controller
	$(BIN)/python -m pip install --quiet --editable '.[development]'
	touch $@

setup: $(VENV)/.controller ## make .venv with everything the controller needs

foundation: setup ## measure this machine, then judge it: the two commands
	@status=0; \
	ansible-playbook foundation.yml || status=$$?; \
	ansible-playbook gate.yml || exit $$?; \
	exit $$status

gate: setup ## judge what was measured
	ansible-playbook gate.yml

adjust-targets: setup ## propose a profile's targets from what the fleet measured, as a diff
	@foundation targets $(ARGUMENTS)

test: lint ## lint, types, unit and playbook tests; no root needed
	ansible-playbook playbooks/probe_runtime.yml
	pytest --numprocesses auto -m "not slow"

# Apart from `test`: measuring puts locks, files and a slower start into every process under test.
coverage: $(VENV)/.development ## the lines that the tests of `make test` run through
	ansible-playbook playbooks/probe_runtime.yml
	rm -f .coverage .coverage.*
	coverage run -m pytest --numprocesses auto -m "not slow"
	coverage combine --quiet
	coverage report

test-slow: $(VENV)/.development ## the tests that take ten seconds and more each; no root needed
	ansible-playbook playbooks/probe_runtime.yml
	pytest --numprocesses auto -m slow

test-browser: $(VENV)/.development ## the HTML report in a real browser (needs Debian's chromium-driver)
	pytest tests/browser

docs: $(VENV)/.development ## write the pages that are made from sources
	$(BIN)/python tests/role_pages.py
	$(BIN)/python tests/reference_pages.py

test-docs: $(VENV)/.development ## the documented commands that take minutes, for real
	$(BIN)/python -m pytest -m slow tests/unit/test_documented_commands.py
	$(BIN)/python tests/documented_commands.py

lint: $(VENV)/.development ## every linter and type checker
	ruff check .
	ruff format --check .
	mypy
	yamllint --strict .
	ansible-lint --offline --profile production
	shellcheck $(SHELL_FILES)
	hadolint repro/Dockerfile

molecule: $(VENV)/.development ## the roles on real hosts, x86-64 (needs root)
	molecule/hosts/prepare_machine.sh
	for scenario in probe_runtime reproducibility provision dgx_os status_timer; do molecule test --scenario-name $$scenario; done

molecule-arm64: $(VENV)/.development ## the roles on an emulated aarch64 host (needs root)
	molecule/hosts/prepare_machine.sh arm64
	molecule test --scenario-name arm64

perf: $(VENV)/.development ## the speed figures
	$(BIN)/python tests/performance/probe_time.py
	$(BIN)/python tests/performance/gate_speed.py
	ansible-playbook playbooks/probe_runtime.yml
	$(PROBE_RUNTIME)/bin/python tests/performance/sampler_overhead.py
	if [ "$$(id -u)" -eq 0 ]; then molecule/hosts/prepare_machine.sh; $(BIN)/python tests/performance/provision_time.py; fi

clean: ## remove what the targets made here
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
