"""Caption a folder, stop in the middle, and go on: nothing is lost, and nothing is captioned twice."""

from pathlib import Path

import framescribe as fs
from framescribe.demo.clips import demo_clips

demo_clips(Path("clips"), seed=0, count=4)
recipe = fs.Recipe(model="shapes-vlm", summary_model="shapes-llm", sample="uniform", frames=5, decoders=1)

for row in fs.run(recipe, "clips", output="captions.jsonl"):
    print(f"first: {row.id}: {row.caption}")
    break  # as a crash or Ctrl-C would; what is under way is finished

for row in fs.run(recipe, "clips", output="captions.jsonl"):
    print(f"then: {row.id}: {row.caption}")

print(f"{len(list(fs.rows('captions.jsonl')))} rows in captions.jsonl")
