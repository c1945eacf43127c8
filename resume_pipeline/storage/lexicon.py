"""The lexicon: which lexemes and words the chunks have, in how many chunks each stands, and what was counted over all.

Postings are ``storage.segments``; when to add, merge and count is decided in ``ingestion.lexical_index``; how a
question is asked of both is ``storage.asked`` and ``storage.lexical_statement``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from resume_pipeline.domain.lexemes import searchable
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.storage.bulk import copy_rows
from resume_pipeline.storage.embeddings import WANTED
from resume_pipeline.storage.lexical_models import LexicalStatistics
from resume_pipeline.storage.segments import HEADER_WEIGHT, K1, B

LEXICON_VERSION = 1
"""Raise it when ``domain.lexemes`` or the statements below would give other postings for the same chunk."""


WORD = re.compile(r"[^\W\d_]{4,40}")
"""Words that may be meant by one that no chunk has: letters only, neither too short nor too long to be one."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 counts over the collection: chunks and their mean length in weighted lexemes; and the recipe."""

    recipe: str
    chunks: int
    average_length: float

    @property
    def configuration(self) -> str:
        """The text search configuration its lexemes were made with."""
        return self.recipe.rpartition(" ")[2]


def lexical_recipe(configuration: str) -> str:
    """How the index is made, as one value: an index made in another way is made anew."""
    return f"lexicon {LEXICON_VERSION}, k1 {K1}, b {B}, header {HEADER_WEIGHT}, configuration {configuration}"


def require_configuration(session: Session, configuration: str) -> None:
    """Return when Postgres has the text search configuration.

    Raises:
        ConfigurationError: it has not; those it has are named.
    """
    names = list(
        session.scalars(text("SELECT cfgname FROM pg_ts_config WHERE pg_ts_config_is_visible(oid) ORDER BY 1"))
    )
    if configuration not in names:
        raise ConfigurationError(
            f"RESUME_TEXT_SEARCH: Postgres has no text search configuration {configuration!r}; there are "
            f"{', '.join(names)}."
        )


def read_statistics(session: Session) -> Statistics | None:
    """What was counted; None while there is no lexical index."""
    # Columns, not the mapped object: every search asks this, and an object costs it half a millisecond.
    columns = select(LexicalStatistics.recipe, LexicalStatistics.chunks, LexicalStatistics.average_length)
    row = session.execute(columns).first()
    return None if row is None else Statistics(*row)


def write_statistics(session: Session, statistics: Statistics) -> None:
    """Keep what was counted."""
    values = {
        "recipe": statistics.recipe,
        "chunks": statistics.chunks,
        "average_length": statistics.average_length,
    }
    session.execute(
        insert(LexicalStatistics).values(values).on_conflict_do_update(index_elements=["only_row"], set_=values)
    )


def clear(session: Session) -> None:
    """Empty the index. Searches see it as it was until the transaction ends."""
    for table in ("postings", "lexical_segments", "lexical_chunks", "lexicon_words", "lexicon", "lexical_statistics"):
        session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  (our own names)


_PENDING = (
    # Those of every version, not of the candidate alone: a rollback must find the words of what it returns to.
    "FROM chunk_occurrences o WHERE NOT EXISTS (SELECT FROM lexical_chunks l WHERE l.chunk_id = o.chunk_id)"
)


def pending_chunks(session: Session, limit: int) -> list[Any]:
    """Ids of up to ``limit`` chunks that the index does not hold, in a stable order."""
    return list(
        session.scalars(text(f"SELECT DISTINCT o.chunk_id {_PENDING} ORDER BY 1 LIMIT :limit"), {"limit": limit})
    )


def candidate_count(session: Session) -> int:
    """How many chunks the candidate has."""
    return int(session.scalar(text(f"SELECT count(*) FROM ({WANTED}) w")) or 0)  # noqa: S608  (our own fragment)


def count_pending(session: Session) -> int:
    """How many chunks the index does not hold."""
    return int(session.scalar(text(f"SELECT count(DISTINCT o.chunk_id) {_PENDING}")) or 0)


def lexical_work(session: Session, configuration: str) -> bool:
    """Whether chunks wait for the index, or it was made in another way than it would be now."""
    statistics = read_statistics(session)
    stale = statistics is not None and statistics.recipe != lexical_recipe(configuration)
    return stale or count_pending(session) > 0


READ_AT_ONCE = 2_000
"""Chunks whose texts are in memory at a time: some 4 MB."""


@dataclass(frozen=True, slots=True)
class Added:
    """A run of ``lexical_chunks``, and the distinct words that its chunks are written in."""

    first_id: int
    last_id: int
    words: frozenset[str]


