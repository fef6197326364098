# Needs make, git and Python 3.11 or newer with venv and pip; everything else goes into .venv.
PYTHON ?= python3
# `make demo DIR=/somewhere PORT=9000`. A variable DIR of the environment is not taken: it could be anything.
DIR = demo
PORT = 8000
# How many processes share the tests: each may need a core and 1 GB. With 0 they run one after the other in this one.
JOBS = 2
PLATFORM = linux-x86_64
PYTHON_VERSION = 3.11
SCANNER = templates/static/vendor
ZXING := zxing-wasm-3.1.4
ZXING_SHA256 := 2416232a155533bdcfa098a22ec9087734b34640ffa2a7add90bc36e145f6da0
BUNDLE = dist/handseal-ceremony-$(PLATFORM)-python$(PYTHON_VERSION)

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK_VENV := .venv-lock
UV := uv==0.13.9
WHEELS = --only-binary :all:

.PHONY: help install test removal golden lint format demo bench bundle scanner lock clean
.DEFAULT_GOAL := help

help:
	@echo "make install   .venv with the locked packages and Handseal itself"
	@echo "make demo      an example clinic with partners and certificates, then its verifier (DIR=$(DIR) PORT=$(PORT))"
	@echo "make test      the tests, in several processes (JOBS=$(JOBS))"
	@echo "make removal   takes out each refusal, one at a time, and sees that a test turns red (some minutes)"
	@echo "make golden    tests/golden/ anew, where what people and transcripts are told was changed on purpose"
	@echo "make lint      ruff, mypy --strict and the architecture test"
	@echo "make format    lets ruff rewrite the code"
	@echo "make bench     the measurements, as a table"
	@echo "make bundle    what an officer carries to a machine without a network (PLATFORM=$(PLATFORM) PYTHON_VERSION=$(PYTHON_VERSION))"
	@echo "make scanner   fetches what reads codes by camera in browsers that cannot, with npm; without it they offer a photo"
	@echo "make lock      requirements.txt anew from pyproject.toml"
	@echo "make clean     removes what these leave behind, the demo included"
	@echo "With another Python: make PYTHON=python3.12 install"

install: $(STAMP)

# Only wheels: nothing is compiled and no package runs code of its own while it is installed. There are wheels of all
# for Linux (x86_64, aarch64) and macOS 15 or newer on Apple silicon; elsewhere `make install WHEELS=` builds what lacks.
$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Handseal needs Python 3.11 or newer, and '$(PYTHON)' is not." >&2; \
	  echo "Name one that is: make PYTHON=python3.12 $(or $(MAKECMDGOALS),install)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes $(WHEELS) \
	  -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

test: install
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

removal: install
	$(BIN)/python -m tests.removal

golden: install
	-$(BIN)/python -m pytest --quiet tests/endtoend --rewrite-golden
	git diff --stat tests/golden

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_architecture.py

format: install
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

demo: install
	$(BIN)/handseal demo "$(DIR)" --port $(PORT)

bench: install
	$(BIN)/python -m tests.bench

# PLATFORM is linux-x86_64, linux-aarch64 or macos-arm64; wheels for it come from the package index, by their hashes.
bundle: install
	$(BIN)/python .ci/bundle.py $(PLATFORM) $(PYTHON_VERSION) $(BUNDLE)

# What reads codes in the picture of a camera, for browsers that cannot by themselves: MIT, 1 MB, never committed.
scanner: $(SCANNER)/zxing.js

$(SCANNER)/zxing.js: Makefile
	rm -rf build/scanner
	mkdir -p build/scanner $(SCANNER)
	npm pack --silent --pack-destination build/scanner $(subst wasm-,wasm@,$(ZXING)) >/dev/null
	echo "$(ZXING_SHA256)  build/scanner/$(ZXING).tgz" | sha256sum --check --quiet
	tar -xzf build/scanner/$(ZXING).tgz -C build/scanner
	cp build/scanner/package/dist/reader/zxing_reader.wasm $(SCANNER)/
	cp build/scanner/package/LICENSE $(SCANNER)/zxing.LICENSE
	cp build/scanner/package/dist/iife/reader/index.js $@

# One lock for every platform and Python 3.11 to 3.14, with the tools of `make test`. The versions that are
# in requirements.txt stay where pyproject.toml allows them; remove the file first to take the newest of all.
lock:
	$(PYTHON) -m venv --clear $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check "$(UV)"
	$(LOCK_VENV)/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	  --all-extras --group dev --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --output-file requirements.txt pyproject.toml
	rm -rf $(LOCK_VENV)

clean:
	rm -rf $(VENV) $(LOCK_VENV) $(SCANNER) build dist demo .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
