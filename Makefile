# Every command sets up what it needs the first time (.venv, dependencies, llama-cpp-python) and starts at once after that.
PYTHON ?= python3
ENGINE ?=
FILE ?=
ARGS ?=
SETUP = $(PYTHON) packaging/setup_env.py

export ENGINE
.DEFAULT_GOAL := help
.PHONY: help run test rig check bench accuracy scenarios advice-table screenshots fuzz soak package clean

help:  ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run:  ## open the window; FILE=model.gguf opens a model, ENGINE=cuda|vulkan|metal|rocm|cpu|auto chooses the engine
	@$(SETUP) run $(if $(FILE),"$(FILE)") $(ARGS)

test:  ## run the tests; ARGS="..." goes to pytest
	@$(SETUP) test $(ARGS)

rig:  ## what only tests need: a Vulkan device, other programs' readers
	@$(SETUP) rig

check:  ## lint, formatting and types: ruff and mypy
	@$(SETUP) check

bench:  ## how fast the answers are on this machine, beside what is wanted; ARGS=header for one of them
	@$(SETUP) module tests.benchmarks $(ARGS)

accuracy:  ## how far the formula is from the engine, over all model families
	@$(SETUP) module tests.accuracy $(ARGS)

scenarios:  ## the stories people tell about memory, each with the plan behind it
	@$(SETUP) module tests.scenarios $(ARGS)

advice-table:  ## what is recommended on fourteen made-up computers; ARGS=documents is another goal
	@$(SETUP) module tests.advice_table $(ARGS)

screenshots:  ## pictures of the real window, light and dark
	@$(SETUP) module tests.screenshots $(ARGS)

fuzz:  ## attack the header reader for a minute; ARGS=600 for longer
	@$(SETUP) fuzz $(ARGS)

soak:  ## a thousand plans and fifty proofs in one program: what stays behind is counted
	@$(SETUP) module tests.soak $(ARGS)

package:  ## a folder with both programs that needs no Python, in dist/; ENGINE=... chooses the engine in it
	@$(SETUP) package

clean:  ## remove the environment and everything that was built
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find advisor ui tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +
