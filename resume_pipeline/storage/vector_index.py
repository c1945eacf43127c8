"""Vector indexes of a model's partition: built, inspected, measured against exact search, proven by EXPLAIN.

They are made by the pipeline after the load, not by a migration: built on an empty table an IVFFlat index finds 0.70 of
the neighbours, and loading into an existing HNSW index takes six times as long (docs/decisions.md). Which kind to
build is decided in ``ingestion.indexing``.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.storage.embedding_models import StoredModel

HNSW_M = 16
HNSW_EF_CONSTRUCTION = 200
MAX_EF_SEARCH = 1000
"""pgvector's own upper bound."""

MAX_INDEX_DIMENSIONS = 4000
"""pgvector indexes no longer vectors, not even in half precision."""

SCANNED_ANYWAY = 1000
"""Up to about 200 vectors Postgres expects a scan to be cheaper than any index (64 to 1024 dimensions), and it is."""


@dataclass(frozen=True, slots=True)
class IndexState:
    """An index as Postgres has it: its kind (hnsw or ivfflat), whether queries may use it, its size."""

    name: str
    kind: str
    valid: bool
    size_bytes: int


def index_name(model: StoredModel, kind: str) -> str:
    """The name of a model's index of a kind."""
    return f"ix_{model.partition}_{kind}"


def find_indexes(session: Session, model: StoredModel) -> dict[str, IndexState]:
    """The vector indexes on a model's partition, by kind."""
    rows = session.execute(
        text(
            "SELECT i.relname, am.amname, x.indisvalid, pg_relation_size(i.oid) FROM pg_index x "
            "JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am am ON am.oid = i.relam "
            "WHERE x.indrelid = to_regclass(:partition) AND am.amname IN ('hnsw', 'ivfflat')"
        ),
        {"partition": model.partition},
    )
    return {row[1]: IndexState(*row) for row in rows}


def count_vectors(session: Session, model: StoredModel) -> int:
    """Vectors stored for a model."""
    return int(session.scalar(text(f"SELECT count(*) FROM {model.partition}")) or 0)  # noqa: S608  (our own name)


def build_index(session: Session, model: StoredModel, kind: str, *, vectors: int) -> None:
    """Build the index on half-precision vectors: half the size at equal recall. Searches go on, writes wait.

    ``ivfflat`` gets about sqrt(vectors) lists (the advice of pgvector's documentation for more than a million).
    """
    column = f"(embedding::halfvec({model.dimensions})) halfvec_cosine_ops"
    options = {
        "hnsw": f"m = {HNSW_M}, ef_construction = {HNSW_EF_CONSTRUCTION}",
        "ivfflat": f"lists = {max(1, round(math.sqrt(vectors)))}",
    }[kind]
    name = index_name(model, kind)
    drop_index(session, name)  # an invalid one may stand beside the valid index of another kind
    session.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
    session.execute(text(f"CREATE INDEX {name} ON {model.partition} USING {kind} ({column}) WITH ({options})"))


def drop_index(session: Session, name: str) -> None:
    """Remove an index made here."""
    session.execute(text(f"DROP INDEX IF EXISTS {name}"))


def analyze(session: Session, model: StoredModel) -> None:
    """Refresh the planner's statistics of what a search reads."""
    for table in (model.partition, "documents", "document_chunks", "chunk_occurrences", "source_files"):
        session.execute(text(f"ANALYZE {table}"))


def apply_search_settings(session: Session, settings: Mapping[str, Any], *, candidates: int) -> None:
    """Set, for this transaction, how far an approximate search looks; nothing for an exact one."""
    _set_local(session, search_settings(settings, candidates=candidates))


def search_settings(settings: Mapping[str, Any], *, candidates: int) -> dict[str, str]:
    """How far an approximate search looks, as settings of Postgres; none for an exact one.

    An HNSW scan hands back at most ``ef_search`` rows unless it may iterate, so it is never below the candidates asked.
    """
    kind = settings.get("kind", "exact")
    if kind == "hnsw":
        ef_search = min(MAX_EF_SEARCH, max(int(settings.get("ef_search", 100)), candidates))
        return {"hnsw.ef_search": str(ef_search), "hnsw.iterative_scan": "relaxed_order"}
    if kind == "ivfflat":
        return {"ivfflat.probes": str(int(settings.get("probes", 10))), "ivfflat.iterative_scan": "relaxed_order"}
    return {}


