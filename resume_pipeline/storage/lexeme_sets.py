"""The lexemes of given texts, made as those of the chunks were; nothing is stored."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.domain.lexemes import searchable
from resume_pipeline.storage.lexicon import Statistics


def lexeme_sets(session: Session, texts: Sequence[str], statistics: Statistics) -> list[frozenset[str]]:
    """The distinct lexemes of each text, in order."""
    rows = session.scalars(
        text(
            "SELECT tsvector_to_array(to_tsvector(CAST(:configuration AS regconfig), t)) "
            "FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS u(t, place) ORDER BY place"
        ),
        {"configuration": statistics.configuration, "texts": [searchable(one) for one in texts]},
    )
    return [frozenset(row) for row in rows]
