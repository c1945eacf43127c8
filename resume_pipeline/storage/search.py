"""The search statement: nearest vectors and best lexical matches of what is visible, in one round trip.

``storage.asked`` says what a question's words are, ``storage.filters`` what a filter is in SQL,
``storage.vector_index`` how nearest vectors are asked for, ``storage.passages`` reads the chunks behind the ids. How
two rankings are combined is decided in ``domain.fusion``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from resume_pipeline.storage.asked import AskedLexeme
from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.lexical_statement import LexicalPlan, lexical_ctes, plan_lexemes
from resume_pipeline.storage.narrowing import Narrowing
from resume_pipeline.storage.statements import fetch
from resume_pipeline.storage.vector_index import MAX_EF_SEARCH, nearest_statement, search_settings, set_local

Ranking = dict[str, float]
"""Scores by chunk id, as text: making UUIDs of a hundred ids costs a search more than anything done with them."""

OVERFETCH = 2
WIDENED = 8
"""How many more candidates each round takes when too few of those before were visible."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: ``count`` candidates of each side; ``query`` (a vector as text) None: no vector search."""

    narrowing: Narrowing
    count: int
    model: StoredModel | None = None
    query: str | None = None
    asked: Sequence[AskedLexeme] = ()


@dataclass(frozen=True, slots=True)
class Candidates:
    """Chunks found by each side: cosine similarities, and BM25 scores. Short only when no more are visible."""

    vector: Ranking = field(default_factory=dict)
    lexical: Ranking = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Round:
    """One statement: how many each side takes before what is not visible is left out, and what came of it."""

    nearest: int
    lexical: LexicalPlan | None
    vector_found: Ranking = field(default_factory=dict)
    vector_scanned: int = 0
    lexical_found: Ranking = field(default_factory=dict)
    lexical_scanned: int = 0


def find_candidates(session: Session, wanted: Wanted) -> Candidates:
    """Both candidate lists; one statement, and another only for a side that came short."""
    if wanted.narrowing.is_empty:
        return Candidates()
    terms = [asked for asked in wanted.asked if asked.term_id is not None]
    plan = plan_lexemes(terms, wanted.count) if terms else None
    first = _ask(session, wanted, _Round(wanted.count * OVERFETCH if wanted.query else 0, plan))
    vector = _widened_vectors(session, wanted, first)
    lexical = _widened_lexical(session, wanted, first) if plan is not None else {}
    return Candidates(_cut(vector, wanted.count), _cut(lexical, wanted.count))


def _cut(ranking: Ranking, count: int) -> Ranking:
    return dict(sorted(ranking.items(), key=lambda item: (-item[1], item[0]))[:count])


def _widened_vectors(session: Session, wanted: Wanted, found: _Round) -> Ranking:
    """Take more of the nearest until enough of them are visible or all were seen."""
    model, nearest = wanted.model, found.nearest
    if model is None or wanted.query is None or wanted.narrowing.is_small:
        return found.vector_found
    while len(found.vector_found) < wanted.count:
        exact = model.index_settings.get("kind", "exact") == "exact"
        if exact and found.vector_scanned < nearest:
            break
        # An approximate index may come short long before the partition is exhausted; only an exact scan proves it.
        if not exact and (found.vector_scanned < nearest or nearest * WIDENED > MAX_EF_SEARCH):
            model = replace(model, index_settings={})
        nearest *= WIDENED
        found = _ask(session, replace(wanted, model=model), _Round(nearest, None))
    return found.vector_found


def _widened_lexical(session: Session, wanted: Wanted, found: _Round) -> Ranking:
    """Take more of the best matches until enough of them are visible, the top is certain, or all were seen."""
    plan = found.lexical
    assert plan is not None  # noqa: S101  (asked for)
    if wanted.narrowing.is_small:
        return found.lexical_found
    while not plan.is_everything:
        all_seen = not plan.often and found.lexical_scanned < plan.found
        enough = len(found.lexical_found) >= wanted.count or all_seen
        if enough and plan.is_certain(sorted(found.lexical_found.values(), reverse=True)):
            break
        plan = plan.wider(found.lexical_found.values())
        found = _ask(session, replace(wanted, query=None), _Round(0, plan))
    return found.lexical_found


