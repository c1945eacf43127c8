"""Which questions were asked and not found: groups of logged questions whose last answer was none, or a poor one.

What was logged is ``storage.query_log``; who asks for the gaps, ``evaluation.content_gaps``.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

FOUND_COVERAGE = 0.4
"""From this share of the question's words (rare ones weigh more) in the best hit, the question counts as found.

Below it are 11 of the 12 questions that the sample does not answer and 15 % of the others; of questions over Wikipedia
pages 31 % of those without an answer there and 6 % of the others.
"""
_NOT_A_WORD = re.compile(r"[^\w+#]+")


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One logged question: what it was narrowed to, how many hits it got, and the first of them.

    ``coverage`` is the share of its words that stand in the best hit; None when that was not measured. ``declined``:
    the answer was that the content does not say.
    """

    question: str
    filters: tuple[str, ...]
    hits: int
    coverage: float | None
    nearest: str | None
    asked_at: dt.datetime
    declined: bool = False

    @property
    def found(self) -> bool:
        """Whether something came back that speaks of what was asked."""
        return not self.declined and self.hits > 0 and (self.coverage is None or self.coverage >= FOUND_COVERAGE)


@dataclass(frozen=True, slots=True)
class ContentGap:
    """A question that was not found when it was last asked; ``times`` counts how often it was not.

    ``question`` is as it was last written, ``nearest`` the document of the best hit then, if there was one.
    """

    question: str
    filters: tuple[str, ...]
    times: int
    last_asked: dt.datetime
    nearest: str | None
    coverage: float | None


def normalised_question(question: str) -> str:
    """What writings of one question have in common: no case, accents or punctuation (C++ and C# stay apart)."""
    decomposed = unicodedata.normalize("NFKD", question.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(_NOT_A_WORD.sub(" ", plain).split())


def find_gaps(asked: Iterable[AskedQuestion]) -> list[ContentGap]:
    """The gaps, most often asked first; the same words narrowed to something else are another question."""
    last: dict[tuple[str, ...], AskedQuestion] = {}
    times: dict[tuple[str, ...], int] = {}
    for one in asked:
        key = (normalised_question(one.question), *sorted(one.filters))
        times[key] = times.get(key, 0) + (not one.found)
        if key not in last or one.asked_at >= last[key].asked_at:
            last[key] = one
    gaps = [
        ContentGap(one.question, one.filters, times[key], one.asked_at, one.nearest, one.coverage)
        for key, one in last.items()
        if not one.found
    ]
    return sorted(gaps, key=lambda gap: (-gap.times, -gap.last_asked.timestamp(), gap.question))
