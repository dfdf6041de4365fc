# The same words for a developer, for pre-commit and for continuous integration.
#
#   make demo      a change report on the sample images, in out/demo
#   make check     format, lint, types, layers and the fast tests: two minutes
#   make lint      the same without the tests
#   make test      everything: slow tests, doctests and notebooks too
#   make format    put the code into shape
#   make clean     remove what the other words made, .venv too
#
#   make build     wheel and source archive, in dist
#   make docs      the documentation site, in out/docs
#   make lowest    the fast tests with the oldest versions that pyproject.toml allows
#   make samples   write data/samples again (the same bytes)
#
# Each word sets up .venv by itself. Needed beforehand: Python 3.11 or newer, pip, make and git.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first of these that runs and is new enough, unless told otherwise: make PYTHON=/path/to/python
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# The oldest versions have no wheels for the newest Python.
LOWEST_PYTHON ?= $(shell for python in python3.11 python3.12; do \
	$$python -c '' 2>/dev/null && echo $$python && break; done)
LOWEST_PYTHON := $(or $(LOWEST_PYTHON),$(PYTHON))
LOWEST_TESTS ?= tests

SCRIPTS := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN := .venv/$(SCRIPTS)
LOWEST := .venv-lowest/$(SCRIPTS)
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile
# pip would compile with one processor; files for other Pythons, which some packages carry, are passed over as it does.
COMPILE := -c 'import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=0)'

# Tests start the command hundreds of times: its byte code is kept, as it is wherever the library is installed.
export PYTHONDONTWRITEBYTECODE :=
# One thread of linear algebra in each process, as the commands set it: more slow each other down.
export OPENBLAS_NUM_THREADS ?= 1

# Tests run side by side, on as many processors as there are, up to four; those of a file stay together, for their fixtures.
PYTEST := -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Words make environments, which none of them may find half made.
.NOTPARALLEL:

.PHONY: help demo test check lint format clean build docs lowest samples

help:
	@sed -n 's/^#   make/make/p' Makefile

# ---------------------------------------------------------------------------------------------------- environments
# $(call make_venv,FOLDER,PYTHON): some systems split ensurepip off Python; there the system's pip brings one along.
define make_venv
@test -n "$(2)" || { echo "no Python 3.11 or newer found; install one, or: make PYTHON=/path/to/python" >&2; exit 1; }
@test -x $(1)/$(SCRIPTS)/python && $(1)/$(SCRIPTS)/python -m pip --version >/dev/null 2>&1 || \
	if $(2) -c 'import ensurepip' 2>/dev/null; then $(2) -m venv --clear $(1); else \
	$(2) -m venv --clear --without-pip $(1) && $(2) -m pip --python $(1)/$(SCRIPTS)/python install --quiet pip; fi
endef

# $(call install,WHAT): into .venv, and leave its stamp and that of the library.
define install
$(call make_venv,.venv,$(PYTHON))
$(BIN)/python $(PIP_INSTALL) --editable $(1)
$(BIN)/python $(COMPILE)
@touch .venv/.library $@
endef

# A stamp says that an environment fits pyproject.toml and what is compiled. The demo needs the library alone, which
# installs faster.
INSTALLED := pyproject.toml hatch_build.py src/colibri_geo/core/kernels.c

.venv/.library: $(INSTALLED)
	$(call install,.)

.venv/.developer: $(INSTALLED)
	$(call install,'.[dev]')

.venv/.writer: $(INSTALLED)
	$(call install,'.[docs]')

# What is compiled here is what its few tests import.
.venv-lowest/.tester: $(INSTALLED) .ci/lowest_versions.py
	$(call make_venv,.venv-lowest,$(LOWEST_PYTHON))
	$(LOWEST)/python .ci/lowest_versions.py > .venv-lowest/lowest.txt
	$(LOWEST)/python $(PIP_INSTALL) --editable '.[test]' --constraint .venv-lowest/lowest.txt
	@touch $@

# ----------------------------------------------------------------------------------------------------------- words
SAMPLES := data/samples

demo: .venv/.library
	$(BIN)/colibri-geo compare $(SAMPLES)/forest_before.tif $(SAMPLES)/forest_after.tif \
		--regions admin1=$(SAMPLES)/regions.gpkg --elevation $(SAMPLES)/forest_elevation.tif --out out/demo --overwrite
	@echo
	@echo "These images are synthetic. Open the report in a browser:  out/demo/report.html"

lint: .venv/.developer
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(BIN)/python $(PYTEST) -m "not slow" tests

test: .venv/.developer
	$(BIN)/python $(PYTEST) --doctest-modules --nbmake src tests $(wildcard notebooks)

format: .venv/.developer
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

build: .venv/.developer
	$(BIN)/python -m build --outdir dist

# Its theme tells of successors of MkDocs in a frame, which is no news here.
docs: .venv/.writer
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

lowest: .venv-lowest/.tester
	$(LOWEST)/python $(PYTEST) -m "not slow" $(LOWEST_TESTS)

samples: .venv/.library
	$(BIN)/colibri-geo simulate $(SAMPLES) --overwrite

clean:
	rm -rf .venv .venv-lowest build dist out src/colibri_geo/core/kernels-*.so* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests .ci -name __pycache__ -type d -prune -exec rm -rf {} +