def add_chunks(session: Session, ids: Sequence[Any], configuration: str) -> Added | None:
    """Add chunks to ``lexical_chunks``; None when there were none to add.

    The ids of one call are consecutive but for gaps, and above all that were given before; only the writer adds any.
    """
    session.execute(text("CREATE TEMP TABLE new_lexical (chunk_id uuid, header text, body text) ON COMMIT DROP"))
    words: set[str] = set()
    for start in range(0, len(ids), READ_AT_ONCE):
        rows = session.execute(
            text(
                "SELECT chunk_id, title, heading_path, embedding_input FROM document_chunks WHERE chunk_id = ANY (:ids)"
            ),
            {"ids": list(ids[start : start + READ_AT_ONCE])},
        )
        copy_rows(session, "new_lexical", ("chunk_id", "header", "body"), (_prepared(words, *row) for row in rows))
    added = session.execute(
        text(
            """
            WITH added AS (
                INSERT INTO lexical_chunks (chunk_id, search_vector)
                SELECT chunk_id, setweight(to_tsvector(CAST(:configuration AS regconfig), header), 'A')
                                 || to_tsvector(CAST(:configuration AS regconfig), body)
                FROM new_lexical ORDER BY chunk_id RETURNING lexical_id)
            SELECT min(lexical_id), max(lexical_id) FROM added
            """
        ),
        {"configuration": configuration},
    ).one()
    session.execute(text("DROP TABLE new_lexical"))
    return None if added[0] is None else Added(added[0], added[1], frozenset(words))


def _prepared(
    words: set[str], chunk_id: Any, title: str, heading_path: Sequence[str], embedding_input: str
) -> tuple[Any, str, str]:
    """The chunk's header and body as the parser should see them; the header's words stand in the header alone."""
    headings = list(heading_path)
    body = embedding_input
    for line in (title, " > ".join(headings), " > ".join(headings[1:])):
        if line and (body == line or body.startswith(line + "\n")):
            body = body[len(line) + 1 :]
    header = searchable("\n".join([title, *(heading for heading in headings if heading != title)]))
    body = searchable(body)
    words.update(WORD.findall(header.lower()), WORD.findall(body.lower()))
    return chunk_id, header, body


def add_words(session: Session, words: frozenset[str], configuration: str) -> None:
    """Keep words that are new, each with the lexeme it becomes; the lexicon has those lexemes already."""
    session.execute(text("CREATE TEMP TABLE new_words (word text) ON COMMIT DROP"))
    copy_rows(session, "new_words", ("word",), ((word,) for word in words))
    session.execute(
        text(
            """
            INSERT INTO lexicon_words (word, term_id)
            SELECT n.word, x.term_id
            FROM new_words n
            CROSS JOIN LATERAL (SELECT lexeme FROM unnest(to_tsvector(CAST(:configuration AS regconfig), n.word))
                                LIMIT 1) made
            JOIN lexicon x USING (lexeme)
            WHERE NOT EXISTS (SELECT FROM lexicon_words k WHERE k.word = n.word)
            """
        ),
        {"configuration": configuration},
    )
    session.execute(text("DROP TABLE new_words"))


def add_frequencies(session: Session) -> int:
    """Add what is ``counted`` to the lexicon's document frequencies; how many lexemes were concerned."""
    result = session.execute(
        text(
            "INSERT INTO lexicon (lexeme, document_frequency) "
            "SELECT lexeme, count(*) FROM pg_temp.counted GROUP BY lexeme ORDER BY lexeme "
            "ON CONFLICT (lexeme) DO UPDATE "
            "SET document_frequency = lexicon.document_frequency + EXCLUDED.document_frequency"
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def recount_frequencies(session: Session) -> tuple[int, float]:
    """Count document frequencies anew, over the candidate's chunks alone: (chunks, mean length)."""
    session.execute(text("DROP TABLE IF EXISTS pg_temp.recounted"))
    session.execute(
        text(
            f"""
            CREATE TEMP TABLE recounted ON COMMIT DROP AS
            SELECT u.lexeme, CAST(count(*) AS integer) AS chunks,
                   sum(cardinality(u.positions) + (:header - 1) * cardinality(array_positions(u.weights, 'A')))
                   AS length
            FROM ({WANTED}) w JOIN lexical_chunks l USING (chunk_id)
            CROSS JOIN LATERAL unnest(l.search_vector) AS u(lexeme, positions, weights) GROUP BY u.lexeme
            """  # noqa: S608  (our own fragment)
        ),
        {"header": HEADER_WEIGHT},
    )
    session.execute(
        text(
            "UPDATE lexicon x SET document_frequency = COALESCE(r.chunks, 0) FROM lexicon y "
            "LEFT JOIN pg_temp.recounted r USING (lexeme) "
            "WHERE x.term_id = y.term_id AND x.document_frequency <> COALESCE(r.chunks, 0)"
        )
    )
    chunks = session.scalar(
        text(f"SELECT count(*) FROM ({WANTED}) w JOIN lexical_chunks USING (chunk_id)")  # noqa: S608  (our own fragment)
    )
    length = session.scalar(text("SELECT sum(length) FROM pg_temp.recounted")) or 0
    return int(chunks or 0), float(length) / max(int(chunks or 0), 1)


def analyze_lexicon(session: Session) -> None:
    """Refresh the planner's statistics of what a search reads."""
    for table in ("lexicon", "lexicon_words", "postings", "lexical_chunks", "lexical_segments"):
        session.execute(text(f"ANALYZE {table}"))


def index_size(session: Session) -> tuple[int, int]:
    """(lexemes, bytes of the lexicon and the postings with their indexes)."""
    lexemes = session.scalar(text("SELECT count(*) FROM lexicon"))
    size = session.scalar(text("SELECT pg_total_relation_size('lexicon') + pg_total_relation_size('postings')"))
    return int(lexemes or 0), int(size or 0)
