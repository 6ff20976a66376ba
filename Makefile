# make lab         sets up, builds, and opens JupyterLab on the tour
# make test        sets up, then runs every check, and summarizes the failures
# make check       sets up, then runs the quick checks
# make test-ml     also installs torch, jax and others, and runs the tests that need them
# make format      formats the code, and generates the TypeScript protocol
# make bench       compares the speed and the memory with hand-written code; for minutes
#                  instead of hours, and without storing the results: make bench SMALL=1
# make docs        builds the documentation site; runs each page once until it changes,
#                  and all of them again after `rm -r notebooks/docs/_build`
# make hard-use    for a night: random lines, requests, interrupts, kills; unusual
#                  environments
# make field       for a night: the suites of IPython, ipykernel and others, without the
#                  extension and with it; fails if a test ends differently
# make soak        for an hour: what use leaves in the page and the kernel
# make audit       looks up known vulnerabilities of the dependencies
# make dist        builds and checks what a release publishes
# make lock        renews the versions in constraints.txt
# make picture     makes the picture of the README; `make screenshot` shows the sidebar

SHELL := /bin/bash
VENV := .venv
UV_PIP := uv pip install --python $(VENV)/bin/python --constraints constraints.txt
# More processes that compute would need more memory than a small machine has.
PARALLEL := --numprocesses 2 --dist loadfile
CHUNKED := tests/techniques/chunked
# Tests whose every call compares the state of all modules of its process.
ISOLATED := tests/techniques/isolated
# Tests that search their whole process, or collect its garbage.
SEARCHES := tests/techniques/gc_pausing tests/techniques/releasing \
	tests/techniques/unloading tests/techniques/test_release.py \
	tests/magics/test_gc_pause.py tests/magics/test_memfree.py \
	tests/magics/test_out_of_memory.py tests/magics/test_unload.py tests/test_records.py
# Those that import pandas, which more than doubles what a search visits.
TABLE_SEARCHES := tests/hints tests/techniques/releasing/test_holding_buffers.py \
	tests/techniques/test_spill.py tests/techniques/test_spill_names.py \
	tests/magics/test_foreign_code.py tests/magics/test_memls.py \
	tests/magics/test_shrink.py tests/magics/test_spill.py \
	tests/measure/test_holders.py tests/test_examples.py
DOCS := notebooks/docs
# Each part collects coverage; `make coverage` reports and checks the total.
COVERAGE := --cov --cov-report= --cov-fail-under=0
CORE := tests/channel tests/hints tests/show tests/track tests/measure/test_*.py \
	tests/test_architecture.py tests/test_protocol_drift.py tests/test_units.py \
	tests/test_wrapping.py
LABEXTENSION_SOURCES := $(shell find labextension jupyter_memkit/etc -type f \
	-not -path '*/node_modules/*' -not -path '*/lib/*' -not -path '*/coverage/*')
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

# Prefer what setup installs in the environment: jlpm, and node if needed.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# Tests start hundreds of processes, and each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: lab test check audit bench dist docs field format hard-use lock picture
.PHONY: screenshot soak
.PHONY: static lint types test-core test-typescript test-python test-isolated
.PHONY: test-chunked test-searches test-table-searches test-jupyter test-ml coverage

lab: $(VENV)/installed
	.ci/lab

test: $(VENV)/installed
	.ci/checks static test-python test-isolated test-chunked test-searches \
		test-table-searches coverage test-jupyter

check: $(VENV)/installed
	.ci/checks lint types test-core

# Each of these uses one core, so two run at a time.
static: $(VENV)/installed
	$(MAKE) --no-print-directory --keep-going --jobs 2 lint types test-typescript

lint: $(VENV)/installed
	ruff check
	ruff format --check
	cd labextension && jlpm run lint:check

types: $(VENV)/installed
	mypy

test-typescript: $(VENV)/installed
	cd labextension && jlpm run test

test-python: $(VENV)/installed
	pytest $(PARALLEL) $(COVERAGE) --ignore tests/browser --ignore tests/notebooks \
		--ignore tests/hard_use \
		$(patsubst %,--ignore %,$(ISOLATED) $(CHUNKED) $(SEARCHES) $(TABLE_SEARCHES))

# Separate, because the modules of all other tests would take most of the time.
test-isolated: $(VENV)/installed
	pytest $(PARALLEL) $(COVERAGE) --cov-append $(ISOLATED)

# Separate, because they import many libraries, which need memory.
test-chunked: $(VENV)/installed
	pytest $(PARALLEL) $(COVERAGE) --cov-append $(CHUNKED)

# Separate, because a search visits all objects of its process: those of other tests would
# take time, and would be found as well.
test-searches: $(VENV)/installed
	pytest $(PARALLEL) $(COVERAGE) --cov-append $(SEARCHES) \
		$(patsubst %,--ignore %,$(TABLE_SEARCHES))

test-table-searches: $(VENV)/installed
	pytest $(PARALLEL) $(COVERAGE) --cov-append $(TABLE_SEARCHES)

