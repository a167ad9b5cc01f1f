"""Knows how to measure what shapes-llm makes of notes other than frame captions, and of wishes; trains nothing.

    python training/evaluate_forms.py --llm DIR --examples 100 --seed 777

Everything is decoded greedily, in float32.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from pathlib import Path

import torch
from evaluate import CHECKPOINTS, Writer, judge, load_writer, share
from forms import TASKS, summary_of
from summaries import Example, random_example

from framescribe.demo.scenes import parse_statement

OBJECTS, FRAMES = (1, 2, 3), (2, 5)
PARTS = ("count", "size", "colour", "shape", "start", "motion", "position", "background")
EVALUATED = {
    "frames": random_example,
    **{name: TASKS[name] for name in ("wishes", "steps", "mistaken", "structured", "segments", "lengths")},
    **{
        f"long, of {kind}": lambda rng, frames, objects, kind=kind: summary_of(rng, kind, frames, objects, long=True)
        for kind in ("frames", "steps", "structured", "segments")
    },
}


def forms_table(write: Writer, seed: int, count: int, mistakes: int) -> None:
    """Exactness of each task by the number of objects, with two to five frames or segments; then attributes."""
    cases: list[tuple[str, Example]] = []
    for task, make in EVALUATED.items():
        for objects in OBJECTS:
            rng = random.Random(f"evaluation forms {seed} {task} {objects}")
            cases += [(task, make(rng, rng.randint(*FRAMES), objects)) for _ in range(count)]
    said = write([example.prompt for _, example in cases])
    exact, marks, wrong = defaultdict(list), defaultdict(list), defaultdict(list)
    for (task, example), text in zip(cases, said, strict=True):
        exact[task, example.objects].append(text == example.answer)
        if text != example.answer:
            wrong[task].append((example, text))
        if example.objects < 3 and not task.startswith(("long", "lengths")):
            for name, values in attributes(example.answer, text).items():
                marks[task, name] += values
    print(f"{'per cent exactly right':24}" + "".join(f"{f'{n} objects':>11}" for n in OBJECTS) + f"{'up to 2':>11}")
    for task in EVALUATED:
        few = exact[task, 1] + exact[task, 2]
        print(f"{task:24}" + "".join(f"{share(exact[task, n]):>11}" for n in OBJECTS) + f"{share(few):>11}")
    print(f"\n{'up to 2 objects':24}" + "".join(f"{name:>11}" for name in PARTS))
    for task in dict.fromkeys(task for task, _ in marks):
        print(f"{task:24}" + "".join(f"{share(marks[task, name]):>11}" for name in PARTS))
    for task, found in wrong.items():
        for example, text in found[:mistakes]:
            print(f"\n{task}\n{example.prompt}\n    right: {example.answer}\n    said:  {text}")


def attributes(right: str, said: str) -> dict[str, list[bool]]:
    """As `evaluate.judge`, and whether each object starts where it should and does what it should.

    Colours differ within a clip, so that they tell which object is meant.
    """
    there, named = parse_statement(right), parse_statement(said)
    by_colour = {mention.colour: mention for mention in named.mentions}
    marks = judge(there, named)
    pairs = [(mention, by_colour.get(mention.colour)) for mention in there.mentions]
    marks["start"] = [other is not None and mention.start == other.start for mention, other in pairs]
    marks["motion"] = [other is not None and mention.motion == other.motion for mention, other in pairs]
    return marks


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures shapes-llm on the tasks that train_llm_forms.py taught it.")
    parser.add_argument("--llm", type=Path, default=CHECKPOINTS / "shapes-llm")
    parser.add_argument("--examples", type=int, default=100, help="for each task and number of objects")
    parser.add_argument("--seed", type=int, default=777)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--mistakes", type=int, default=0, help="how many wrong answers of each task to print")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    write = load_writer(args.llm, args.batch)
    print(f"{3 * args.examples} examples of each task that {args.llm.name} was not trained on\n")
    forms_table(write, args.seed, args.examples, args.mistakes)


if __name__ == "__main__":
    main()
