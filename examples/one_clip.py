"""Caption one clip, frame by frame, with the two tiny built-in models: they know only drawn shapes."""

from pathlib import Path

import framescribe as fs
from framescribe.demo.clips import demo_clips

clip = demo_clips(Path("clips"), seed=0, count=4)[0].path  # four made-up clips; yours: clip = "clip.mp4"

row = fs.caption(clip, model="shapes-vlm", summary_model="shapes-llm", sample="uniform", frames=5)

for frame in row.frames:
    print(f"{frame.time:.2f} s: {frame.caption}")
print(row.caption if row.error is None else f"failed: {row.error.message}")