# The browser tests wait more than they compute, so the notebooks run beside them, in
# twice as many processes as cores, of 1 GB each with its server and its browser. A
# notebook takes up to half a minute, so a process that is done takes over what waits.
# Without coverage, which would take a fifth of the time and find nothing new here.
test-jupyter: $(VENV)/installed $(VENV)/chromium $(VENV)/oldest/installed
	pytest --numprocesses 4 --dist worksteal tests/notebooks tests/browser

# Reports on all measured tests, in their own and in other processes.
coverage:
	coverage report

test-core: $(VENV)/installed
	pytest $(PARALLEL) $(CORE)

# torch with pip, which chooses a CPU build if there is one.
test-ml: $(VENV)/installed
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt torch==2.13.0
	$(UV_PIP) --group ml
	pytest $(PARALLEL) -m ml

bench: $(VENV)/installed
	$(UV_PIP) --group bench
	python -m tests.benchmarks $(if $(SMALL),--small)

# Runs all pages and notebooks, each in a kernel, without the user's configuration.
docs: $(VENV)/installed
	IPYTHONDIR=$(CURDIR)/$(DOCS)/_build/ipython \
		JUPYTER_CONFIG_DIR=$(CURDIR)/$(DOCS)/_build/jupyter \
		sphinx-build --fail-on-warning --keep-going --fresh-env --quiet \
		$(DOCS) $(DOCS)/_build/html
	@echo "The site is in $(DOCS)/_build/html/index.html"

# Generates protocol.ts first, without which the labextension may not compile.
format: $(VENV)/packages
	python -m tests.protocol_codegen
	$(MAKE) $(VENV)/installed
	ruff check --fix
	ruff format
	cd labextension && jlpm run lint

# For a night: thousands of random lines and requests, interrupts and kills at random
# moments, hundreds of calls in a row, a day on a set clock, and unusual environments.
hard-use: $(VENV)/installed
	MEMKIT_RANDOM_LINES=10000 MEMKIT_RANDOM_REQUESTS=10000 \
		MEMKIT_INTERRUPTS=50 MEMKIT_KILLS=500 \
		pytest --numprocesses 2 --timeout 3600 -rA --durations 0 tests/hard_use \
		tests/magics/test_random_lines.py tests/channel/test_random_requests.py \
		tests/magics/test_interrupts.py

# For a night: the suites of IPython, ipykernel and others, and notebooks, without the
# extension and with it.
field: $(VENV)/field/installed
	python -m tests.field

# For a night: an hour of use, and what it leaves in the page and the kernel.
soak: $(VENV)/installed $(VENV)/chromium
	python -m tests.browser.soak

screenshot: $(VENV)/installed $(VENV)/chromium
	python -m tests.browser.screenshot

picture: $(VENV)/installed $(VENV)/chromium
	python -m tests.browser.picture

# What a release publishes, with the checks of the index.
dist: $(VENV)/installed
	rm -rf dist
	python -m hatchling build
	twine check --strict dist/*
	check-wheel-contents dist/*.whl

# Known vulnerabilities of what constraints.txt and yarn.lock name.
audit: $(VENV)/installed
	$(UV_PIP) --group audit
	pip-audit --strict --disable-pip --no-deps --requirement constraints.txt
	cd labextension && jlpm npm audit --all --recursive

lock: $(VENV)/packages
	uv pip compile pyproject.toml --universal --python-version 3.10 --all-extras \
		--group dev --group node --group bench --group ml --group audit \
		--group field --no-annotate --no-header --upgrade \
		--output-file constraints.txt
	echo jupyterlab==4.2.7 | uv pip compile - --universal --python-version 3.10 \
		--no-annotate --no-header --upgrade --output-file tests/browser/oldest.txt

# Each file below marks a completed step of the setup.

$(VENV)/bin/uv: constraints.txt
	.ci/environment $(VENV)

$(VENV)/packages: $(VENV)/bin/uv pyproject.toml constraints.txt
	$(UV_PIP) --requirements pyproject.toml --extra notebooks --group dev
	python labextension/hatch_build.py --has-node || $(UV_PIP) --group node
	touch $@

$(VENV)/installed: $(VENV)/packages $(LABEXTENSION_SOURCES) $(NOTEBOOKS)
	$(UV_PIP) --no-deps --no-build-isolation --reinstall-package jupyter_memkit --editable .
	touch $@

# The oldest JupyterLab in which the sidebar works, for one test of it.
$(VENV)/oldest/installed: tests/browser/oldest.txt | $(VENV)/packages
	uv venv --quiet --clear --python $(VENV)/bin/python $(VENV)/oldest
	uv pip install --quiet --python $(VENV)/oldest/bin/python --requirements $<
	touch $@

# Apart, because the plugins that the suites of others need would join our own tests.
$(VENV)/field/installed: $(VENV)/installed
	uv venv --quiet --clear --python $(VENV)/bin/python $(VENV)/field
	uv pip install --quiet --python $(VENV)/field/bin/python --constraints constraints.txt \
		--requirements pyproject.toml --extra data --group field
	uv pip install --quiet --python $(VENV)/field/bin/python --no-deps \
		--no-build-isolation --editable .
	touch $@

$(VENV)/chromium:
	.ci/chromium
	touch $@
