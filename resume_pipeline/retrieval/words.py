"""The words of a question as the lexical index knows them, typing errors corrected.

Which word one was meant to be is ``retrieval.spelling``; the lexicon is asked through ``storage.asked``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from resume_pipeline.domain.lexemes import searchable
from resume_pipeline.domain.reranking import AskedTerm
from resume_pipeline.retrieval.hits import Correction
from resume_pipeline.retrieval.spelling import WORD, allowed_edits, correct
from resume_pipeline.storage.asked import AskedLexeme, NearWord, asked_lexemes, find_lexemes, near_words
from resume_pipeline.storage.engine import Session
from resume_pipeline.storage.lexicon import Statistics

MAX_CORRECTED = 5
"""Words of one question that are corrected; each asks the lexicon."""


@dataclass(frozen=True, slots=True)
class Words:
    """The lexemes asked for, rarest first, and the words that were taken for others."""

    lexemes: tuple[AskedLexeme, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def names(self) -> list[str]:
        """The lexemes themselves."""
        return [lexeme.lexeme for lexeme in self.lexemes]

    @property
    def terms(self) -> list[AskedTerm]:
        """The lexemes as a reranker takes them."""
        return [AskedTerm(lexeme.lexeme, lexeme.idf, lexeme.positions) for lexeme in self.lexemes]

    @property
    def unknown(self) -> frozenset[str]:
        """The lexemes that no chunk has."""
        return frozenset(lexeme.lexeme for lexeme in self.lexemes if lexeme.term_id is None)

    def coverage(self, found: Sequence[str] | frozenset[str]) -> float | None:
        """The share of the words, weighted by idf, that are among those ``found``; None when there are no words."""
        total = sum(lexeme.idf for lexeme in self.lexemes)
        return sum(lexeme.idf for lexeme in self.lexemes if lexeme.lexeme in found) / total if total else None


def asked_words(session: Session, question: str, statistics: Statistics | None) -> Words:
    """The words of a question; a word that no chunk has gives way to the lexeme it was probably meant to be."""
    if statistics is None:
        return Words()
    asked = asked_lexemes(session, question, statistics)
    meant = _meant(session, question, [lexeme.lexeme for lexeme in asked if lexeme.term_id is None])
    if not meant:
        return Words(tuple(asked))
    kept = {lexeme.lexeme: lexeme for lexeme in asked if lexeme.lexeme not in meant}
    positions = {word.lexeme: lexeme.positions for lexeme in asked if (word := meant.get(lexeme.lexeme))}
    for found in find_lexemes(session, sorted(set(positions) - set(kept)), statistics):
        kept[found.lexeme] = replace(found, positions=positions[found.lexeme])
    lexemes = sorted(kept.values(), key=lambda found: (-found.idf, found.lexeme))
    return Words(tuple(lexemes), tuple(Correction(_typed(question, lexeme), meant[lexeme].word) for lexeme in meant))


def _meant(session: Session, question: str, unknown: Sequence[str]) -> dict[str, NearWord]:
    """The word that each unknown lexeme was probably meant to be, for those that are near one."""
    meant: dict[str, NearWord] = {}
    for lexeme in unknown[:MAX_CORRECTED]:
        # Stems of mistyped words are no guide ("managment" keeps its end, "management" loses it): words are compared.
        typed = searchable(_typed(question, lexeme)).casefold()
        edits = allowed_edits(typed)
        near = {word.word: word for word in near_words(session, typed, edits=edits)} if edits else {}
        found = correct(typed, [(word.word, word.document_frequency) for word in near.values()])
        if found is not None:
            meant[lexeme] = near[found]
    return meant


def _typed(question: str, lexeme: str) -> str:
    """The word of the question that a lexeme was made of: the one that shares the longest beginning with it."""

    def shared(word: str) -> int:
        plain = searchable(word).casefold()
        return next(
            (n for n, pair in enumerate(zip(plain, lexeme, strict=False)) if pair[0] != pair[1]),
            min(len(plain), len(lexeme)),
        )

    words: list[str] = WORD.findall(question) or [lexeme]
    return max(words, key=shared)
