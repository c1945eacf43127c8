"""What a question means to the lexical index: its lexemes with their weights, and lexemes near a word it lacks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.domain.lexemes import searchable
from resume_pipeline.storage.lexicon import Statistics
from resume_pipeline.storage.statements import fetch

MAX_LEXEMES = 64
"""The rarest of a question's lexemes that are looked for, and as many that no chunk has; a pasted page asks no more."""
NEAR_WORDS = 3000
EXPANDED = 20
"""A single character of a script without spaces stands for so many of the most frequent pairs that begin with it."""


@dataclass(frozen=True, slots=True)
class AskedLexeme:
    """A lexeme of a question. ``term_id`` None: no chunk has it. ``idf`` is Robertson's, never below 0.

    ``postings`` chunks have it, the heaviest with ``max_weight`` before the idf; ``positions`` are its places in the
    question, from 1.
    """

    lexeme: str
    term_id: int | None
    idf: float
    postings: int
    max_weight: float
    positions: tuple[int, ...] = ()


def asked_lexemes(session: Session, question: str, statistics: Statistics) -> list[AskedLexeme]:
    """The distinct lexemes of a text, made as those of the chunks were, rarest first."""
    lexemes = f"""
        WITH asked AS (
            SELECT lexeme, positions FROM unnest(to_tsvector(CAST(:configuration AS regconfig), :question)))
        SELECT lexeme, positions FROM asked UNION ALL
        SELECT near.lexeme, NULL FROM asked a CROSS JOIN LATERAL (
            SELECT x.lexeme FROM lexicon x
            WHERE length(x.lexeme) = 2 AND "left"(x.lexeme, 1) = a.lexeme AND x.lexeme NOT IN (SELECT lexeme FROM asked)
            ORDER BY x.document_frequency DESC, x.lexeme LIMIT {EXPANDED}) near
        WHERE length(a.lexeme) = 1 AND a.lexeme > U&'\\0e00'"""  # noqa: S608  (a constant of ours)
    parameters = {"configuration": statistics.configuration, "question": searchable(question)}
    asked = _looked_up(session, lexemes, parameters, statistics)
    # Apart, or words that no chunk has, the rarest of all, would leave no place for those that some have.
    known = [lexeme for lexeme in asked if lexeme.term_id is not None][:MAX_LEXEMES]
    unknown = [lexeme for lexeme in asked if lexeme.term_id is None][:MAX_LEXEMES]
    return unknown + known


def find_lexemes(session: Session, lexemes: Sequence[str], statistics: Statistics) -> list[AskedLexeme]:
    """The same of lexemes that are known by name."""
    named = "SELECT lexeme, CAST(NULL AS smallint[]) AS positions FROM unnest(CAST(:lexemes AS text[])) AS n(lexeme)"
    return _looked_up(session, named, {"lexemes": list(lexemes)}, statistics)


def _looked_up(session: Session, lexemes: str, parameters: dict[str, Any], statistics: Statistics) -> list[AskedLexeme]:
    rows = fetch(
        session,
        f"""
            SELECT w.lexeme, x.term_id, COALESCE(x.document_frequency, 0), COALESCE(p.chunks, 0),
                   COALESCE(p.max_weight, 0), COALESCE(w.positions, '{{}}')
            FROM ({lexemes}) w LEFT JOIN lexicon x USING (lexeme)
            LEFT JOIN LATERAL (SELECT sum(chunks) AS chunks, max(max_weight) AS max_weight
                               FROM postings WHERE term_id = x.term_id) p ON true
        """,  # noqa: S608  (our own fragment)
        parameters,
    )
    asked = [
        AskedLexeme(
            lexeme,
            term_id,
            inverse_document_frequency(frequency, statistics.chunks),
            int(chunks),
            float(weight),
            tuple(positions),
        )
        for lexeme, term_id, frequency, chunks, weight, positions in rows
    ]
    return sorted(asked, key=lambda found: (-found.idf, found.lexeme))


def inverse_document_frequency(document_frequency: int, chunks: int) -> float:
    """ln(1 + (N - n + 0.5) / (n + 0.5)): Robertson and Zaragoza (2009) with Lucene's 1 +, which keeps it positive."""
    return math.log(1 + max(chunks - document_frequency + 0.5, 0.5) / (document_frequency + 0.5))


@dataclass(frozen=True, slots=True)
class NearWord:
    """A word that chunks have, the lexeme it becomes, and how many chunks have that."""

    word: str
    lexeme: str
    document_frequency: int


def near_words(session: Session, word: str, *, edits: int) -> Sequence[NearWord]:
    """Words that may be ``word`` with up to ``edits`` typing errors.

    Those within ``edits`` of its length that have its first letter or its last two; the most frequent 3,000.
    """
    rows = session.execute(
        text(
            """
            SELECT w.word, x.lexeme, x.document_frequency FROM lexicon_words w JOIN lexicon x USING (term_id)
            WHERE length(w.word) BETWEEN :shortest AND :longest
              AND x.document_frequency > 0 AND ("left"(w.word, 1) = :first OR "right"(w.word, 2) = :ending)
            ORDER BY x.document_frequency DESC, w.word LIMIT :limit
            """
        ),
        {
            "shortest": len(word) - edits,
            "longest": len(word) + edits,
            "first": word[:1],
            "ending": word[-2:],
            "limit": NEAR_WORDS,
        },
    )
    return [NearWord(*row) for row in rows]
