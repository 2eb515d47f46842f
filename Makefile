# The commands of README.md in one word each. `make demo PYTHON=python3.12` chooses the Python.
PYTHON   ?= python3
PYTHON37 ?= python3.7
VENV     ?= .venv
ifeq ($(OS),Windows_NT)
BIN = $(VENV)/Scripts
else
BIN = $(VENV)/bin
endif

# The GPU's build of TensorFlow where the driver answers, the smaller CPU build elsewhere.
REQUIREMENTS := $(shell nvidia-smi >/dev/null 2>&1 && echo requirements.txt || echo requirements-cpu.txt)
PYTEST_FLAGS = -n 2 --dist loadfile
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check

DEMO_LOGS   = logs/demo
DEMO_PHOTOS = infer/demo
DEMO_OUTPUT = output/demo
SCENES      = Data_zoo/SampleScenes

.PHONY: help demo test test-tf1 soak bench lint

help:
	@echo "make demo      installs, draws sample scenes, trains a thin net on them, tests it and infers"
	@echo "make test      passes the tests"
	@echo "make test-tf1  the same on TensorFlow 1.15: PYTHON37=path of a Python 3.7"
	@echo "make soak      half an hour of what can go wrong: 200 kills, 2,000 steps and photos, 10 minutes of bad images"
	@echo "make bench     how long steps take here; PEERS=\"--torch_python=PATH --python37=PATH\" for others beside them"
	@echo "make lint      ruff"

# Runs of one command share a folder, so a demo that was stopped goes on.
demo: $(VENV)/ready
	$(BIN)/python FCN_train.py --data_dir=$(SCENES)/data --logs_dir=$(DEMO_LOGS) --width=0.25 --pretrained=none \
	    --learning_rate=3e-4 --max_steps=400 --save_every=200 --validate_every=100
	$(BIN)/python FCN_test.py --logs_dir=$(DEMO_LOGS) --checkpoint=best --save_good
	$(BIN)/python $(SCENES)/prepare.py --photos 6 $(DEMO_PHOTOS)
	$(BIN)/python FCN_infer.py --logs_dir=$(DEMO_LOGS) --checkpoint=best --output_dir=$(DEMO_OUTPUT) $(DEMO_PHOTOS)
	@echo
	@echo "Look at:  $(DEMO_OUTPUT)/           what the net sees in six photos that it has never seen"
	@echo "          $(DEMO_LOGS)/curves.png   how it learned; $(DEMO_LOGS)/test/ its scores and pictures"
	@echo "Your own: put photos into infer/ and see \"Train on your own photos\" in README.md"

test: $(VENV)/ready-dev
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

test-tf1: .venv37/ready-dev
	.venv37/bin/python -m pytest $(PYTEST_FLAGS)

soak: $(VENV)/ready-dev
	PYTHONPATH=.:tests/helpers $(BIN)/python tests/soak/kills.py 200
	PYTHONPATH=.:tests/helpers $(BIN)/python tests/soak/memory.py 2000
	PYTHONPATH=.:tests/helpers $(BIN)/python tests/soak/fuzz_images.py 600

bench: $(VENV)/ready
	$(BIN)/python benchmarks/compare.py --mode=infer --steps=3 --rounds=1 $(PEERS)
	$(BIN)/python benchmarks/compare.py --mode=train --height=256 --width=256 --batch_size=2 --steps=3 --rounds=1 $(PEERS)
	$(BIN)/python benchmarks/profile_step.py --steps=2
	$(BIN)/python benchmarks/reader.py --photos=60 --rounds=3
	$(BIN)/python benchmarks/end_to_end.py --mode=test --steps=4

lint: $(VENV)/ready-dev
	$(BIN)/python -m ruff check .

$(VENV)/ready: $(REQUIREMENTS)
	@$(PYTHON) -c "import sys; v = sys.version_info[:2]; sys.exit(0 if v == (3, 7) or (3, 10) <= v <= (3, 13) else \
	    'error: this is Python %d.%d; TensorFlow needs 3.10 to 3.13, or 3.7. Try: make demo PYTHON=python3.12' % v)"
	$(PYTHON) -m venv $(VENV)
	@echo "installing $(REQUIREMENTS), which takes a minute or two"
	$(BIN)/python $(PIP_INSTALL) --upgrade pip
	$(BIN)/python $(PIP_INSTALL) -r $(REQUIREMENTS)
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt requirements-annotations.txt
	$(BIN)/python $(PIP_INSTALL) -r requirements-dev.txt -r requirements-annotations.txt
	@touch $@

.venv37/ready-dev: requirements.txt requirements-dev.txt requirements-annotations.txt
	$(PYTHON37) -m venv .venv37
	.venv37/bin/python $(PIP_INSTALL) --upgrade pip
	.venv37/bin/python $(PIP_INSTALL) -r requirements.txt -r requirements-dev.txt -r requirements-annotations.txt
	@touch $@
