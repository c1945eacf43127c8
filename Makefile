# `make ingest` and `make test` are all a new machine needs: they make .venv, install what constraints.txt pins, and use
# the embedded Postgres. Everything runs through `.venv/bin/python -m`, which works in a path with spaces, too.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	2>/dev/null && echo $$p && break; done)
RUN := .venv/bin/python -m
READY := .venv/.ready

# Runs a command and shows what it printed only when it fails.
quietly = $(1) > .venv/check.log 2>&1 || { cat .venv/check.log >&2; exit 1; }

# A question reaches the shell as a variable, so that its quotes and signs stay as they are.
export Q

.DEFAULT_GOAL := help
.PHONY: help setup ingest plan search status doctor dev serve test check format bench bench-embeddings bench-search tune \
	fuzz openai-server stop clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

setup: $(READY) ## Make .venv and install everything

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; set PYTHON=/path/to/it." >&2; exit 1; }
	@echo "Setting up .venv (once) …"
	@test -x .venv/bin/python || "$(PYTHON)" -m venv .venv
	@$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

ingest: $(READY) ## Read content/, embed what is new, publish; ARGS="--yes" confirms removals
	@$(RUN) resume_pipeline ingest $(ARGS)

plan: $(READY) ## Say what an ingest would do and cost
	@$(RUN) resume_pipeline plan $(ARGS) || test $$? -eq 2

search: $(READY) ## Search: make search Q="who ran the migration?"
	@$(RUN) resume_pipeline search "$$Q" $(ARGS)

status: $(READY) ## What is live
	@$(RUN) resume_pipeline status $(ARGS)

doctor: $(READY) ## Check every part
	@$(RUN) resume_pipeline doctor $(ARGS)

dev: $(READY) ## The Dagster UI (http://localhost:3000 if free), with a history that lasts
	@$(RUN) resume_pipeline dev $(ARGS)

serve: $(READY) ## The page and the HTTP API on http://localhost:8000; ARGS="--port 8080"
	@$(RUN) resume_pipeline serve $(ARGS)

test: $(READY) ## Run the tests (embedded Postgres, no network), one process per core
	@$(RUN) pytest --numprocesses auto --dist loadfile $(ARGS)

check: $(READY) ## Format, lint, types, layers, definitions
	@$(RUN) ruff format --check --quiet . || { echo "Run 'make format'." >&2; exit 1; }
	@$(RUN) ruff check --quiet .
	@$(RUN) mypy
	@$(call quietly,.venv/bin/python -c "from importlinter.cli import lint_imports_command as lint; lint()")
	@$(call quietly,$(RUN) dagster definitions validate -w workspace.yaml)
	@echo "Format, lint, types, layers and definitions are fine."

format: $(READY) ## Format the code
	@$(RUN) ruff format --quiet . && $(RUN) ruff check --fix --quiet .

bench: $(READY) ## Ingest a corpus of your own and print seconds and memory: make bench CORPUS=/path/to/folder
	@$(RUN) resume_pipeline_tests.benchmark "$(CORPUS)" $(ARGS)

bench-search: $(READY) ## Milliseconds of a search, and what the lexical index costs: make bench-search CORPUS=/folder
	@$(RUN) resume_pipeline_tests.search_benchmark "$(CORPUS)" $(ARGS)

tune: $(READY) ## Measure every default of the search: make tune QUESTIONS=/folder ARGS="--corpus /folder"
	@$(RUN) resume_pipeline_tests.tuning "$(QUESTIONS)" $(ARGS)

bench-embeddings: $(READY) ## Pace, faults, kills and edits of `openai:` models: make bench-embeddings CORPUS=/path
	@$(RUN) resume_pipeline_tests.embedding_benchmark "$(CORPUS)" $(ARGS)

fuzz: $(READY) ## Throw mutated files at the parser and chunker: make fuzz SECONDS=300
	@$(RUN) resume_pipeline_tests.hostile.fuzz $(or $(SECONDS),300)

openai-server: $(READY) ## An OpenAI-compatible server on loopback, to try `openai:` models without an account
	@$(RUN) resume_pipeline_tests.openai_server $(ARGS)

stop: $(READY) ## Stop the embedded Postgres
	@$(RUN) resume_pipeline db stop

clean: ## Remove .venv (the index in .resume-pipeline stays)
	@rm -rf .venv
