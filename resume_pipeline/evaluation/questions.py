"""Golden questions: one JSON object a line, read with every fault named by its line.

``{"id", "question", "relevant": [{"path", "text_span"}], "answerable"}``; only ``question`` and ``relevant`` must be
there, and other keys are left alone. ``relevant: []``, or ``answerable: false``, means that the content does not say.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from resume_pipeline.content.golden_questions import QuestionsFile
from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.ranking_metrics import Relevant
from resume_pipeline.errors import QuestionsError

MAX_PROBLEMS_NAMED = 20


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question with the passages that answer it; none means that the content does not say."""

    id: str
    question: str
    relevant: tuple[Relevant, ...]
    line: int


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong with one line of a questions file."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class GoldenQuestions:
    """The questions of a file, in its order, and the lines that are none."""

    questions: tuple[GoldenQuestion, ...]
    problems: tuple[LineProblem, ...] = ()


def parse_questions(file: QuestionsFile) -> GoldenQuestions:
    """The questions of a file; a line that is none is a problem, and the others count.

    Raises:
        QuestionsError: an id stands twice, or the file has lines but no question.
    """
    questions: list[GoldenQuestion] = []
    problems: list[LineProblem] = []
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(line, number))
        except ValueError as error:
            problems.append(LineProblem(number, str(error)))
    _require_distinct(file, questions)
    if problems and not questions:
        raise QuestionsError(f"{file.path} holds no question. {named(problems)}")
    return GoldenQuestions(tuple(questions), tuple(problems))


def named(problems: list[LineProblem] | tuple[LineProblem, ...]) -> str:
    """The first problems in one line, and how many more there are."""
    shown = "; ".join(f"line {problem.line}: {problem.reason}" for problem in problems[:MAX_PROBLEMS_NAMED])
    more = len(problems) - MAX_PROBLEMS_NAMED
    return f"{shown}; and {more} more" if more > 0 else shown


def _lines(file: QuestionsFile) -> Iterator[str]:
    # Not splitlines: it would also cut at U+2028 and the like, which JSON allows within a text.
    text = file.data.decode("utf-8-sig", "replace")
    yield from text.split("\n")


def _question(line: str, number: int) -> GoldenQuestion:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    question = value.get("question")
    if not isinstance(question, str) or not without_unsound(question).strip():
        raise ValueError('"question" is missing, empty or no text')
    id_ = value.get("id")
    if not isinstance(id_, str | int | None) or isinstance(id_, bool):
        raise ValueError('"id" is neither text nor a whole number')
    answerable = value.get("answerable")
    if not isinstance(answerable, bool | None):
        raise ValueError('"answerable" is neither true nor false')
    relevant = _relevant(value.get("relevant", [] if answerable is False else None))
    if answerable and not relevant:
        raise ValueError('"answerable" is true, but "relevant" names no passage')
    shown_id = f"line {number}" if id_ is None else without_unsound(str(id_))
    return GoldenQuestion(shown_id, without_unsound(question).strip(), () if answerable is False else relevant, number)


def _relevant(value: Any) -> tuple[Relevant, ...]:
    if not isinstance(value, list):
        raise ValueError('"relevant" is missing or no list (an empty one means that the content does not say)')
    return tuple(_passage(entry) for entry in value)


def _passage(entry: Any) -> Relevant:
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not path.strip():
        raise ValueError('an entry of "relevant" has no "path"')
    span = entry.get("text_span")
    if not isinstance(span, str | None):
        raise ValueError('a "text_span" is no text')
    # As the content itself was made sound when it was read, so that both sides spell alike.
    sound = without_unsound(span).strip() if span is not None else ""
    return Relevant(str(PurePosixPath(path)), sound or None)


def _require_distinct(file: QuestionsFile, questions: list[GoldenQuestion]) -> None:
    first: dict[str, int] = {}
    for question in questions:
        if question.id in first:
            raise QuestionsError(
                f"{file.path} has the id {question.id!r} on lines {first[question.id]} and {question.line}. "
                "Each question needs an id of its own."
            )
        first[question.id] = question.line
