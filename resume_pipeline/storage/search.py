"""Search statements over what is live: nearest vectors, lexical matches, and the passages behind chunk ids.

One function per question asked of Postgres. How two rankings are combined is decided in ``domain.fusion``; index DDL
belongs to ``storage.vector_index``.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.domain.lexemes import searchable
from resume_pipeline.storage.chunks import TEXT_SEARCH_CONFIGURATION
from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.vector_index import MAX_EF_SEARCH, apply_search_settings, nearest_statement
from resume_pipeline.storage.visibility import VISIBLE

# Whether a chunk occurs in a document that is visible and matches the filter.
LIVE = """
EXISTS (SELECT FROM chunk_occurrences o JOIN documents d USING (document_id)
        WHERE o.chunk_id = {chunk} AND {visible}{where})
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk where it stands in a live document."""

    path: str
    chunk_index: int
    title: str
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    content: str


def _where(filters: Mapping[str, str], parameters: dict[str, Any]) -> str:
    """Conditions on document ``d``: ``path`` is a glob on the source path, any other key a front-matter value."""
    conditions = ""
    for number, (key, value) in enumerate(filters.items()):
        if key == "path":
            conditions += f" AND d.source_path LIKE :w{number}"
            escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            parameters[f"w{number}"] = escaped.replace("*", "%").replace("?", "_")
        else:
            # The value as text, as the JSON it would be (2021, true), and as a member of a list (tags).
            forms = [value, *_json_scalar(value)]
            documents = [json.dumps({key: form}) for form in forms] + [json.dumps({key: [form]}) for form in forms]
            conditions += f" AND d.metadata @> ANY (CAST(:w{number} AS jsonb[]))"
            parameters[f"w{number}"] = documents
    return conditions


def _json_scalar(value: str) -> list[Any]:
    try:
        parsed = json.loads(value)
    except ValueError:
        return []
    return [parsed] if isinstance(parsed, bool | int | float) else []


def vector_candidates(
    session: Session,
    model: StoredModel,
    *,
    query: str,
    generation: int,
    count: int,
    filters: Mapping[str, str],
) -> list[tuple[uuid.UUID, float]]:
    """(chunk id, cosine similarity) of the nearest live chunks, nearest first; short only when no more are live.

    The nearest are taken first and what is live is kept after, since a filter inside the scan costs three times as
    much; when too few are left, the search is widened until it covers the partition.
    """
    candidates = count * 2 if not filters else count * 10
    while True:
        found, scanned = _vector_round(session, model, query, generation, filters, candidates)
        exact = model.index_settings.get("kind", "exact") == "exact"
        if len(found) >= count or (exact and scanned < candidates):
            return found[:count]
        # An approximate index may come short long before the partition is exhausted; only an exact scan proves it.
        if not exact and (scanned < candidates or candidates * 8 > MAX_EF_SEARCH):
            model = replace(model, index_settings={})
        candidates *= 8


def _vector_round(
    session: Session, model: StoredModel, query: str, generation: int, filters: Mapping[str, str], candidates: int
) -> tuple[list[tuple[uuid.UUID, float]], int]:
    kind = model.index_settings.get("kind", "exact")
    apply_search_settings(session, model.index_settings, candidates=candidates)
    parameters: dict[str, Any] = {"query": query, "generation": generation, "candidates": candidates}
    live = LIVE.format(visible=VISIBLE, chunk="n.chunk_id", where=_where(filters, parameters))
    statement = f"""
        WITH nearest AS MATERIALIZED ({nearest_statement(model, kind)})
        SELECT n.chunk_id, 1 - n.distance, {live} AS live FROM nearest n ORDER BY n.distance, n.chunk_id
    """  # noqa: S608  (fragments are ours, values are bound)
    rows = session.execute(text(statement), parameters).all()
    return [(id_, float(similarity)) for id_, similarity, is_live in rows if is_live], len(rows)


def lexical_candidates(
    session: Session, *, question: str, generation: int, count: int, filters: Mapping[str, str]
) -> list[tuple[uuid.UUID, float]]:
    """(chunk id, score) of live chunks that share a lexeme with the question, best first."""
    parameters: dict[str, Any] = {
        "question": searchable(question),
        "configuration": TEXT_SEARCH_CONFIGURATION,
        "generation": generation,
        "count": count,
    }
    live = LIVE.format(visible=VISIBLE, chunk="c.chunk_id", where=_where(filters, parameters))
    statement = f"""
        WITH asked AS MATERIALIZED (
            SELECT to_tsquery('simple', string_agg(quote_literal(lexeme), ' | ')) AS query
            FROM unnest(to_tsvector(CAST(:configuration AS regconfig), :question)))
        SELECT c.chunk_id, ts_rank_cd(c.search_vector, asked.query, 1) AS score
        FROM asked JOIN document_chunks c ON c.search_vector @@ asked.query
        WHERE {live}
        ORDER BY score DESC, c.chunk_id LIMIT :count
    """  # noqa: S608  (fragments are ours, values are bound)
    return [(id_, float(score)) for id_, score in session.execute(text(statement), parameters)]


def load_passages(
    session: Session, ids: Sequence[uuid.UUID], generation: int, filters: Mapping[str, str]
) -> dict[uuid.UUID, Passage]:
    """Where each chunk stands in a live document (the first by path, when it stands in several)."""
    parameters: dict[str, Any] = {"ids": list(ids), "generation": generation}
    where = _where(filters, parameters)
    statement = f"""
        SELECT DISTINCT ON (c.chunk_id) c.chunk_id, d.source_path, o.chunk_index, c.title, c.heading_path,
               o.start_line, o.end_line, c.content
        FROM document_chunks c JOIN chunk_occurrences o USING (chunk_id) JOIN documents d USING (document_id)
        WHERE c.chunk_id = ANY (:ids) AND {VISIBLE}{where}
        ORDER BY c.chunk_id, d.source_path, o.chunk_index
    """  # noqa: S608  (fragments are ours, values are bound)
    rows = session.execute(text(statement), parameters)
    return {row[0]: Passage(row[1], row[2], row[3], tuple(row[4]), row[5], row[6], row[7]) for row in rows}
