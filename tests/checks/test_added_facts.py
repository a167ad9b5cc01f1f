"""A shorter caption that says something else than the longer one is found; one that leaves out or rewords is not."""

from __future__ import annotations

import pytest

from tests.checks.looked import found

ELSE = [
    ("A goat climbs a rock as the camera tilts down.", "A goat climbs a rock. The camera tilts up along it.", "en"),
    ("A goat climbs a rock, the camera panning right.", "A goat climbs a rock. The camera slowly pans left.", "en"),
    ("The camera pulls back from a cake.", "A cake on a table. The camera pushes in on its candles.", "en"),
    ("A goat climbs a rock while the camera follows it.", "A goat climbs a rock in bright sun and bleats.", "en"),
    ("A static shot of a goat on a rock.", "A goat climbs a rock in bright sun and bleats.", "en"),
    ("Four sailors haul a rope.", "Sailors in blue haul a wet rope over the deck and sing.", "en"),
    ("Die Kamera schwenkt nach rechts über den Hafen.", "Ein Hafen. Die Kamera schwenkt langsam nach links.", "de"),
    ("La caméra recule devant un boulanger.", "Un boulanger pétrit. La caméra avance vers ses mains.", "fr"),
    ("La cámara gira a la derecha.", "Un puerto. La cámara gira lentamente hacia la izquierda.", "es"),
    ("一只山羊爬上岩石，镜头向右平移。", "一只山羊爬上岩石。镜头缓缓向左平移。", "zh"),
]
SAME = [
    ("A goat climbs a rock as the camera moves closer.", "A goat climbs a rock. The camera zooms in on it.", "en"),
    ("A goat climbs a rock as the camera rises.", "A goat climbs a rock. The camera tilts up, then pans left.", "en"),
    ("Static shot of a mill.", "Static shot of a mill. Cut to a yard, where the camera tracks a cart.", "en"),
    ("The camera pans across a harbour.", "A harbour. The camera pans left along the masts.", "en"),
    ("Sailors haul a rope.", "Four sailors in blue haul a wet rope over the deck.", "en"),
    ("Five people sing.", "Two men and three women sing.", "en"),
    ("Two boys eat apples.", "Two lads sit on a wall and eat apples from a bag.", "en"),
    ("Two girls wave.", "A girl waves at a train. Another girl runs up, and the girls wave together.", "en"),
    ("A photographer lifts a camera.", "A photographer in a cap lifts her lens to her eye.", "en"),
    ("A bird turns right as the camera follows.", "A bird turns right. The camera pans left after it.", "en"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "longer", "language"), ELSE)
def test_something_else_than_the_longer_caption_says_is_found(text: str, longer: str, language: str) -> None:
    assert found("added_facts", text, longer=longer, language=language)


@pytest.mark.parametrize(("text", "longer", "language"), SAME)
def test_what_is_left_out_or_reworded_is_not(text: str, longer: str, language: str) -> None:
    assert not found("added_facts", text, longer=longer, language=language)
