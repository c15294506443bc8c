# The verbs, ten at most. Python 3.11 and make are enough: the first verb sets up .venv.
#
#   make demo        serve the reference with a key, judge it, print the verdict
#   make test        run every test; with COVERAGE=1, measure coverage by branch (without slow ones)
#   make check       lint, format, types, schema drift, documentation
#   make docs        build the specification site into site/, broken links are errors
#   make schema      write the schemas of frames and reports anew from the models
#   make bench       measure the round trip, the queue and the court
#   make matrix      judge every broken server by everything, write tests/broken/{KILLS,WALKS}.md
#   make soak        judge the reference with every core loaded, hold hundreds of live sessions,
#                    meet every fault twenty times; write tests/{SOAK,LIVE}.md
#   make wheel-test  build sdist and wheel, use them in an empty environment
#   make clean       remove what the other verbs made, but for .venv
#
# Another interpreter: make test PYTHON=python3.12

.DEFAULT_GOAL := test
.PHONY: demo test check docs schema bench matrix soak wheel-test clean

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
JOBS ?= 2
PYTEST := -m pytest -n $(JOBS) --dist loadfile
TYPED := protocol reference_impl conformance command.py hatch_build.py

export NO_MKDOCS_2_WARNING := 1

$(INSTALLED): pyproject.toml constraints.txt hatch_build.py
	@command -v $(PYTHON) >/dev/null || { \
	  echo "RISP needs Python 3.11 or newer, and there is no $(PYTHON): name one with PYTHON=..." >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("RISP needs Python 3.11 or newer, $(PYTHON) is %d.%d: name another with PYTHON=..." % v[:2])'
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all]"
	@touch $@

demo: $(INSTALLED)
	$(BIN)/risp test --key demo-key --report json=demo-report.json \
	  -- $(BIN)/python -m risp.reference_impl serve --port 0 --key demo-key

test: $(INSTALLED)
ifdef COVERAGE
	$(BIN)/coverage erase
	$(BIN)/coverage run $(PYTEST) -q -m "not slow and not soak"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
else
	$(BIN)/python $(PYTEST)
endif

check: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict $(TYPED)
	$(BIN)/pyright
	$(BIN)/risp schema --check
	$(BIN)/python -m risp.conformance.report --check
	$(BIN)/mkdocs build --strict

docs: $(INSTALLED)
	$(BIN)/mkdocs build --strict

schema: $(INSTALLED)
	$(BIN)/risp schema --out protocol/schemas
	$(BIN)/python -m risp.conformance.report

bench: $(INSTALLED)
	$(BIN)/python benchmarks/run.py

matrix: $(INSTALLED)
	$(BIN)/python -m tests.broken.matrix
	$(BIN)/python -m tests.broken.walks

soak: $(INSTALLED)
	$(BIN)/python -m tests.soak
	$(BIN)/python -m tests.live_load
	$(BIN)/python $(PYTEST) -m soak

wheel-test: $(INSTALLED)
	$(BIN)/python tests/end_to_end/wheel.py

clean:
	rm -rf build dist site htmlcov .hypothesis .pytest_cache .mypy_cache .ruff_cache
	rm -f .coverage .coverage.* demo-report.json bench-report.json
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
