# make demo    a small mosaic, fused, interrupted, resumed
# make test    everything that is tested
# make lint    whether the sources have the form that .swift-format and Python/pyproject.toml say; make format gives it to them
# make sanitize-thread, make sanitize-address
#              the Swift tests once more, under a sanitizer
# make thorough
#              what is too long for every day, some hours: all faults, kills, damages, the hostile world, fuzzing, sanitizers
# make static  the program with all its libraries inside, as it is installed: .build-static/release/blockfuse
# make install that program, its manual page and completions, below PREFIX (/usr/local)
# make release an archive of them, which runs on any Linux with this processor
# make wheel   the same for pip
# make docs    the reference of the library BlockfuseKit, as web pages

PREFIX ?= /usr/local
BIN = .build/release
VENV = .venv-tests
SCHEMAS = .venv-schemas

# Homebrew's headers and libraries, which the compilers of Apple silicon do not look for by themselves; never tried
ifeq ($(shell uname),Darwin)
export CPATH := $(shell brew --prefix)/include
export LIBRARY_PATH := $(shell brew --prefix)/lib
endif

.PHONY: build demo test lint format swift-test python-test sanitize-thread sanitize-address thorough examples bench static install uninstall release wheel docs clean

build:
	@scripts/install-deps.sh
	swift build -c release

demo: build
	@scripts/demo.sh $(BIN) demo

test: swift-test python-test examples

lint: $(VENV)/ready
	git ls-files '*.swift' | xargs swift format lint --strict --parallel
	$(VENV)/bin/ruff check --config Python/pyproject.toml Python Tests/Hostile
	$(VENV)/bin/ruff format --check --config Python/pyproject.toml Python Tests/Hostile
	cd Python && ../$(VENV)/bin/mypy && ../$(VENV)/bin/mypy ../Tests/Hostile

format: $(VENV)/ready
	git ls-files '*.swift' | xargs swift format format --in-place --parallel
	$(VENV)/bin/ruff format --config Python/pyproject.toml Python Tests/Hostile

swift-test:
	@scripts/install-deps.sh --tests
	swift build -c release --build-tests
	swift test -c release --skip-build

# a package of its own, with functions of its own
examples: build
	@Examples/run.sh $(BIN)

sanitize-thread sanitize-address: sanitize-%:
	@scripts/install-deps.sh --tests
	@scripts/sanitize.sh $*

# STEPS="faults kills" does only these; scripts/thorough.sh lists them
thorough: $(VENV)/ready
	@scripts/install-deps.sh --tests
	swift build -c release --build-tests
	@scripts/thorough.sh $(STEPS)

# codecs against their libraries, kernels against memcpy, the job database, the program against its peers; writes tables into Benchmarks/results
bench:
	@scripts/install-deps.sh
	Benchmarks/run.sh

# the reference, independent readers and validators, from PyPI
python-test: $(VENV)/ready $(SCHEMAS)/ready
	BLOCKFUSE_BIN=$(abspath $(BIN)) SCHEMA_PYTHON=$(abspath $(SCHEMAS)/bin/python) $(VENV)/bin/python -m pytest -q -rs Tests/Python Tests/Hostile

$(VENV)/ready: Tests/Python/requirements.txt
	@scripts/install-deps.sh --tests
	rm -rf $(VENV)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q -r Tests/Python/requirements.txt
	touch $@

$(SCHEMAS)/ready: Tests/Python/requirements-schemas.txt
	rm -rf $(SCHEMAS)
	python3 -m venv $(SCHEMAS)
	$(SCHEMAS)/bin/pip install -q -r Tests/Python/requirements-schemas.txt
	touch $@

static:
	@scripts/install-deps.sh
	@scripts/install-deps.sh --static
	@scripts/build-static.sh

install: static
	@scripts/install.sh .build-static/release $(DESTDIR)$(PREFIX)

uninstall:
	cd $(DESTDIR)$(PREFIX) && rm -rf bin/blockfuse share/doc/blockfuse share/man/man1/blockfuse.1 \
	  share/bash-completion/completions/blockfuse share/zsh/site-functions/_blockfuse share/fish/vendor_completions.d/blockfuse.fish

docs: build
	@scripts/docs.sh $(BIN)

release: static
	@scripts/release.sh

wheel: static
	@scripts/install-deps.sh --tests
	@scripts/wheel.sh

clean:
	rm -rf .build .build-static .build-thread .build-address $(VENV) $(SCHEMAS) demo dist
