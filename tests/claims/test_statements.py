"""What a claim states is what the caption says: whoever does it, wherever it is, whatever is in quotes."""

from __future__ import annotations

import pytest

from framescribe.claims import split
from framescribe.claims.verbs import inflected


@pytest.mark.parametrize(
    ("caption", "words", "statement", "contrast"),
    [
        # who does it, behind a clause in between, a place, or a quotation
        ("A boy who is holding a blue balloon waves.", "waves", "A boy waves.", "A boy does not wave."),
        (
            "The man whose hat is red feeds pigeons.",
            "feeds",
            "The man feeds pigeons.",
            "The man does not feed pigeons.",
        ),
        ("The man whose hat is red feeds pigeons.", "red", "The man's hat is red.", "The man's hat is green."),
        ("The bridge, which spans a river, is empty.", "empty", "The bridge is empty.", "The bridge is full."),
        ("To the left of the door stands a vase.", "stands", "A vase stands.", "A vase sits."),
        (
            "To the left of the door stands a vase.",
            "To the left of the door",
            "A vase is to the left of the door.",
            "A vase is to the right of the door.",
        ),
        ("A wall stands; in the background, a dog sits.", "in the background", "A dog is in the background.", None),
        ("A man runs. Behind him, two dogs bark.", "Behind him", "Two dogs are behind him.", None),
        ("On the table, a cat sleeps.", "On the table", "A cat is on the table.", "A cat is under the table."),
        ("A shop sign reading 'BAKERY' hangs.", "hangs", "A shop sign hangs.", "A shop sign does not hang."),
        ("Both boys jump, and one reaches a ball.", "reaches", "One of the boys reaches a ball.", None),
        ("Twelve eggs lie in a box, three of them broken.", "broken", "Three of the eggs are broken.", None),
        # passive, participles
        ("A door is opened by a butler in white gloves.", "is opened", "A door is opened.", "A door is closed."),
        ("A cake is being cut.", "is being cut", "A cake is being cut.", "A cake is not being cut."),
        ("A man walks, his face lit by a sign.", "lit", "His face is lit.", "His face is not lit."),
        ("A man sits, carefully painting.", "carefully painting", "A man is carefully painting.", None),
        # nouns that look like adjectives or verbs
        (
            "A red convertible speeds along a road.",
            "red",
            "There is a red convertible.",
            "There is a green convertible.",
        ),
        ("The light turns green.", "turns", "The light turns.", "The light does not turn."),
        ("The cars start moving.", "moving", "The cars are moving.", "The cars are not moving."),
        # negation
        ("The chair is not broken.", "broken", "The chair is not broken.", "The chair is broken."),
        ("The door is not closed.", "closed", "The door is not closed.", "The door is closed."),
        ("Four boys run, but only two reach the line.", "reach", "Two of the boys reach the line.", None),
        ('A man asks "Who?" and two girls raise their hands.', "raise", "Two girls raise their hands.", None),
        (
            "A man does not look at a woman.",
            "does not look at a woman",
            "A man does not look at a woman.",
            "A man does look at a woman.",
        ),
        ("A boy never smiles.", "never smiles", "A boy never smiles.", "A boy smiles."),
        ("A man hardly moves.", "hardly moves", "A man hardly moves.", "A man moves."),
        ("The door is unlocked but not opened.", "not opened", "The door is not opened.", "The door is opened."),
        ("The shop is closed but not empty.", "not empty", "The shop is not empty.", "The shop is empty."),
        ("A man who is not wearing shoes runs.", "runs", "A man runs.", "A man walks."),
        # comparison
        (
            "The left tower is taller than the right one.",
            "taller than the right one",
            "The left tower is taller than the right one.",
            "The left tower is not taller than the right one.",
        ),
        # what is said is not what can be read
        ('The man says "Hello" and waves.', 'says "Hello"', 'The man says "Hello".', None),
        ('A sign that says "OPEN" hangs.', '"OPEN"', 'The text "OPEN" can be seen.', 'The text "OPEN" cannot be seen.'),
        ('A woman points at the "EXIT" sign.', '"EXIT"', 'The text "EXIT" can be seen.', None),
        # the camera
        ("The camera does not move.", "The camera does not move", "The camera does not move.", None),
        (
            "The camera never zooms in.",
            "The camera never zooms in",
            "The camera never zooms in.",
            "The camera zooms in.",
        ),
        ("The camera is initially static.", "The camera is initially static", "The camera is initially static.", None),
        ("The camera pans left and then right.", "The camera pans left", "The camera pans left.", None),
        ("Filmed from above, a man swims.", "Filmed from above", "The scene is filmed from above.", None),
        ("The shot cuts to a woman laughing.", "laughing", "A woman is laughing.", "A woman is crying."),
        # what is beside the one who acts
        ("A red car, its doors wide open, stands in a field.", "stands", "A red car stands.", "A red car sits."),
        (
            "A red car, its doors wide open, stands.",
            "wide open",
            "Its doors are wide open.",
            "Its doors are closed.",
        ),
        ("A woman, her hair tied back, walks.", "walks", "A woman walks.", "A woman runs."),
        ("A man with his hands folded sits.", "folded", "His hands are folded.", None),
        ("A man with his hands folded sits.", "sits", "A man sits.", "A man stands."),
        ("A toddler sits, food smeared across his face, and laughs.", "laughs", "A toddler laughs.", None),
        ("A boy plays, his case open at his feet.", "at his feet", "His case is at his feet.", None),
        ("A skier turns, snow spraying behind her, and stops near the lodge.", "stops", "A skier stops.", None),
        ("The elevator doors open, and a man steps out.", "open", "The elevator doors open.", None),
        ("Two men, both wearing hats, inspect a car.", "wearing", "Two men are wearing hats.", None),
        ("Pans, including woks, are stacked.", "are stacked", "Pans are stacked.", None),
        ("A plate topped with basil and cheese sits.", "sits", "A plate sits.", None),
        ("A knight in shining armor raises a sword.", "raises", "A knight raises a sword.", None),
        ("A cat crouches, ready to pounce.", "ready to pounce", "The cat is ready to pounce.", None),
        ("Snow falls on the shoulders of a man who waits.", "waits", "A man waits.", None),
        ("The video features a boy, wearing a cap. He is seated.", "wearing", "A boy is wearing a cap.", None),
        ("Two chefs work; one chops leeks, the other stirs a pot.", "stirs", "The other stirs a pot.", None),
        ("An aerial view of a road, flanked by trees.", "flanked", "A road is flanked.", None),
        ("A woman leans in, the city lights outside reflected.", "outside", "The city lights are outside.", None),
        ("The boxer throws a hook that knocks down a man.", "knocks down", "A hook knocks down a man.", None),
        ("The deer lifts its head.", "lifts", "The deer lifts its head.", None),
        ("A singer, microphone in hand, leans forward.", "leans forward", "A singer leans forward.", None),
        ("A man lifts a box, his face red.", "red", "His face is red.", "His face is green."),
        ("A mother and a girl bake, both covered in flour.", "covered", "A mother and a girl are covered.", None),
        ("A man with deep wrinkles, smoking a pipe, waves.", "smoking", "A man is smoking a pipe.", None),
        ("A chef wearing an apron and a hat stirs soup.", "stirs", "A chef stirs soup.", None),
        ("A woman with a scarf and a man walk.", "walk", "A woman and a man walk.", None),
        ("A group of dancers perform on a stage.", "perform", "A group of dancers perform.", None),
        ("Two girls wave, their coats bright and colorful.", "colorful", "Their coats are colorful.", None),
        ("Trees line the road, their leaves turning red.", "red", "Their leaves are red.", None),
        ("A bee collects pollen from a flower.", "pollen", "There is pollen.", "There is no pollen."),
        ("A steaming cup of coffee.", "cup of coffee", "There is a cup of coffee.", "There is no cup of coffee."),
    ],
)
def test_what_is_stated(caption: str, words: str, statement: str, contrast: str | None) -> None:
    said = {caption[one.start : one.end]: (one.statement, one.contrast) for one in split(caption)}
    assert said[words][0] == statement
    assert contrast in (None, said[words][1])


