"""The lexical index stage: new chunks become a segment, and segments are merged as they grow in number.

Each segment is committed by itself, so a run that dies repeats at most one. What a segment is, and how weights are
computed, is ``storage.segments``.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from resume_pipeline.ingestion.progress import Progress, silent
from resume_pipeline.ingestion.reports import LexicalReport
from resume_pipeline.storage import lexicon, segments
from resume_pipeline.storage.engine import Engine, Session, Sessions, driver_errors, make_sessions
from resume_pipeline.storage.lexicon import Statistics
from resume_pipeline.storage.migrations import schema_state
from resume_pipeline.storage.segments import Segment

STAGE = "lexical_index"
Transaction = Callable[[], AbstractContextManager[Session]]
SEGMENT_CHUNKS = 50_000
"""The most that one transaction adds; counting their lexemes takes some 400 MB of temporary disk."""
MERGED_AT = 4
"""So many segments of like size become one: each chunk is then written once per power of four that the index grows."""
MAX_MERGED_CHUNKS = 250_000
"""Segments above it stay as they are."""
ANALYZED_SHARE = 0.1
DRIFT = 0.2
"""Frequencies are counted anew when the candidate has a fifth more or fewer chunks than they were counted over."""
LENGTH_DRIFT = 0.1
"""Weights are computed anew when the mean length has moved by a tenth since; below, that is noise."""


def build_lexical_index(sessions: Sessions, configuration: str, *, progress: Progress = silent) -> LexicalReport:
    """Add the chunks it lacks, merge what is due, and count anew what has drifted.

    ``configuration`` is a text search configuration of Postgres; an index made with another is made anew, in one
    transaction, so that searches find either the old one or the new one.

    Raises:
        ConfigurationError: Postgres has no such configuration.
    """
    started = time.monotonic()
    with sessions() as session:
        lexicon.require_configuration(session, configuration)
        statistics = lexicon.read_statistics(session)
    recipe = lexicon.lexical_recipe(configuration)
    rebuilt = statistics is not None and statistics.recipe != recipe
    if rebuilt:
        # One transaction for all of it, so that searches find either the old index or the new one.
        with sessions.begin() as session:
            lexicon.clear(session)
            added = _append(lambda: nullcontext(session), Statistics(recipe, 0, 0.0), progress)
    else:
        added = _append(sessions.begin, statistics or Statistics(recipe, 0, 0.0), progress)
    merged = _merge(sessions)
    recounted = _recount(sessions)
    return _report(sessions, added, merged, rebuilt or recounted, time.monotonic() - started)


def has_lexical_work(engine: Engine, configuration: str) -> bool:
    """Whether a run would write the index although no file changed; false where there is no schema yet."""
    if not schema_state(engine).at_head:
        return False
    with driver_errors(), make_sessions(engine)() as session:
        return lexicon.lexical_work(session, configuration)


def _append(transaction: Transaction, statistics: Statistics, progress: Progress) -> int:
    """Add what the index lacks, a segment in each transaction, and say how much it was.

    No more ids than a segment's are held in memory.
    """
    done = pending = 0
    is_last = False
    while not is_last:
        with transaction() as session:
            ids = lexicon.pending_chunks(session, SEGMENT_CHUNKS)
            is_last = len(ids) < SEGMENT_CHUNKS
            if (
                not done
            ):  # counted only where there are more: looking for the few that are new is most of what they cost
                pending = len(ids) if is_last else lexicon.count_pending(session)
            statistics = _add(session, ids, statistics)
        done += len(ids)
        if ids:
            progress(STAGE, done, max(done, pending))
    # A few more do not change what the planner should know, and looking at all of it would cost more than they do.
    if done > ANALYZED_SHARE * statistics.chunks:
        with transaction() as session:
            lexicon.analyze_lexicon(session)
    return done


def _add(session: Session, ids: Sequence[Any], statistics: Statistics) -> Statistics:
    """Add chunks as one segment; the statistics with them counted in."""
    added = lexicon.add_chunks(session, ids, statistics.configuration) if ids else None
    if added is None:
        return statistics
    chunks, length = segments.count_lexemes(session, added.first_id, added.last_id)
    lexicon.add_frequencies(session)
    lexicon.add_words(session, added.words, statistics.configuration)
    total = statistics.chunks + chunks
    mean = (statistics.average_length * statistics.chunks + length) / max(total, 1)
    segments.write_segment(session, added.first_id, added.last_id, chunks, mean)
    statistics = Statistics(statistics.recipe, total, mean)
    lexicon.write_statistics(session, statistics)
    return statistics


def _merge(sessions: Sessions) -> int:
    """Merge runs of segments of like size until there is none; how many segments went into others."""
    merged = 0
    while True:
        with sessions() as session:
            due = due_for_merging(segments.list_segments(session))
        if not due:
            return merged
        with sessions.begin() as session:
            _replace(session, due)
        merged += len(due)


def due_for_merging(standing: Sequence[Segment]) -> Sequence[Segment]:
    """The last ``MERGED_AT`` or more segments in a row that are all of like size; empty when there are too few.

    Of like size: none has ``MERGED_AT`` times as many chunks as the smallest.
    """
    sizes = [max(segment.chunks, 1) for segment in standing]
    for last in range(len(standing), 0, -1):
        first = last - 1
        while first and max(sizes[first - 1 : last]) < MERGED_AT * min(sizes[first - 1 : last]):
            first -= 1
        run = standing[first:last]
        if len(run) >= MERGED_AT and sum(segment.chunks for segment in run) <= MAX_MERGED_CHUNKS:
            return run
    return ()


def _replace(session: Session, old: Sequence[Segment]) -> None:
    """Put one segment in the place of some that stand side by side, with weights by the mean length of today."""
    statistics = lexicon.read_statistics(session)
    assert statistics is not None  # noqa: S101  (segments are written together with it)
    segments.remove_segments(session, old)
    first_id, last_id = old[0].first_id, old[-1].last_id
    chunks, _ = segments.count_lexemes(session, first_id, last_id)
    segments.write_segment(session, first_id, last_id, chunks, statistics.average_length)


def _recount(sessions: Sessions) -> bool:
    """Count frequencies anew, and compute weights anew, where what they rest on has drifted; whether any did."""
    with sessions() as session:
        statistics = lexicon.read_statistics(session)
        wanted = lexicon.candidate_count(session)
    if statistics is None:
        return False
    drifted = abs(statistics.chunks - wanted) > DRIFT * max(wanted, 1)
    if drifted:
        with sessions.begin() as session:
            statistics = Statistics(statistics.recipe, *lexicon.recount_frequencies(session))
            lexicon.write_statistics(session, statistics)
    with sessions() as session:
        standing = segments.list_segments(session)
    stale = [segment for segment in standing if _has_moved(segment.average_length, statistics.average_length)]
    for segment in stale:
        with sessions.begin() as session:
            _replace(session, [segment])
    return drifted or bool(stale)


def _has_moved(then: float, now: float) -> bool:
    return abs(then - now) > LENGTH_DRIFT * max(now, 1.0)


def _report(sessions: Sessions, new: int, merged: int, recounted: bool, seconds: float) -> LexicalReport:
    with sessions() as session:
        standing = segments.list_segments(session)
        lexemes, size = lexicon.index_size(session)
    return LexicalReport(
        chunks=sum(segment.chunks for segment in standing),
        new=new,
        lexemes=lexemes,
        segments=len(standing),
        merged=merged,
        recounted=recounted,
        size_bytes=size,
        seconds=seconds,
    )
