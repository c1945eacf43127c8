"""The vector index stage: choose a kind, build it after the load, measure it, and prove that the search uses it.

The choice rests on measurements (docs/decisions.md): an exact scan up to about 20,000 vectors, above that HNSW. How an
index is built and asked is ``storage.vector_index``.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resume_pipeline.errors import IndexUnusableError
from resume_pipeline.ingestion.reports import IndexReport
from resume_pipeline.storage.embedding_models import StoredModel, find_model, set_index_settings
from resume_pipeline.storage.engine import Session, Sessions
from resume_pipeline.storage.vector_index import (
    MAX_INDEX_DIMENSIONS,
    analyze,
    apply_search_settings,
    build_index,
    count_vectors,
    drop_index,
    find_indexes,
    force_exact,
    nearest,
    sample_vectors,
    uses_index,
)

RECALL_AT = 10
SAMPLED_QUERIES = 100
SAME_DISTANCE = 1e-3
"""Neighbours are compared by distance, not by id: texts that say the same lie at the same distance, and which of them
is found does not matter. As in Aumüller, Bernhardsson and Faithfull, "ANN-Benchmarks" (2018), with their 1e-3."""
STEPS: Mapping[str, tuple[str, Sequence[int]]] = {
    "hnsw": ("ef_search", (200, 400, 800)),
    "ivfflat": ("probes", (5, 10, 20, 40, 80, 160)),
}
"""The setting of each kind that trades speed for recall, and the values tried, fastest first. Recall is measured with
stored vectors, which flatter: 0.998 at an ``ef_search`` of 40, where questions find less. So 200 is the least."""


@dataclass(frozen=True, slots=True)
class IndexWish:
    """What index is wanted: auto, exact, hnsw or ivfflat, where auto changes from exact, and the recall to reach."""

    kind: str = "auto"
    exact_limit: int = 20_000
    recall_target: float = 0.95


def build_vector_index(
    sessions: Sessions, model_name: str, *, kind: str, exact_limit: int, recall_target: float
) -> IndexReport:
    """Make the model's index what it should be, and say how good it is. Nothing is done twice for the same vectors.

    ``kind`` is auto, exact, hnsw or ivfflat; auto is exact up to ``exact_limit`` vectors, then hnsw. Vectors that are
    too long for any index are searched exactly.

    Raises:
        IndexUnusableError: no chunk was embedded by this model yet, or the planner does not use the index.
    """
    started = time.monotonic()
    with sessions() as session:
        model = find_model(session, model_name)
        if model is None:
            raise IndexUnusableError(
                f"There are no vectors of {model_name} to index. Materialize `chunk_embeddings` first."
            )
        vectors = count_vectors(session, model)
    wanted = kind if kind != "auto" else ("exact" if vectors <= exact_limit else "hnsw")
    if model.dimensions > MAX_INDEX_DIMENSIONS:
        wanted = "exact"
    built = _make(sessions, model, wanted, vectors)
    settings = dict(model.index_settings)
    measured = (settings.get("kind"), settings.get("vectors"), settings.get("recall_target"))
    if built or measured != (wanted, vectors, recall_target):
        settings = _measure(sessions, model, wanted, vectors, recall_target)
    return _report(sessions, model, settings, built, time.monotonic() - started)


def _make(sessions: Sessions, model: StoredModel, wanted: str, vectors: int) -> bool:
    """Build what is missing, then drop what should not be there; whether an index was built now.

    Searches go on meanwhile: building lets them pass, and an index is dropped only after the settings that searches
    read say another kind, with the widest search until it is measured.
    """
    with sessions() as session:
        found = find_indexes(session, model)
    build = wanted != "exact" and (wanted not in found or not found[wanted].valid)
    if build:
        with sessions.begin() as session:
            build_index(session, model, wanted, vectors=vectors)
    if build or model.index_settings.get("kind") != wanted:
        widest = {STEPS[wanted][0]: STEPS[wanted][1][-1]} if wanted in STEPS else {}
        with sessions.begin() as session:
            set_index_settings(session, model, {"kind": wanted, "recall_at_10": 0.0, **widest})
    for kind, index in found.items():
        if kind != wanted:
            with sessions.begin() as session:
                drop_index(session, index.name)
    return build


def _measure(sessions: Sessions, model: StoredModel, kind: str, vectors: int, target: float) -> dict[str, Any]:
    """Find the fastest setting that reaches the recall target (else the best there is), prove it, and keep it.

    Kept last: a run that dies before that, or whose search does not use the index, measures again.
    """
    with sessions.begin() as session:
        analyze(session, model)
    settings: dict[str, Any] = {"kind": kind, "vectors": vectors, "recall_target": target, "recall_at_10": 1.0}
    if kind != "exact":
        truth = _truth(sessions, model)
        name, values = STEPS[kind]
        for value in values:
            settings[name] = value
            settings["recall_at_10"] = _recall(sessions, model, settings, truth)
            if settings["recall_at_10"] >= target:
                break
    _require_used(sessions, model, settings)
    settings["used_by_search"] = True
    with sessions.begin() as session:
        set_index_settings(session, model, settings)
    return settings


def _require_used(sessions: Sessions, model: StoredModel, settings: Mapping[str, Any]) -> None:
    with sessions() as session:
        sample = sample_vectors(session, model, 1)
        used = not sample or uses_index(session, model, settings, sample[0][1])
    if not used:
        raise IndexUnusableError(
            f"The search of {model.name} does not use its {settings['kind']} index (EXPLAIN shows another plan). "
            "Run ANALYZE, or materialize `vector_index` again after dropping the index."
        )


def _truth(sessions: Sessions, model: StoredModel) -> list[tuple[str, list[float]]]:
    """(query vector, distances of its ten nearest by exact search) of a sample of stored vectors."""
    with sessions() as session:
        force_exact(session)
        sample = sample_vectors(session, model, SAMPLED_QUERIES)
        return [(query, _distances(session, model, "exact", query)) for _, query in sample]


def _recall(
    sessions: Sessions, model: StoredModel, settings: Mapping[str, Any], truth: Sequence[tuple[str, list[float]]]
) -> float:
    """Share of the neighbours found that are as near as the tenth true one, within ``SAME_DISTANCE``."""
    found = wanted = 0
    with sessions() as session:
        apply_search_settings(session, settings, candidates=RECALL_AT)
        for query, true in truth:
            distances = _distances(session, model, str(settings["kind"]), query)
            found += sum(distance <= true[-1] + SAME_DISTANCE for distance in distances)
            wanted += len(true)
    return found / wanted if wanted else 1.0


def _distances(session: Session, model: StoredModel, kind: str, query: str) -> list[float]:
    return [distance for _, distance in nearest(session, model, kind, query, RECALL_AT)]


def _report(
    sessions: Sessions, model: StoredModel, settings: dict[str, Any], built: bool, seconds: float
) -> IndexReport:
    with sessions() as session:
        index = find_indexes(session, model).get(str(settings["kind"]))
    return IndexReport(
        kind=str(settings["kind"]),
        vectors=int(settings["vectors"]),
        size_bytes=index.size_bytes if index is not None else 0,
        recall_at_10=float(settings["recall_at_10"]),
        built=built,
        used_by_search=bool(settings["used_by_search"]),
        settings=settings,
        seconds=seconds,
    )
