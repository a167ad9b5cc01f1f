"""Correct a caption, and write the data set that a trainer reads: videos, captions and its settings in one folder."""

from pathlib import Path

import framescribe as fs
from framescribe.demo.clips import demo_clips

demo_clips(Path("clips"), seed=0, count=4)
recipe = fs.Recipe(model="shapes-vlm", summary_model="shapes-llm", sample="uniform", frames=5, decoders=1)
list(fs.run(recipe, "clips", output="captions.jsonl"))  # only what is missing

captions = Path("captions.jsonl")  # any editor will do; later runs keep what you change
captions.write_text(captions.read_text().replace("A small green square", "A tiny green square"))

done = fs.export(captions, to="musubi-tuner", folder="set", trigger="ohwx shapes")
print(f"{done.clips} clips in {done.folder}")
print(done.start)
