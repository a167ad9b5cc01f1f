"""A camera that is still and moves in one shot is a contradiction; one after the other, or a filmed one, is none."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.camera_contradiction import CameraContradiction
from framescribe.checks.text import Text

BOTH = [
    "The camera stays fixed while it tilts up along the tower.",
    "A tripod-still shot of a harbour tracks left along the quay.",
    "The camera pans left across the shelf. The camera remains completely static.",
    "Static camera, slow zoom in on the cake.",
    "The camera does not move as it follows the runner.",
    "A static shot that pans with two riders.",
    "A motionless camera swoops down over the vineyard.",
    "固定镜头拍摄一只猫，镜头缓缓向左平移。",
    "镜头固定不动，慢慢推近女孩手中的风车。",
    "Die Kamera bleibt statisch, während sie nach links schwenkt.",
    "Plan fixe d'un chat. La caméra suit le chat.",
    "La cámara está fija y se desplaza hacia la derecha.",
    "カメラは固定されたまま、走る犬を追って右へ移動する。",
    "Inquadratura fissa con una lenta panoramica verso destra.",
    "Статичная камера плавно движется вдоль вагонов.",
    "Static camera. A goat stands next to a gate; the camera pans along the fence at an even speed.",
    "Camera motion: fixed, tilting up from the shoes to the hat.",
    "First-person tour of a cellar, lens clamped in one place, drifting forward between the barrels.",
    "A câmera fica fixa num poste e segue o ciclista pela praça.",
    "La telecamera è ferma sul treppiede e segue il corridore.",
]
ONE = [
    "The camera stays still until the balloon rises, and tilts up after it.",
    "Static shot of a bench. Then the camera pans left.",
    "Static close-up of a kettle. Cut to a tracking shot along a table.",
    "A static camera with no panning or zooming.",
    "A static shot of a photographer who swings her camera to the left and pans with a car.",
    "Static electricity lifts her hair while the camera pans.",
    "A saucepan stands still on the stove; the camera zooms in.",
    "The camera is static as the dog tracks a rabbit and tilts its head.",
    "The camera is mostly static with a slight pan to the left.",
    "The camera follows a man who stands still.",
    "镜头固定不动，一个孩子向左移动。",
    "镜头先固定，然后向左平移。",
    "Die Kamera steht fest, während ein Karussell sich dreht.",
    "Con la cámara fija, un tren se desplaza hacia la izquierda.",
    "Камера неподвижна, а поезд движется мимо.",
    "Camera: fixed. Dancers circle a drum kit next to a ladder.",
    "Camera movement: static, dancers circling the stage.",
    "The camera is fixed on a shelf. Next, it tilts down to the cat.",
]


def found(text: str) -> list[str]:
    return [each.what for each in CameraContradiction().measure(Text(text), Circumstances(language=None))]


@pytest.mark.parametrize("text", BOTH)
def test_still_and_moving_is_a_contradiction(text: str) -> None:
    assert len(found(text)) == 1


@pytest.mark.parametrize("text", ONE)
def test_one_after_the_other_or_something_else_is_none(text: str) -> None:
    assert found(text) == []
