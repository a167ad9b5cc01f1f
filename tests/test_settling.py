"""Which videos of a list are kept is what sets of all their texts would say, however long the list is."""

from __future__ import annotations

import random

import pytest

from framescribe.errors import UserError
from framescribe.sources.found import Found
from framescribe.sources.settling import AT_ONCE, settled

MANY = 3 * AT_ONCE + 17


def found(number: int, real: str, named: bool = False) -> Found:
    name = f"id-{number}" if named else f"{number}.mp4"
    by = f"row {number}" if named else None
    return Found(id=name, path=f"/a/{number}.mp4", real=real, size=None, folder="/a", named_by=by)


@pytest.mark.parametrize("limit", [None, 1, AT_ONCE, AT_ONCE + 1, 5000])
@pytest.mark.parametrize("often", [1.0, 0.3, 0.001])
def test_a_file_is_kept_once_whatever_lies_between(often: float, limit: int | None) -> None:
    chance = random.Random(1)
    reals = [f"/real/{chance.randrange(number + 1) if chance.random() < often else number}" for number in range(MANY)]
    every = [found(number, real, named=number % 5 == 0) for number, real in enumerate(reals)]
    there, kept, again = set[str](), list[str](), 0
    for one in every:
        if len(kept) == limit:
            break
        if one.named_by is None and one.real in there:
            again += 1
            continue
        there.add(one.real)
        kept.append(one.id)
    taken, said = list[Found](), list[str]()
    videos = settled([(taken.append(one) or one for one in every)], limit, None, said.append)  # type: ignore[func-returns-value]
    assert [video.id for video in videos] == kept
    assert len(said) == bool(again)
    assert not again or said[0].startswith(f"{again} video")
    assert limit is None or len(taken) == len(kept) + again  # no more is taken than needed


def test_an_id_that_the_user_gave_twice_is_refused_however_far_apart() -> None:
    every = [found(number, f"/{number}", named=True) for number in range(MANY)]
    every.append(found(7, "/other", named=True))
    with pytest.raises(UserError, match="id 'id-7' of row 7 also belongs to row 7; change one"):
        settled([every], None, None, lambda line: None)
