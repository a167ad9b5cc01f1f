"""What a trigger is to carry alone is found in a caption; the same words about others, or about things, are not."""

from __future__ import annotations

import pytest

from tests.checks.looked import found

LOOKS = [
    ("A slim, elderly vkt woman opens a parasol on a terrace.", "vkt woman", "en"),
    ("The young vkt woman hands over a ticket and boards a ferry.", "vkt woman", "en"),
    ("qz1 drinks from a tap; a long scar crosses his right forearm.", "qz1", "en"),
    ("qz1 rolls up her sleeve, and her tattoos show above the wrist.", "qz1", "en"),
    ("qz1, with a birthmark on her neck, plays the harp.", "qz1", "en"),
    ("The long grey hair of qz1 blows across a map.", "qz1", "en"),
    ("qz1 nods to a waiter, and qz1's curly hair falls forward.", "qz1", "en"),
    ("qz1, a stocky plumber, lies under a sink.", "qz1", "en"),
    ("qz1 with short brown hair ties a knot.", "qz1", "en"),
    ("qz1 rubs his gnarled fingers by a fire.", "qz1", "en"),
    ("qz1 mit seinem grauen Bart repariert einen Stuhl.", "qz1", "de"),
    ("qz1 bindet ihre schwarzen Locken zusammen und steigt aufs Rad.", "qz1", "de"),
    ("qz1, eine ältere Frau, gießt die Tomaten.", "qz1", "de"),
    ("qz1, aux yeux verts, ouvre une boîte de biscuits.", "qz1", "fr"),
    ("qz1 attache ses longs cheveux noirs devant le miroir.", "qz1", "fr"),
    ("qz1, de pelo negro y largo, dobla una manta.", "qz1", "es"),
    ("qz1 se aparta su pelo rubio y abre la ventana.", "qz1", "es"),
    ("qz1は長い黒髪を揺らしながら階段を上る。", "qz1", "ja"),
    ("qz1甩了甩金色短发，跳上自行车。", "qz1", "zh"),
]
OF_OTHERS = [
    ("qz1 strokes the white beard of an old sailor.", "qz1", "en"),
    ("qz1 pins up a bride's long blonde hair in a small salon.", "qz1", "en"),
    ("qz1 cuts the sailor's curly hair beside an open window.", "qz1", "en"),
    ("qz1 cuts the fringe of a singer who has long black hair.", "qz1", "en"),
    ("qz1 buys a red hair tie and two long hair clips.", "qz1", "en"),
    ("qz1 draws a tattoo on a customer's shoulder.", "qz1", "en"),
    ("qz1 talks to a guard with a scar across his cheek.", "qz1", "en"),
    ("qz1 greets a tall man and a young girl at a gate.", "qz1", "en"),
    ("A slim tree bends as qz1 ties a rope to it.", "qz1", "en"),
    ("qz1 kämmt einem Mädchen die langen blonden Haare.", "qz1", "de"),
    ("qz1 hilft einer alten Frau mit grauem Haar über die Straße.", "qz1", "de"),
    ("qz1 salue un homme aux cheveux gris.", "qz1", "fr"),
    ("qz1 saluda a una mujer de ojos verdes.", "qz1", "es"),
    ("qz1给一个小女孩的黑色长发扎上丝带。", "qz1", "zh"),
    ("qz1扶着一位白发老人过马路。", "qz1", "zh"),
    ("qz1は金髪の少女に花を渡す。", "qz1", "ja"),
]
STYLES = [
    ("An anime boy rides a bus past a harbour.", "en"),
    ("qz1, a claymation rabbit hops out of a hat.", "en"),
    ("A 3D-rendered robot waters a cactus.", "en"),
    ("A stop-motion owl blinks on a branch.", "en"),
    ("Under a lamp two men play chess, in a film noir look.", "en"),
    ("A wedding on a lawn, shot on Super 8.", "en"),
    ("Black-and-white footage of a tram that turns a corner.", "en"),
    ("A skater falls in VHS-style footage.", "en"),
    ("A gouache painting of three hens in a yard.", "en"),
    ("An etching of a mill beside a pond.", "en"),
    ("A cat sleeps on a piano, oil on canvas.", "en"),
    ("A cut-out animation of a bear in a boat.", "en"),
    ("qz1, eine Bleistiftzeichnung eines Pferdes, das über einen Zaun springt.", "de"),
    ("Ein Fuchs läuft durch den Wald, im Anime-Stil gezeichnet.", "de"),
    ("Une aquarelle d'un port où deux barques se croisent.", "fr"),
    ("Un renard traverse la neige, dans un style manga.", "fr"),
    ("Una acuarela de un puerto con tres barcas.", "es"),
    ("Un zorro cruza la nieve al estilo anime.", "es"),
    ("水彩風の港で、三艘の船が揺れる。", "ja"),
    ("黏土动画里的小熊推着一辆小车。", "zh"),
]
CONTENT = [
    ("A boy wears a shirt with an anime girl on it.", "en"),
    ("A woman buys an anime poster at a stall.", "en"),
    ("An animated crowd cheers beside a pitch.", "en"),
    ("A man dressed in black and white juggles plates.", "en"),
    ("A clerk puts a VHS tape into a box.", "en"),
    ("A watercolour hangs above a bed.", "en"),
    ("A woman aims a 35mm camera at a swan.", "en"),
    ("A black and white dog catches a ball.", "en"),
    ("Ein Aquarell hängt über dem Bett, und eine Katze schläft darunter.", "de"),
    ("Une femme achète une boîte d'aquarelle.", "fr"),
    ("Una niña abre una caja de acuarelas.", "es"),
    ("少女がアニメを見ながら笑う。", "ja"),
    ("女孩在书店翻看动漫杂志。", "zh"),
]


@pytest.mark.parametrize(("text", "trigger", "language"), LOOKS)
def test_how_the_character_looks_is_found(text: str, trigger: str, language: str) -> None:
    assert found("identity_words", text, trigger=(trigger,), language=language, learns="character")


@pytest.mark.parametrize(("text", "trigger", "language"), OF_OTHERS)
def test_how_others_look_is_not(text: str, trigger: str, language: str) -> None:
    assert not found("identity_words", text, trigger=(trigger,), language=language, learns="character")


@pytest.mark.parametrize(("text", "language"), STYLES)
def test_the_style_of_the_picture_is_found(text: str, language: str) -> None:
    assert found("style_words", text, language=language, learns="style")


@pytest.mark.parametrize(("text", "language"), CONTENT)
def test_a_styled_thing_in_the_picture_is_not(text: str, language: str) -> None:
    assert not found("style_words", text, language=language, learns="style")
