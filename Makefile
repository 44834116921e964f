# Every target installs what it needs; nothing that is current is done again.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SPARK  := $(VENV)/.spark
MODEL  := models/etikanlp-id/manifest.json
LOG    ?= data/examples/call_centre_week.csv
NAME   := $(basename $(notdir $(LOG)))

CORPUS   := $(wildcard data/annotated/*.jsonl)
LEARNING := $(addprefix src/etikanlp/, text.py stems.py stemmer.py codebook.py model.py explanation.py spellings.tsv groups.tsv weights.py features.py classifier.py evaluation.py training.py settings.json behaviour.py card.py corpus.py bundle.py)
SOURCE   := $(shell find src -name '*.py' -o -name '*.j2' -o -name '*.css' -o -name '*.js' -o -name '*.tsv')

.DEFAULT_GOAL := help
.PHONY: help report test train lint bench notebooks wheel clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

report: reports/$(NAME).id.html ## install, train if need be, score LOG and write the report per officer (HTML, Excel)
	@echo "report: reports/$(NAME).id.html"; echo "report: reports/$(NAME).id.xlsx"

test: $(MODEL) $(SPARK) ## install and run every test
	$(BIN)/python -m pytest

train: $(MODEL) ## train on data/annotated and measure on writers held out (models/etikanlp-id/MODEL_CARD.md)

lint: $(READY) ## ruff, mypy, and the corpus check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/etikanlp corpus check

bench: $(MODEL) ## measure speed against named peers (benchmarks/README.md)
	$(BIN)/python benchmarks/speed/run.py $(if $(TEXTS),--parquet $(TEXTS))

notebooks: $(MODEL) ## execute the notebooks
	$(BIN)/jupyter execute --inplace notebooks/*.ipynb

wheel: $(MODEL) ## build dist/*.whl with the trained model inside
	rm -rf src/etikanlp/models dist && mkdir -p src/etikanlp/models && cp -r models/etikanlp-id src/etikanlp/models/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . ; status=$$?; rm -rf src/etikanlp/models; exit $$status

clean: ## remove what the other targets made
	rm -rf $(VENV) reports dist build models/etikanlp-id .pytest_cache .hypothesis .ruff_cache .mypy_cache src/etikanlp/models

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# some 450 MB that only the tests of etikanlp.spark need
$(SPARK): $(READY) requirements-spark.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

$(MODEL): $(READY) $(CORPUS) $(LEARNING)
	$(BIN)/etikanlp train --force --tests tests
	@touch $@

reports/$(NAME).id.html: $(MODEL) $(LOG) $(SOURCE)
	$(BIN)/etikanlp report $(LOG) --out reports
	@touch $@