def _ask(session: Session, wanted: Wanted, asked: _Round) -> _Round:
    """Run one round's statement."""
    narrowing = wanted.narrowing
    parameters: dict[str, Any] = dict(narrowing.parameters)
    ctes = [narrowing.allowed] if narrowing.is_small else []
    selects: list[str] = []
    before = ""
    if asked.nearest and wanted.model is not None and wanted.query is not None:
        settings = {} if narrowing.is_small else wanted.model.index_settings
        before = set_local(search_settings(settings, candidates=asked.nearest))
        ctes.append(f"nearest AS MATERIALIZED ({_nearest(wanted.model, narrowing, asked.nearest)})")
        parameters["query"] = wanted.query
        selects += _side("vector", "nearest", "distance, chunk_id", narrowing, "1 - x.distance")
    if asked.lexical is not None:
        ctes += lexical_ctes(asked.lexical, parameters, allowed=narrowing.is_small)
        selects += _side("lexical", "scored", "score DESC, id", narrowing, "x.score")
    if not selects:
        return asked
    statement = f"WITH {', '.join(ctes)} {' UNION ALL '.join(selects)}"
    return _collected(asked, fetch(session, statement, {**parameters, "count": wanted.count}, settings=before))


def _side(side: str, listed: str, order: str, narrowing: Narrowing, score: str) -> list[str]:
    """The first :count visible chunks of a list, and how long the list is."""
    chunk, joined = "x.chunk_id", ""
    if listed == "scored":
        chunk, joined = "l.chunk_id", "JOIN lexical_chunks l ON l.lexical_id = x.id "
    # Sorted within and without, the planner sees that it can stop at the first :count that are visible.
    ordered = ", ".join(f"x.{part}" for part in order.split(", "))
    return [
        f"(SELECT '{side}' AS side, CAST({chunk} AS text) AS chunk_id, CAST({score} AS float8) AS score "  # noqa: S608  (our names)
        f"FROM (SELECT * FROM {listed} ORDER BY {order}) x {joined}"
        f"WHERE {narrowing.visible(chunk)} ORDER BY {ordered} LIMIT :count)",
        f"(SELECT '{side} scanned', NULL, count(*) FROM {listed})",  # noqa: S608
    ]


def _nearest(model: StoredModel, narrowing: Narrowing, candidates: int) -> str:
    if narrowing.is_small:
        return (
            "SELECT e.chunk_id, e.embedding <=> (SELECT CAST(:query AS vector)) AS distance "  # noqa: S608  (our names)
            f"FROM allowed a JOIN {model.partition} e USING (chunk_id) ORDER BY distance "
            f"LIMIT {candidates}"
        )
    kind = str(model.index_settings.get("kind", "exact"))
    # An exact scan reads every vector anyway, and what is visible is cheaper to see of the nearest alone.
    inside = narrowing.visible("e.chunk_id") if narrowing.is_filtered and kind != "exact" else ""
    # A number, not a parameter: a plan for any number of nearest vectors would not take the index.
    return nearest_statement(model, kind, inside, limit=str(int(candidates)))


def _collected(asked: _Round, rows: Any) -> _Round:
    found: dict[str, Ranking] = {"vector": {}, "lexical": {}}
    scanned = {"vector scanned": 0, "lexical scanned": 0}
    for side, chunk_id, score in rows:
        if chunk_id is None:
            scanned[side] = int(score)
        else:
            found[side][chunk_id] = score
    return replace(
        asked,
        vector_found=found["vector"],
        vector_scanned=scanned["vector scanned"],
        lexical_found=found["lexical"],
        lexical_scanned=scanned["lexical scanned"],
    )
