"""Lexemes of texts beside a search, for who weighs what was found."""

from collections.abc import Sequence

from resume_pipeline.storage.content_shape import ContentShape, content_shape
from resume_pipeline.storage.engine import Sessions, driver_errors
from resume_pipeline.storage.lexeme_sets import lexeme_sets
from resume_pipeline.storage.lexicon import read_statistics


def lexemes_of(sessions: Sessions, texts: Sequence[str]) -> list[frozenset[str]]:
    """The distinct lexemes of each text as the lexical index would have them; empty sets while there is none.

    Raises:
        DatabaseUnavailableError: Postgres cannot be reached.
    """
    with driver_errors(), sessions() as session:
        statistics = read_statistics(session)
        return lexeme_sets(session, texts, statistics) if statistics is not None else [frozenset()] * len(texts)


def shape_of(sessions: Sessions, generation: int) -> ContentShape:
    """What the content of a generation looks like in numbers.

    Raises:
        DatabaseUnavailableError: Postgres cannot be reached.
    """
    with driver_errors(), sessions() as session:
        return content_shape(session, generation)
