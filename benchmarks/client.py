"""Starts the comparison of framescribe's client with an ideal load and with other clients; knows none of its details.

    python benchmarks/client.py [FOLDER] [--only heavy,shapes,yes,each] [--pairs 5] [-o client.md]

FOLDER holds videos. Default: the folder in FRAMESCRIBE_CLIPS, else clips made on the spot. Needed besides framescribe:

    python tests/engines/environments.py vllm               # for heavy and shapes: vLLM on the CPU, into .engines/vllm
    python3 -m venv .engines/ray && .engines/ray/bin/pip install -r benchmarks/requirements-ray.txt    # for yes

heavy and shapes are two models in vLLM: 107 million random weights, next to which decoding costs nothing, and the
built-in shapes-vlm, with which decoding takes its share of the cores. Each always answers with equally many tokens.
framescribe, from the video files to the rows, and the ideal load, whose requests are ready in memory, take turns, and
so does which of a pair comes first; each pass draws different frames. yes is a server to which a request costs nothing:
it shows what a request costs the client. each compares that with plain aiohttp, for pictures of 20, 70 and 300 kB, over
http and https, and needs neither videos nor another package. yes takes the `openai` package in, too, where it is there.
"""

from __future__ import annotations

if __name__ == "__main__":  # the decoders' processes read this file, too, and need nothing that it runs
    from comparison import main

    main()
