# Every command of the project. `make` alone lists them.

PORT ?= 3000
WORKERS ?= 3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run year governance mlflow wandb sagemaker run-distributed ui screenshots test browser-test torch-test thorough \
	bench bench-large bench-evaluation bench-drift bench-serve bench-migrate lint format lock

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=/path/to/python3.11 chooses the interpreter, PORT=3001 another port for the UI."

run: $(READY) ## The main job, on real flights: from raw data to a gated production pointer
	@$(BIN)/python -m registry_assets.models.main_job

year: $(READY) ## The main job on through 2013: each month predicted, watched, alerted, retrained; minutes
	@$(BIN)/python -m registry_assets.models.main_job --year

governance: $(READY) ## A high-risk model walks through policy, approvals and rollback; kept nowhere
	@$(BIN)/python -m registry_assets.models.governance $(ARGS)

mlflow: $(READY) ## Beside a real MLflow server: migrate, mirror, serve, repair; kept nowhere
	@$(BIN)/python -m registry_assets.models.mlflow $(ARGS)

wandb: $(READY) ## Beside Weights & Biases, a double of it: migrate, mirror, repair; kept nowhere
	@$(BIN)/python -m registry_assets.models.wandb $(ARGS)

sagemaker: $(READY) ## Beside SageMaker, moto as its double: migrate, mirror, repair; kept nowhere
	@$(BIN)/python -m registry_assets.models.sagemaker $(ARGS)

run-distributed: $(READY) ## Both models on PostgreSQL, S3 and a real daemon, each run a process; kept nowhere
	@$(BIN)/python scripts/run_distributed.py

ui: $(READY) ## The Dagster UI with its daemon, on http://127.0.0.1:3000 (PORT=…)
	@exec env PORT="$(PORT)" $(BIN)/python -m registry_assets.orchestration.ui

test: $(READY) ## All tests that need no browser
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

browser-test: $(READY) ## The tests of what a person sees, in Chromium
	@command -v chromium >/dev/null || command -v "$(CHROMIUM)" >/dev/null || { \
		echo "No chromium on PATH. Debian: apt-get install chromium; or CHROMIUM=/path/to/it" >&2; \
		exit 1; }
	@$(BIN)/python -m pytest -n 2 -m browser $(ARGS)

torch-test: $(READY) ## The tests of estimators of PyTorch, in an environment of their own
	@$(BIN)/python scripts/make_torch_environment.py
	@.torch-env/bin/python -m pytest -n0 -m torch $(ARGS) registry_assets_tests/packaging/torch

thorough: $(READY) ## What `make test` leaves out: every fault, every pair, long stories (needs strace; hours)
	@command -v strace >/dev/null || { \
		echo "No strace on PATH. Debian: apt-get install strace" >&2; \
		exit 1; }
	@$(BIN)/python -m pytest -n $(WORKERS) -m thorough $(ARGS)

screenshots: $(READY) ## The pictures of the README and the docs, taken anew in Chromium
	@$(BIN)/python scripts/screenshots.py

bench: $(READY) ## Every workload here and in MLflow, side by side (ARGS=--quick: two minutes)
	@$(BIN)/python -m benchmarks $(ARGS)

bench-large: $(READY) ## A million versions in 10,000 models, on SQLite and PostgreSQL: 20 minutes
	@$(BIN)/python -m benchmarks.large $(ARGS)

bench-evaluation: $(READY) ## A model evaluated here and in MLflow, up to a million rows: 10 minutes
	@$(BIN)/python -m benchmarks.evaluation $(ARGS)

bench-drift: $(READY) ## Drift of a million rows here and in Evidently, and of ten million: 10 minutes
	@$(BIN)/python -m benchmarks.drift $(ARGS)

bench-serve: $(READY) ## A version served by examples/serve and by MLflow, under load: 3 minutes
	@$(BIN)/python -m benchmarks.serving $(ARGS)

bench-migrate: $(READY) ## A thousand versions of a real MLflow server brought in, and looked at again
	@$(BIN)/python -m benchmarks.migrating $(ARGS)

lint: $(READY) ## Ruff and the strict type checker
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(READY) ## Rewrite the code as `make lint` wants it
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock: $(READY) ## Resolve the dependencies of pyproject.toml again into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --all-extras \
		--group test --group lint --group browser --group build \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --no-annotate --quiet $(ARGS) --output-file requirements.lock

# Made anew only when the lock or pyproject.toml is newer than the stamp.
$(READY): requirements.lock pyproject.toml
	@python=$$(PYTHON="$(PYTHON)" scripts/find_python) && "$$python" -I scripts/make_environment.py
