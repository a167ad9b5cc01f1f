"""Read captions into pandas, look for what is short or odd, and write a list of it."""

from pathlib import Path

import pandas as pd

import framescribe as fs
from framescribe.demo.clips import demo_clips

demo_clips(Path("clips"), seed=0, count=4)
recipe = fs.Recipe(model="shapes-vlm", summary_model="shapes-llm", sample="uniform", frames=5, decoders=1)
list(fs.run(recipe, "clips", output="captions.jsonl"))  # only what is missing

table = pd.DataFrame(row.as_dict() for row in fs.rows("captions.jsonl"))
table["words"] = table["caption"].str.split().str.len()
table["seconds"] = table["video"].str["duration"]
print(table[["id", "status", "words", "seconds"]].to_string(index=False))

odd = table[(table["status"] != "ok") | (table["words"] < 12)]
odd["id"].to_csv("odd.txt", index=False, header=False)  # for: framescribe recaption captions.jsonl --ids odd.txt …
