"""Publishing and rolling back: when the live generation may change.

The rules are here; the one transaction that moves what visitors see is ``storage.generations``.
"""

import time

from resume_pipeline.errors import PublishError, UnknownGenerationError
from resume_pipeline.ingestion.reports import PublishReport
from resume_pipeline.storage.embedding_models import find_model
from resume_pipeline.storage.engine import Session, Sessions
from resume_pipeline.storage.generations import (
    Candidate,
    GenerationRecord,
    changed_paths,
    list_generations,
    live_generation,
    move_pointer,
    prepare_candidate,
    publish_candidate,
)

MAX_CHANGES_NAMED = 200


def publish(sessions: Sessions, model_name: str, *, min_coverage: float, forward: bool = False) -> PublishReport:
    """Make the candidate the live generation, in one step, unless there is nothing new or it was withdrawn.

    ``forward`` publishes content that a rollback withdrew. Documents that lack chunks or vectors stay at their last
    published version.

    Raises:
        PublishError: nothing was embedded by this model yet, or fewer than ``min_coverage`` of the documents are
            complete. The live generation stays.
    """
    started = time.monotonic()
    with sessions.begin() as session:
        model = find_model(session, model_name)
        if model is None:
            raise PublishError(
                f"There are no vectors of {model_name} to publish. Materialize `chunk_embeddings` first."
            )
        candidate = prepare_candidate(session, model)
        if candidate.coverage < min_coverage:
            raise PublishError(
                f"Only {candidate.complete:,} of {candidate.wanted:,} documents ({candidate.coverage:.1%}) are chunked "
                f"and embedded; {min_coverage:.0%} are needed (RESUME_MIN_COVERAGE). The live generation stays. "
                "Materialize `document_chunks` and `chunk_embeddings`, then publish again."
            )
        live = live_generation(session)
        reason = "" if forward and not _is_live(live, candidate) else held(session, live, candidate)
        published = not reason
        if published:
            live = publish_candidate(session, model, candidate)
            reason = f"Generation {live.generation} is live."
        changes = list(changed_paths(session, live.generation, limit=MAX_CHANGES_NAMED)) if published and live else []
    return PublishReport(
        generation=live.generation if live else None,
        published=published,
        reason=reason,
        documents=live.documents if live else 0,
        chunks=live.chunks if live else 0,
        coverage=candidate.coverage,
        kept_back=candidate.kept_back,
        changes=changes,
        seconds=time.monotonic() - started,
    )


def _is_live(live: GenerationRecord | None, candidate: Candidate) -> bool:
    return live is not None and live.content_hash == candidate.content_hash


def held(session: Session, live: GenerationRecord | None, candidate: Candidate) -> str:
    """Why there is nothing to publish; empty when there is."""
    if _is_live(live, candidate):
        assert live is not None  # noqa: S101  (asked above)
        return f"Generation {live.generation} holds this content already."
    if live is None:
        return "" if candidate.complete else "There is no document to publish."
    for record in list_generations(session):
        if record.generation > live.generation and record.content_hash == candidate.content_hash:
            return (
                f"Generation {record.generation} held this content and was rolled back, so it is not published again "
                "by itself. Change the content, or run `resume-pipeline publish`."
            )
    return ""


def waiting(sessions: Sessions, model_name: str) -> str | None:
    """What would happen to what was read last: None when a publish would make it live, else why it would not."""
    with sessions() as session:
        model = find_model(session, model_name)
        if model is None:
            return "Nothing was embedded yet."
        reason = held(session, live_generation(session), prepare_candidate(session, model))
        session.rollback()
    return reason or None


def roll_back(sessions: Sessions, target: int | None = None) -> tuple[GenerationRecord, GenerationRecord]:
    """Make an earlier generation live again: (the one that was live, the one that is). Nothing is embedded.

    ``target`` None means the one before the live one. A withdrawn later one may be named, to step forward again.

    Raises:
        UnknownGenerationError: there is no such generation, or none before the live one.
    """
    with sessions.begin() as session:
        records = {record.generation: record for record in list_generations(session)}
        live = next((record for record in records.values() if record.state == "live"), None)
        if live is None:
            raise UnknownGenerationError("Nothing is published yet, so there is nothing to roll back.")
        if target is None:
            target = max((number for number in records if number < live.generation), default=None)
        if target is None:
            raise UnknownGenerationError(f"Generation {live.generation} is the first; there is none before it.")
        if target not in records or target == live.generation:
            known = ", ".join(str(number) for number in sorted(records))
            raise UnknownGenerationError(
                f"Generation {target} is not one to go to: {live.generation} is live, and there are {known}."
            )
        move_pointer(session, target)
        now = live_generation(session)
        assert now is not None  # noqa: S101  (just moved)
    return live, now
