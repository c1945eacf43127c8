"""Typing errors: which word of the content a word that it lacks stands for.

Pure choice; the words to choose from come from ``storage.asked``.
"""

import re
from collections.abc import Sequence

from rapidfuzz.distance import OSA

LEAST_LETTERS = 5
TWO_ERRORS_FROM = 8
WORD = re.compile(r"[^\W\d_]+")


def allowed_edits(word: str) -> int:
    """Typing errors that a word of so many letters may have: none below 5, one from 5, two from 8.

    The limits of Elasticsearch's ``fuzziness: AUTO`` are a little wider (one from 3, two from 6): at that width short
    words of the field (Rust, Java, Kafka) turn into one another.
    """
    if len(word) < LEAST_LETTERS:
        return 0
    return 1 if len(word) < TWO_ERRORS_FROM else 2


def correct(word: str, candidates: Sequence[tuple[str, int]]) -> str | None:
    """The lexeme that ``word`` was meant to be; None when it is one, or nothing is near enough.

    ``candidates`` are (lexeme, document frequency). Fewest errors first, then the same first letter, then the most
    frequent. An error is a letter too many, missing, wrong, or two neighbours swapped (optimal string alignment). Words
    with digits or signs and words of fewer than five letters stay as they are.
    """
    limit = allowed_edits(word)
    if not limit or not WORD.fullmatch(word):
        return None
    best: tuple[int, bool, int, str] | None = None
    for lexeme, frequency in candidates:
        if lexeme == word:
            return None
        errors = OSA.distance(word, lexeme, score_cutoff=limit)
        if errors <= limit and len(lexeme) >= LEAST_LETTERS and WORD.fullmatch(lexeme):
            rank = (errors, lexeme[:1] != word[:1], -frequency, lexeme)
            best = rank if best is None else min(best, rank)
    return best[3] if best is not None else None
