"""Knows how to measure what checking a caption costs: microseconds of one core, all checks together and each alone.

    python benchmarks/checks.py [--rounds 300] [--check NAME ...]

Time is that of the process, not of the clock. Clean captions have about 100 words and no fault; bad ones are the same
captions with a fault that is known. A check measured alone also pays for what of the text it shares with the others.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from framescribe import registry
from framescribe.checks.base import Circumstances
from framescribe.checks.judge import Checks

_PASSES = 20
ENOUGH = 200.0  # microseconds, for a clean caption
CLEAN = (
    "A woman in a mustard raincoat crosses a cobbled square, her umbrella tilting in the wind. Pigeons "
    "scatter from her path and settle again near a stone fountain. The camera follows her from behind at "
    "walking pace, keeping her in the centre, while shop windows slide past on the left under an overcast "
    'sky. A green sign above a doorway reads "Open late". Two children with yellow backpacks run across the '
    "frame, and a delivery cyclist rings his bell and swerves. She stops at a kerb, looks over her shoulder "
    "and closes the umbrella. Rain still drips from the awnings as a tram rolls into view and comes to a "
    "halt.",
    "Close-up of hands kneading bread dough on a floured marble counter. The knuckles push forward, fold the "
    "dough back and turn it a quarter each time. Flour dust hangs in a shaft of light that falls through a "
    "window on the right. Behind, out of focus, a copper pot steams on a stove and an older man with rolled-"
    "up sleeves stirs it slowly. The hands pause, sprinkle more flour from a tin and lift the dough into a "
    "wooden bowl. A checked cloth is laid over the bowl, and the baker's thumb presses the edge down all "
    "around. The shot holds still until a cat jumps onto the counter and is gently pushed away.",
    "Aerial view of a river delta at low tide. Brown channels branch like veins through green reed beds, and "
    "a single white boat draws a thin wake toward the sea. The drone glides slowly forward and tilts down "
    "until only water fills the picture. Flocks of wading birds rise from the mud, turn together and land "
    "again farther out. On a narrow strip of sand, three people in orange jackets unload crates from a flat "
    "barge and stack them beside a hut with a tin roof. Cloud shadows drift over the marsh from left to "
    "right; near the horizon a row of wind turbines spins steadily in the haze.",
    "一名穿黄色雨衣的女子走过鹅卵石广场，风把她的雨伞吹得倾斜。鸽子从她脚边散开，又落在石头喷泉旁边。镜头"
    "从身后以步行的速度跟随她，橱窗在左侧缓缓滑过，天空阴沉。门口上方的绿色招牌写着“营业到深夜”。两个背"
    "着黄色书包的孩子从前面跑过，一个送货的骑车人按响车铃，绕了过去。她在路边停下，回头看了一眼，收起雨伞"
    "。电车驶入画面，缓慢停住，雨水仍从遮阳篷上滴落。",
)
FAULTS = (
    lambda text: f"**Caption:** {text}",
    lambda text: f"{text} {text}",
    lambda text: f"This video shows a square. {text} Overall, the scene suggests a calm mood.",
    lambda text: text[: len(text) * 2 // 3],
    lambda text: f'{{"caption": "{text}"}}',
    lambda text: f"{text} The carÃ©s close.<|im_end|>",
)


def spent(checks: Checks, texts: Sequence[str], rounds: int, *, mend: bool = False) -> float:
    """Microseconds for one text: the least of several passes, which other processes disturbed least."""
    of = [Circumstances(language="en" if text.isascii() else None) for text in texts]
    work = checks.mended if mend else checks.look
    passes = []
    for _ in range(_PASSES):
        began = time.process_time()
        for _ in range(max(rounds // _PASSES, 1)):
            for text, known in zip(texts, of, strict=True):
                work(text, known)
        passes.append((time.process_time() - began) / max(rounds // _PASSES, 1) / len(texts) * 1e6)
    return min(passes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--check", action="append", help="only this check, as often as wanted")
    given = parser.parse_args()
    names = given.check or registry.names("checks")
    bad = [fault(text) for fault in FAULTS for text in CLEAN[:3]]
    together = Checks.chosen(off=("all",), on=names)
    print(f"{'':24}{'English':>10}{'Chinese':>10}{'bad':>10}")
    for name, checks in [
        ("all together", together),
        *((name, Checks.chosen(off=("all",), on=(name,))) for name in names),
    ]:
        costs = [spent(checks, texts, given.rounds) for texts in (CLEAN[:3], CLEAN[3:], bad)]
        print(f"{name:24}" + "".join(f"{cost:>10.1f}" for cost in costs), flush=True)
    print(f"{'mending all':24}{'':>20}{spent(together, bad, given.rounds // 10, mend=True):>10.1f}")
    if not given.check and spent(together, CLEAN[:3], given.rounds) > ENOUGH:
        sys.exit(f"A clean caption takes more than {ENOUGH:.0f} microseconds.")


if __name__ == "__main__":
    main()
