# make demo: sets everything up and captions a dozen made-up clips with the built-in models.
# make test: sets everything up and runs the tests. Both need Python 3.11 or newer and nothing else.
# make test-slow: runs the tests that take longest: runs that are killed, clusters that lose machines.
# make test-versions: tests it with the newest and the oldest versions of what it needs, on other Pythons (.versions).
# make test-engines: tests it with engines that need environments of their own, made once under .engines (4 GB).

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One more than there are cores, since many tests wait for something.
SIDE_BY_SIDE = -n $(shell $(PYTHON) -c "import os; print(min(8, 1 + os.cpu_count()))") --dist worksteal
# Tests that fail side by side are run again alone: a real browser, servers and models share few cores. What fails then,
# or stops pytest itself, fails the target.
AGAIN = || { [ $$? -eq 1 ] && echo "These failed beside others. Alone:" && \
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none
ENGINES := $(PYTHON) tests/engines/environments.py
TEST_ENGINES := FRAMESCRIBE_ENGINES=1 .engines/architectures/bin/python -m pytest

.PHONY: demo test test-slow test-versions test-engines test-engine test-llama-cpp test-sglang check setup train clean torture scale quality

demo: $(READY)
	$(BIN)/framescribe demo -o framescribe-demo

test: $(READY)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow" $(AGAIN) -m "not slow"; }

test-slow: $(READY)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m slow $(AGAIN) -m slow; }

test-versions:
	$(PYTHON) tests/versions/run.py $(VERSIONS)

test-engines:
	$(ENGINES) vllm architectures
	$(TEST_ENGINES) -k "not sglang" tests/engines

# Tests whether any server with a vision model does what framescribe needs: MODEL if it serves several, KEY_ENV for the
# variable that holds its key. About 250 short requests with a picture, and one prompt of up to 300,000 words.
test-engine: export FRAMESCRIBE_ENGINES = 1
test-engine: export FRAMESCRIBE_URL = $(URL)
test-engine: export FRAMESCRIBE_MODEL = $(MODEL)
test-engine: export FRAMESCRIBE_KEY_ENV = $(KEY_ENV)
test-engine: $(READY)
	$(if $(URL),,$(error which server? make test-engine URL=http://host:8000/v1 [MODEL=name] [KEY_ENV=NAME]))
	@$(BIN)/python -m pytest tests/engines/test_server.py

# Builds llama.cpp the first time: about ten minutes on one core.
test-llama-cpp:
	$(ENGINES) architectures llama-cpp
	$(TEST_ENGINES) tests/engines/test_llama_cpp.py

# SGLang's own server without a GPU: downloads 2.4 GB the first time, then takes about ten minutes.
test-sglang:
	$(ENGINES) architectures sglang
	$(TEST_ENGINES) -k sglang tests/engines

# Kills 200 runs at random moments, and 50 with servers: about an hour.
torture: $(READY)
	FRAMESCRIBE_TORTURE=200 $(BIN)/python -m pytest -s tests/test_torture.py

# What a result of a million rows costs, and whether ten times the rows cost ten times as much: 4 GB of disk, a few
# minutes. Ten million: benchmarks/scale.py --rows 10000000, which needs 32 GB.
scale: $(READY)
	$(BIN)/python benchmarks/scale.py

# How well the checks judge labelled captions: those they were written with, and those that their authors had not seen;
# then how often a bad caption comes out of a run, before and after the gate; then how much of what each strategy says is
# true; how many planted falsehoods verification catches; and how rightly the camera is measured.
quality: $(READY)
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/quality.py --wrong --labelled tests/checks/unseen.jsonl tests/checks/unseen2.jsonl
	$(BIN)/python benchmarks/glitches.py
	$(BIN)/python benchmarks/accuracy.py
	$(BIN)/python benchmarks/verify.py --clips 20
	$(BIN)/python benchmarks/camera.py --clips 40

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32

setup: $(READY)

# torch goes first and alone: packages that need it later then accept the build that is there.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable '.[local-cpu,measures,metrics,ocr,ray,review,scenes]' datasets fastapi httpx2 hypothesis imageio-ffmpeg ipykernel \
		'moto[server]' mypy nbclient openai pandas playwright polars pytest pytest-timeout pytest-xdist ruff s3fs webdataset
	touch $(READY)

# Trains the tiny checkpoints from scratch: more than half an hour each, on one core.
train: $(READY)
	$(BIN)/python training/train_vlm.py --seed 0 --out src/framescribe/demo/checkpoints/shapes-vlm
	$(BIN)/python training/train_clip.py --seed 0 --from src/framescribe/demo/checkpoints/shapes-vlm \
		--out src/framescribe/demo/checkpoints/shapes-clip
	$(BIN)/python training/train_llm.py --seed 0 --out src/framescribe/demo/checkpoints/shapes-llm
	$(BIN)/python training/train_llm_forms.py --seed 0 --from src/framescribe/demo/checkpoints/shapes-llm \
		--out src/framescribe/demo/checkpoints/shapes-llm
	$(BIN)/python training/evaluate.py
	$(BIN)/python training/evaluate_forms.py
	$(BIN)/python training/evaluate_clip.py

clean:
	rm -rf $(VENV) .engines .versions framescribe-demo*
