"""Starts the comparison of framescribe's client with an ideal load and with other clients; knows nothing of it.

    python benchmarks/client.py [FOLDER] [--only heavy,shapes,yes] [--pairs 5] [-o client.md]

FOLDER holds videos; without it the folder in FRAMESCRIBE_CLIPS, else clips made on the spot. Wanted beside framescribe:

    python tests/engines/environments.py vllm               # for heavy and shapes: vLLM on the CPU, into .engines/vllm
    python3 -m venv .engines/ray && .engines/ray/bin/pip install -r benchmarks/requirements-ray.txt    # for yes

heavy and shapes are two models in vLLM: 107 million random weights, beside which decoding costs nothing, and the
built-in shapes-vlm, which leaves decoding its share of the cores. Each answers with the same number of tokens, always.
framescribe, from the video files to the rows, and the ideal load, whose requests lie ready in memory, take turns, the
first of a pair changing each time; each pass draws other frames. yes is a server to which a request costs nothing: it
tells what a request costs the client.
"""

from __future__ import annotations

if __name__ == "__main__":  # the decoders' processes read this file, too, and need nothing of what it runs
    from comparison import main

    main()