def set_local(values: Mapping[str, str]) -> str:
    """SQL that sets what ``search_settings`` gave for this transaction, to stand before a statement."""
    return "".join(f"SET LOCAL {name} = '{value}'; " for name, value in values.items())


def _set_local(session: Session, values: Mapping[str, str]) -> None:
    if not values:
        return
    # Third argument true: the setting ends with this transaction, since a pooler may hand the connection on.
    calls = ", ".join(f"set_config(:name_{n}, :value_{n}, true)" for n in range(len(values)))
    parameters: dict[str, str] = {}
    for number, (name, value) in enumerate(values.items()):
        parameters |= {f"name_{number}": name, f"value_{number}": value}
    session.execute(text(f"SELECT {calls}"), parameters)


def nearest_statement(model: StoredModel, kind: str, condition: str = "", *, limit: str = ":candidates") -> str:
    """SQL for the ids and cosine distances of the ``limit`` nearest vectors, by :query (text of a vector).

    The query vector stands in a scalar subquery and the order is the bare distance: in any other form the planner
    does not take the index. An exact search compares full-precision vectors, without a cast per row. ``condition`` on
    ``e.chunk_id`` is checked while an index is walked, so that the walk goes on until enough rows meet it.
    """
    query, column = "CAST(:query AS vector)", "embedding"
    if kind != "exact":
        query = f"CAST(:query AS halfvec({model.dimensions}))"
        column = f"(embedding::halfvec({model.dimensions}))"
    # As a scalar subquery the condition cannot become a join, which would sort all vectors.
    where = f"WHERE (SELECT {condition}) " if condition else ""
    return (
        f"SELECT chunk_id, {column} <=> (SELECT {query}) AS distance FROM {model.partition} e {where}"  # noqa: S608
        f"ORDER BY {column} <=> (SELECT {query}) LIMIT {limit}"
    )


def vector_text(vector: Any) -> str:
    """A vector as pgvector reads it; nine digits carry a float4 exactly."""
    numbers = tuple(np.asarray(vector).tolist())
    return "[" + (",%.9g" * len(numbers))[1:] % numbers + "]"


def uses_index(session: Session, model: StoredModel, settings: Mapping[str, Any], query: str) -> bool:
    """Whether the planner answers a nearest-neighbour query as the settings say: through the index, or by a scan.

    Few vectors are scanned even where there is an index; then the index counts as used when the query could take it.
    """
    apply_search_settings(session, settings, candidates=50)
    kind = settings.get("kind", "exact")
    if kind == "exact":
        return '"Seq Scan"' in _plan(session, model, kind, query)
    name = index_name(model, kind)
    if name in _plan(session, model, kind, query):
        return True
    if count_vectors(session, model) > SCANNED_ANYWAY:
        return False
    _set_local(session, {"enable_seqscan": "off"})
    return name in _plan(session, model, kind, query)


def _plan(session: Session, model: StoredModel, kind: str, query: str) -> str:
    statement = text("EXPLAIN (FORMAT JSON) " + nearest_statement(model, kind))
    return json.dumps(session.scalar(statement, {"query": query, "candidates": 50}))


def sample_vectors(session: Session, model: StoredModel, count: int) -> list[tuple[Any, str]]:
    """(chunk id, vector as text) of up to ``count`` stored vectors, the same ones each time (by hash of the id)."""
    rows = session.execute(
        text(
            # The ids first: sorted together with them, every vector of the partition would be read.
            f"SELECT chunk_id, embedding::text FROM {model.partition} WHERE chunk_id IN ("  # noqa: S608  (our own name)
            f"SELECT chunk_id FROM {model.partition} ORDER BY uuid_hash_extended(chunk_id, 7) LIMIT :count)"
        ),
        {"count": count},
    )
    return [(id_, vector) for id_, vector in rows]


def nearest(session: Session, model: StoredModel, kind: str, query: str, count: int) -> list[tuple[Any, float]]:
    """(chunk id, cosine distance) of the vectors that a search takes for the nearest, nearest first."""
    rows = session.execute(text(nearest_statement(model, kind)), {"query": query, "candidates": count})
    return sorted(((id_, float(distance)) for id_, distance in rows), key=lambda found: found[1])


def force_exact(session: Session) -> None:
    """Keep the planner from any index scan, for this transaction: the truth that recall is measured against."""
    _set_local(session, {"enable_indexscan": "off", "enable_bitmapscan": "off"})
