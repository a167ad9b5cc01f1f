"""Knows how llama.cpp's own converter is run on a checkpoint whose BPE it has no name for; knows no model.

    python tests/engines/to_gguf.py LLAMA_CPP CHECKPOINT MODEL.gguf PROJECTOR.gguf

LLAMA_CPP is the folder of its sources. The converter tells tokenizers apart by a hash and refuses an unknown one; it
is told that the built-in models' BPE splits text as Qwen2's does.
"""

import runpy
import sys
from pathlib import Path


def main(sources: Path, checkpoint: Path, model: Path, projector: Path) -> None:
    sys.path[:0] = [str(sources), str(sources / "gguf-py")]
    from conversion.base import TextModel

    TextModel.get_vocab_base_pre = lambda self, tokenizer: "qwen2"
    for out, more in ((model, []), (projector, ["--mmproj"])):
        sys.argv = ["convert", str(checkpoint), "--outfile", str(out), "--outtype", "f32", *more]
        runpy.run_path(str(sources / "convert_hf_to_gguf.py"), run_name="__main__")


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:5]))
