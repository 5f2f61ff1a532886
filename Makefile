# Everything a fresh machine needs: Python 3.11+, pip and make. „make help“ lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
DATA ?= var
HOST ?= 127.0.0.1
PORT ?= 6543
export DATA HOST PORT

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all:
STYLES := $(wildcard templates/*/*.html portal/static/*.css portal/static/*.js portal/editor/*.js)

help: ## Diese Übersicht
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

serve: $(STAMPS)/assets ## Alles einrichten und das Portal starten (HOST, PORT, DATA)
	@exec $(BIN)/beschlussportal --data "$(DATA)" serve

test: $(STAMPS)/test $(STAMPS)/assets-test ## Alles einrichten und alle Tests ausführen
	@echo "Tests …"
	@env -u HOST -u PORT -u DATA $(BIN)/python -m pytest -n 2 --dist loadgroup

one: $(STAMPS)/test $(STAMPS)/assets-test ## Einen Test ausführen: T=Pfad oder T=Pfad::Name
	@env -u HOST -u PORT -u DATA $(BIN)/python -m pytest -q $(T)

bench: $(STAMPS)/test $(STAMPS)/assets ## Geschwindigkeit messen; druckt Verhältnisse
	@env -u HOST -u PORT -u DATA $(BIN)/python -m tests.benchmarks

crowd: $(STAMPS)/test $(STAMPS)/assets ## Messen, wie lange eine Seite wartet, während ein Crawler allen Links folgt
	@env -u HOST -u PORT -u DATA $(BIN)/python -m tests.crowd

lint: $(STAMPS)/test ## Stil prüfen
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .

format: $(STAMPS)/test ## Alles in die eine Form bringen
	@$(BIN)/ruff check --fix-only --quiet --select I .
	@$(BIN)/ruff format --quiet .

types: $(STAMPS)/test ## Typen prüfen
	@$(BIN)/mypy

layers: $(STAMPS)/test ## Schichten prüfen
	@$(BIN)/lint-imports --no-cache

node: $(STAMPS)/venv ## Node als Python-Paket holen, wo die Maschine keines hat
	@$(PIP) -r requirements/node.txt

lock: $(STAMPS)/test ## Versionen neu festschreiben (braucht uv)
	@for name in runtime test node; do uv pip compile -q --universal --python-version 3.11 --only-binary :all: \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	  requirements/$$name.in -o requirements/$$name.txt; done

clean: ## Umgebung und Gebautes löschen (DATA bleibt)
	@rm -rf $(VENV) node_modules portal/static/vendor build dist *.egg-info

$(STAMPS)/venv: requirements/runtime.txt setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Gebraucht wird Python 3.11 oder neuer, gefunden: $$($(PYTHON) --version). Bitte PYTHON=… angeben." >&2; exit 2; }
	@echo "1/3 Umgebung: geprüfte Pakete nach $(VENV) (etwa eine halbe Minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements/runtime.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --no-index -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/npm: $(STAMPS)/venv
	@command -v npm >/dev/null || { echo "    npm fehlt; hole Node als Python-Paket …"; $(PIP) -r requirements/node.txt; }
	@touch $@

$(STAMPS)/assets: $(STAMPS)/npm package-lock.json portal/commands/assets.py $(STYLES)
	@echo "2/3 Gestaltung: KERN und Schriften …"
	@$(BIN)/python -m portal.commands.assets
	@touch $@
	@echo "3/3 Portal …"

$(STAMPS)/test: $(STAMPS)/venv requirements/test.txt
	@echo "Prüfwerkzeuge nach $(VENV) …"
	@$(PIP) -r requirements/test.txt
	@touch $@

$(STAMPS)/assets-test: $(STAMPS)/assets $(STAMPS)/test
	@echo "Browser für die Tests …"
	@$(BIN)/python -m portal.commands.assets --test
	@touch $@

.PHONY: help serve test bench crowd lint types layers node lock clean
