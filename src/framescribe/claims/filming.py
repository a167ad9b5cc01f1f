"""Finds what a sentence says of the camera: each clause, or each kind of shot, is one claim."""

from __future__ import annotations

from framescribe.claims import base, contrasts, statements
from framescribe.claims import words as w
from framescribe.claims.clause import CAMERA, Clause
from framescribe.claims.nouns import is_adjective
from framescribe.claims.verbs import verb

_STARTS = frozenset(
    [
        "camera",
        "shot",
        "view",
        "framing",
        "lens",
        "footage",
        "camerawork",
        "close-up",
        "closeup",
        "perspective",
        "angle",
        "timelapse",
        "time-lapse",
    ]
)


_BEFORE = frozenset(
    (",", "and", "as", "while", "in", "from", "with", "but", ";", "opens", "begins", "starts", "ends", "closes")
)
_ON_SOMEBODY = frozenset(("follows", "tracks", "captures", "reveals"))
_PICTURE = frozenset(("screen", "scene", "image", "picture", "video", "frame"))
_FROM = frozenset(("above", "below", "behind", "overhead", "afar", "inside", "underneath"))


class Filming(Clause):
    """A walk that knows the camera."""

    def _camera(self, at: int) -> int:
        """Behind what is said of the camera, if that begins here; it becomes one claim."""
        words = self.words
        if end := self._fades(at):
            self._say_camera(at, end, clause=True)
            self._subject, self._started, self._touching, self._done = CAMERA, True, False, None
            return end
        if self._started and words.low(at - 1) not in _BEFORE:
            return 0
        if words.low(at) in ("filmed", "shot", "seen", "viewed", "captured") and words.low(at + 1) == "from":
            if words.low(at + 2) not in _FROM or self._started:
                return 0
            said = f"The scene is {words.text(at, at + 3).lower()}."
            self._add(base.CAMERA, at, at + 3, (said, contrasts.of_camera(said)))
            return at + 3
        two = f"{words.low(at)} {words.low(at + 1)}"
        if two in ("close up", "time lapse") and words.low(at + 2) in ("of", "on"):
            self._say_camera(at, at + 2)
            self._subject, self._started, self._touching, self._done = CAMERA, True, False, None
            return at + 2
        done = verb(words.low(at))
        if self._touching and done is not None and done.form == "s":
            return 0  # "A man holds a handheld camera"
        noun = next((n for n in range(at, min(at + 6, len(words))) if words.low(n) in _STARTS), None)
        if noun is None:
            return 0
        between = [words.low(n) for n in range(at, noun)]
        if any(
            not (
                word in ("a", "an", "the", "in", "from")
                or word in w.CAMERA_CUES
                or is_adjective(word)
                or word in w.CAMERA
                or word.endswith("ly")
                or word
                in (
                    "slow",
                    "motion",
                    "eye",
                    "level",
                    "-",
                    "pov",
                    "tracking",
                    "up",
                    "shot",
                    "captured",
                    "filmed",
                    "with",
                )
            )
            for word in between
        ):
            return 0
        while words.low(noun + 1) in w.CAMERA and words.low(noun) != "camera":
            between.append(words.low(noun))
            noun += 1
        cues = [word for word in between if word in w.CAMERA_CUES or is_adjective(word)]
        cues += [words.low(n) for n in range(noun, noun + 1) if words.low(n) in w.CAMERA_CUES]
        plain_view = words.low(noun) in ("view", "lens", "perspective", "angle", "footage")
        if plain_view and not cues:
            return 0
        end = noun + 1
        if words.low(end) == "'s":
            return 0
        finite = end
        while w.is_adverb(words.low(finite)) or words.low(finite) in ("then", "also", "now", "never", "always"):
            finite += 1
        is_subject = words.low(finite) in w.AUXILIARY or verb(words.low(finite)) is not None
        if is_subject and words.low(finite) in w.SHOWS | {"reveals", "focuses"} and words.low(finite) != "focuses":
            self.memory.subject, self._subject, self._started = self._other(), CAMERA, True
            if cues:
                self._say_camera(at, end)
                return finite + 1
            return finite + 1
        if not is_subject and not cues and words.low(noun) in ("camera", "shot"):
            return 0
        if is_subject:
            end = finite + 1
            phrase = words.phrase(end + 1) if words.low(finite) == "cuts" and words.low(end) == "to" else None
            if phrase is not None:
                self._say_camera(at, phrase.last, clause=True)
                self.memory.subject = self._subject = self._near = self._named(phrase)
                self._started, self._touching, self._done = True, True, None
                return phrase.last
            phrase = words.phrase(end) if words.low(finite) in _ON_SOMEBODY else None
            doing = verb(words.low(phrase.last)) if phrase is not None else None
            if phrase is not None and doing is not None and doing.form == "ing":
                self._say_camera(at, phrase.last, clause=True)
                self.memory.subject = self._subject = self._near = self._named(phrase)
                self._started, self._touching, self._done = True, True, None
                return phrase.last  # "follows a man running"
            while end < len(words) and not self._ends_camera(end):
                end += 1
        self._say_camera(at, end, clause=is_subject)
        self.memory.subject = self._other()
        self._subject, self._started, self._touching, self._done = CAMERA, True, False, None
        if words.low(end) == "on" and words.low(end - 1) in ("in", "out", "focuses", "closes"):
            return end + 1  # "zooms in on a face"
        return end

    def _fades(self, at: int) -> int:
        """Behind "the screen fades to black"; 0: that does not stand here."""
        words, first = self.words, at
        at += words.low(at) == "the"
        if words.low(at) not in _PICTURE or words.low(at + 1) not in ("fades", "cuts", "dissolves", "goes", "turns"):
            return 0
        black = at + 3 if words.low(at + 2) in ("to", "into") else at + 2
        return black + 1 if at > first and words.low(black) in ("black", "white") else 0

    def _ends_camera(self, at: int) -> bool:
        words, low = self.words, self.words.low(at)
        if (
            low in (",", ";", ":", ".", "—")
            or low in w.SUBORDINATE - {"as"}
            or (low == "as" and self._begins_clause(at + 1))
        ):
            following = words.low(at + 1)
            found = verb(following)
            return not (
                low == ","
                and following in w.CAMERA_CUES
                and found is not None
                and found.form == "ing"
                and following not in ("following", "tracking")
            )
        if low in w.ORDER and not (low in ("first", "initially", "later") and words.low(at - 1) != ","):
            return True
        if low == "on" and words.low(at - 1) in ("in", "out"):
            return True
        if low == "and":
            following = words.low(at + 1)
            return following in w.ORDER or (self._begins_clause(at + 1) and following not in w.CAMERA_CUES)
        return (
            low in ("to", "revealing", "showing")
            and (self._base_verb(at + 1) or low != "to")
            and words.low(at + 1) in ("reveal", "show", "capture", "follow")
        ) or low in ("revealing", "showing")

    def _say_camera(self, first: int, last: int, *, clause: bool = False) -> None:
        words = self.words
        said = words.text(first, last)
        if clause and words.low(first) not in w.CAMERA | {"the", "a", "an"}:
            said = f"the camera {said}"
        for opening in ("captured in ", "filmed in ", "in ", "from ", "with "):
            said = said.removeprefix(opening)
        if not clause:
            said = said if said.startswith(("a ", "an ", "the ")) else f"a {said}"
            said = f"this is {said}"
        statement = statements.sentence(said)
        self._events.append(statement.rstrip("."))
        self._add(base.CAMERA, first, last, (statement, contrasts.of_camera(statement)))
