"""Maintenance: what is kept no longer is deleted, and its space given back. Rollback stays possible to what is kept.

Each batch is committed by itself: a run that dies has deleted a part, and the next one goes on. A version that is
deleted takes its chunks and vectors with it unless another version has them; written again, they are embedded again.
"""

import time
from collections import Counter
from dataclasses import dataclass, field

from resume_pipeline.ingestion.progress import Progress, silent
from resume_pipeline.storage import lexicon, retention, segments
from resume_pipeline.storage.embedding_models import list_models
from resume_pipeline.storage.engine import Engine, Sessions, driver_errors
from resume_pipeline.storage.generations import hold_pointer
from resume_pipeline.storage.lexicon import Statistics
from resume_pipeline.storage.vector_index import count_vectors, find_indexes

STAGE = "maintenance"
DOCUMENTS_AT_ONCE = 2_000
CHUNKS_AT_ONCE = 5_000
"""Rows in one transaction: some seconds, with the vector index to keep in step."""
SPARSE = 0.8
"""A segment that lost a fifth of its chunks is written anew: a search walks the postings of lost chunks, too."""
REINDEX_SHARE = 0.1
"""A vector index that lost a tenth of its vectors is made anew, which pgvector's manual advises before a vacuum:
mending the graph node by node takes longer."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How many generations are kept (the live one counts), and for how many days at least."""

    generations: int
    days: int


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What was deleted, what was made anew, and the size on disk before and after, in bytes."""

    generations: list[int] = field(default_factory=list)
    documents: int = 0
    chunks: int = 0
    vectors: int = 0
    lexemes: int = 0
    segments_rewritten: int = 0
    indexes_rebuilt: list[str] = field(default_factory=list)
    bytes_before: int = 0
    bytes_after: int = 0
    seconds: float = 0.0

    @property
    def freed_bytes(self) -> int:
        """By how much the database became smaller; space that is only free for reuse does not count."""
        return max(self.bytes_before - self.bytes_after, 0)


def maintain(sessions: Sessions, upkeep: Engine, keep: Retention, *, progress: Progress = silent) -> MaintenanceReport:
    """Delete what is kept no longer, and give its space back. Nothing that any kept generation shows is touched.

    ``upkeep`` is the engine of statements that may take long (MIGRATION_DATABASE_URL where set). The caller is the only
    writer.
    """
    started = time.monotonic()
    with sessions() as session:
        before = retention.size_bytes(session)
    with sessions.begin() as session:
        hold_pointer(session)  # a rollback must not go to what is being forgotten
        forgotten = retention.forget_generations(session, keep=keep.generations, days=keep.days)
    documents = _delete_versions(sessions, keep.days, progress)
    chunks, vectors = _delete_chunks(sessions, progress)
    rewritten, lexemes = _compact_lexical_index(sessions)
    rebuilt = _reindex(sessions, upkeep, vectors)
    with sessions() as session:
        partitions = [model.partition for model in list_models(session)]
    with driver_errors():
        retention.vacuum(upkeep, [*retention.TABLES, *partitions])
    with sessions() as session:
        after = retention.size_bytes(session)
    return MaintenanceReport(
        generations=forgotten,
        documents=documents,
        chunks=chunks,
        vectors=sum(vectors.values()),
        lexemes=lexemes,
        segments_rewritten=rewritten,
        indexes_rebuilt=rebuilt,
        bytes_before=before,
        bytes_after=after,
        seconds=time.monotonic() - started,
    )


def _delete_versions(sessions: Sessions, days: int, progress: Progress) -> int:
    deleted = 0
    while True:
        with sessions.begin() as session:
            batch = retention.delete_unseen_versions(session, days=days, limit=DOCUMENTS_AT_ONCE)
        deleted += batch
        progress(STAGE, deleted, deleted)
        if batch < DOCUMENTS_AT_ONCE:
            return deleted


def _delete_chunks(sessions: Sessions, progress: Progress) -> tuple[int, Counter[int]]:
    """How many chunks went, and how many vectors of each model with them."""
    deleted, vectors = 0, Counter[int]()
    while True:
        with sessions.begin() as session:
            batch = retention.unused_chunks(session, limit=CHUNKS_AT_ONCE)
            vectors.update(retention.count_vectors_of(session, batch))
            deleted += retention.delete_chunks(session, batch)
        progress(STAGE, deleted, deleted)
        if len(batch) < CHUNKS_AT_ONCE:
            return deleted, vectors


def _compact_lexical_index(sessions: Sessions) -> tuple[int, int]:
    """Write sparse segments anew and count anew: (segments, lexemes that no chunk has any more)."""
    with sessions() as session:
        standing, left = segments.list_segments(session), retention.chunks_of_segments(session)
        statistics = lexicon.read_statistics(session)
    if statistics is None:
        return 0, 0
    if all(left[segment.segment_id] == segment.chunks for segment in standing):
        return 0, 0
    with sessions.begin() as session:
        statistics = Statistics(statistics.recipe, *lexicon.recount_frequencies(session))
        lexicon.write_statistics(session, statistics)
    sparse = [segment for segment in standing if left[segment.segment_id] < SPARSE * segment.chunks]
    for segment in sparse:
        with sessions.begin() as session:
            segments.remove_segments(session, [segment])
            if left[segment.segment_id]:
                chunks, _ = segments.count_lexemes(session, segment.first_id, segment.last_id)
                segments.write_segment(session, segment.first_id, segment.last_id, chunks, statistics.average_length)
    with sessions.begin() as session:
        lexemes = retention.delete_unused_lexemes(session)
    return len(sparse), lexemes


def _reindex(sessions: Sessions, upkeep: Engine, deleted: Counter[int]) -> list[str]:
    names: list[str] = []
    with sessions() as session:
        for model in list_models(session):
            gone = deleted[model.embedding_model_id]
            if gone and gone > REINDEX_SHARE * count_vectors(session, model):
                names += [index.name for index in find_indexes(session, model).values()]
    for name in names:
        with driver_errors():
            retention.reindex(upkeep, name)
    return names
