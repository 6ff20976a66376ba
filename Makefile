# make lab    sets up, builds, and opens JupyterLab on the tour
# make test   sets up, then runs every check
# make bench  sets up, then compares the speed with hand-written code
# make format mends the form of the code

SHELL := /bin/bash
VENV := .venv
UV_PIP := uv pip install --python $(VENV)/bin/python --constraints constraints.txt
# More at a time would need more memory than a small machine has.
PARALLEL := --numprocesses 2 --dist loadfile
LABEXTENSION_SOURCES := $(shell find labextension jupyter_memkit/etc -type f \
	-not -path '*/node_modules/*' -not -path '*/lib/*' -not -path '*/coverage/*')

# What setup puts into the environment, jlpm and perhaps node, comes first.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: lab test bench format lock screenshot
.PHONY: lint types test-typescript test-python test-notebooks test-browser

lab: $(VENV)/installed
	.ci/lab

test: lint types test-typescript test-python test-notebooks test-browser

lint: $(VENV)/installed
	ruff check
	ruff format --check
	cd labextension && jlpm run lint:check

types: $(VENV)/installed
	mypy

test-typescript: $(VENV)/installed
	cd labextension && jlpm run test

test-python: $(VENV)/installed
	pytest $(PARALLEL) --ignore tests/browser --ignore tests/notebooks --cov

test-notebooks: $(VENV)/installed
	pytest --numprocesses 2 tests/notebooks

test-browser: $(VENV)/installed $(VENV)/chromium
	pytest tests/browser

bench: $(VENV)/installed
	$(UV_PIP) --group bench
	python -m tests.benchmarks

format: $(VENV)/installed
	ruff check --fix
	ruff format
	cd labextension && jlpm run lint
	python -m tests.protocol_codegen

screenshot: $(VENV)/installed $(VENV)/chromium
	python -m tests.browser.screenshot

lock: $(VENV)/packages
	uv pip compile pyproject.toml --universal --python-version 3.10 --all-extras \
		--group dev --group node --group bench --no-annotate --no-header --upgrade \
		--output-file constraints.txt

# The files below stand for a step of the setup that has been done.

$(VENV)/bin/uv: constraints.txt
	.ci/environment $(VENV)

$(VENV)/packages: $(VENV)/bin/uv pyproject.toml constraints.txt
	$(UV_PIP) --requirements pyproject.toml --extra notebooks --group dev
	python labextension/hatch_build.py --has-node || $(UV_PIP) --group node
	touch $@

$(VENV)/installed: $(VENV)/packages $(LABEXTENSION_SOURCES)
	$(UV_PIP) --no-deps --no-build-isolation --reinstall-package jupyter_memkit --editable .
	touch $@

$(VENV)/chromium:
	.ci/chromium
	touch $@
