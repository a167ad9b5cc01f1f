"""Knows how captions are scored by questions that they should answer, in the manner of VDC, with the grades of
VidCapBench. Asks through what it is given; knows no model.

What differs from the originals: a grade is a word of a closed list, where VidCapBench's eval.py (4857cd8) looks for the
digit 2 anywhere in the judge's prose; clips that score nothing count, where VDC's process_vdc_result.py leaves those
out of its means; and an answer that cannot be read fails the clip, which is told, instead of vanishing.
"""

from __future__ import annotations

import re
from typing import Any

from framescribe.scoring.base import Ask, Candidate, Formula, Judged, Judgement, Question, Reference, mean
from framescribe.scoring.numbered import LONGEST, closed, numbered, texts
from framescribe.strategies.form import Form

MOST = 8
RIGHT, PARTLY, MISSING, WRONG = GRADES = ("right", "partly", "missing", "wrong")
_UNSAID = re.compile(r"\W*(?:it is )?not (?:stated|mentioned|specified|said)\b.{0,40}", re.IGNORECASE | re.DOTALL)
_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST}
QUESTIONS = Form(
    {
        "type": "object",
        "properties": {
            "questions": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"question": _TEXT, "answer": _TEXT},
                    "required": ["question", "answer"],
                    "additionalProperties": False,
                },
                "maxItems": MOST,
            }
        },
        "required": ["questions"],
        "additionalProperties": False,
    }
)


def _precision(sums: Any) -> Any:
    return (sums[RIGHT] + sums[PARTLY]) / (sums[RIGHT] + sums[PARTLY] + sums[WRONG])


class Questions(Judged):
    name = "questions"
    help = "which questions about the reference a caption answers, and how well (VDC, VidCapBench)"
    source = "W. Chai et al., AuroraCap (2410.03051: VDC); X. Chen et al., VidCapBench (2502.12782)"
    formulas = {  # noqa: RUF012
        "accuracy": mean(RIGHT, "questions", "the share of questions that are answered right", "questions"),
        "coverage": mean("answered", "questions", "the share that is answered at all, well or not", "questions"),
        "precision": Formula(
            help="of the answered ones, the share right or partly so", make=_precision, of="answered", unit="answers"
        ),
    }
    prompts = ("questions", "answers", "grades")

    async def judged(self, one: Candidate, reference: Reference, ask: Ask) -> Judgement:
        questions = reference.questions if reference.questions is not None else await _questions(reference.text, ask)
        answers = await _answers(questions, one.text, ask) if one.text else [""] * len(questions)
        grades = await _grades(questions, answers, ask)
        count = {grade: float(grades.count(grade)) for grade in GRADES}
        told = [
            {**question._asdict(), "given": answer, "grade": grade}
            for question, answer, grade in zip(questions, answers, grades, strict=True)
        ]
        answered = len(questions) - count[MISSING]
        return Judgement({**count, "questions": len(questions), "answered": answered}, {"questions": told})


async def _questions(text: str, ask: Ask) -> tuple[Question, ...]:
    found = (await ask("questions", {"text": text}, QUESTIONS))["questions"]
    by_question = {one["question"]: one["answer"] for one in found}
    return tuple(Question(question, answer) for question, answer in by_question.items())


async def _answers(questions: tuple[Question, ...], text: str, ask: Ask) -> list[str]:
    """What a text answers; "" where it says nothing of it."""
    if not questions:
        return []
    asked = numbered([one.question for one in questions])
    answer = await ask("answers", {"text": text, "list": asked}, texts(len(questions)))
    given = [answer[str(number)] for number in range(1, len(questions) + 1)]
    return ["" if _UNSAID.fullmatch(one) else one for one in given]


async def _grades(questions: tuple[Question, ...], answers: list[str], ask: Ask) -> list[str]:
    """The grade of each answer; of those that say nothing, without asking."""
    given = [place for place, answer in enumerate(answers) if answer]
    grades = [MISSING] * len(questions)
    if not given:
        return grades
    lines = [
        f"Question: {questions[place].question} Right answer: {questions[place].answer} Given answer: {answers[place]}"
        for place in given
    ]
    graded = await ask("grades", {"list": numbered(lines)}, closed(len(given), GRADES))
    for number, place in enumerate(given, 1):
        grades[place] = graded[str(number)]
    return grades