@pytest.mark.parametrize(
    ("caption", "unsaid"),
    [
        ('A dog named "Rex" runs.', "Rex"),
        ('A boy gives his friend a "high five" at home.', "high five"),
        ("The video opens with a view of a lake.", "opens"),
        ("A boy drops his ice cream, so his sister gives him hers.", "hers"),
        ("INT. KITCHEN - NIGHT. A woman reads.", "INT"),
        ("The bridge spans a river.", "There are spans"),
        ("John picks up a cup.", "John"),
        ("Anna, wearing a red dress, dances.", "Anna"),
    ],
)
def test_what_is_not_claimed(caption: str, unsaid: str) -> None:
    assert not any(unsaid in (one.statement, caption[one.start : one.end]) for one in split(caption))
    assert not any(f"{unsaid}." in one.statement for one in split(caption))


def test_the_participle_of_close_is_no_superlative() -> None:
    assert inflected("close", "past") == "closed"
    assert inflected("lead", "past") == "led"
    assert inflected("fall", "past") == "fallen"


def test_tags_are_claimed_each_for_itself() -> None:
    caption = "1girl, long hair, cherry blossoms, sitting on chair, solo, outdoors, night, from above"
    assert [(caption[one.start : one.end], one.statement) for one in split(caption)] == [
        ("1", "There is 1 girl."),
        ("girl", "There is 1 girl."),
        ("long", "There is long hair."),
        ("hair", "There is hair."),
        ("cherry blossoms", "There are cherry blossoms."),
        ("sitting on chair", "The girl is sitting on chair."),
        ("solo", "There is only one character."),
        ("outdoors", "The scene is outdoors."),
        ("night", "It is night."),
        ("from above", "The scene is seen from above."),
    ]
    assert len(split("A man, a dog, a cat, a bird.")) == 4  # no tags


def test_what_somebody_with_a_name_does_is_claimed() -> None:
    assert [one.statement for one in split("John picks up a cup. Smoke rises.")] == [
        "John picks up a cup.",
        "There is a cup.",
        "There is smoke.",
        "Smoke rises.",
    ]
