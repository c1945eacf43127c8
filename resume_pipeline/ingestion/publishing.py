"""Publishing and rolling back: when the live generation may change.

The rules are here; the one transaction that moves what visitors see is ``storage.generations``.
"""

import time

from resume_pipeline.errors import PublishError, UnknownGenerationError
from resume_pipeline.ingestion.quality import QualityDemand, require_quality, stored_verdict
from resume_pipeline.ingestion.reports import MAX_CHANGES_NAMED, PublishReport
from resume_pipeline.storage.chunks import chunk_soundness
from resume_pipeline.storage.embedding_models import StoredModel, find_model
from resume_pipeline.storage.embeddings import unsound_vectors
from resume_pipeline.storage.engine import Session, Sessions
from resume_pipeline.storage.generations import (
    Candidate,
    GenerationRecord,
    changed_paths,
    hold_pointer,
    list_generations,
    live_generation,
    move_pointer,
    prepare_candidate,
    publish_candidate,
)
from resume_pipeline.storage.lexicon import count_pending


def publish(
    sessions: Sessions, model_name: str, *, min_coverage: float, quality: QualityDemand, forward: bool = False
) -> PublishReport:
    """Make the candidate the live generation, in one step, unless there is nothing new or it was withdrawn.

    ``forward`` publishes content that a rollback withdrew.

    Raises:
        PublishError: nothing was embedded by this model yet, a document of the candidate lacks chunks or vectors, too
            many documents could not be cut, or a vector is unsound. The live generation stays.
        QualityError: the golden questions find too little in the candidate, or were not asked of it.
    """
    started = time.monotonic()
    with sessions.begin() as session:
        hold_pointer(session)
        model = find_model(session, model_name)
        if model is None:
            raise PublishError(
                f"There are no vectors of {model_name} to publish. Materialize `chunk_embeddings` first."
            )
        candidate = prepare_candidate(session, model)
        _require_complete(candidate, min_coverage)
        live = live_generation(session)
        reason = held(session, live, candidate, forward=forward)
        published = not reason
        if published:
            _require_sound(session, model)
            _require_indexed(session)
            require_quality(session, model, candidate, live, quality)
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


def _require_complete(candidate: Candidate, min_coverage: float) -> None:
    if not candidate.is_covered(min_coverage):
        raise PublishError(
            f"Only {candidate.complete:,} of {candidate.wanted + candidate.failed:,} documents "
            f"({candidate.coverage:.1%}) are chunked and embedded; more than {min_coverage:.0%} are needed "
            "(RESUME_MIN_COVERAGE). The live generation stays. Materialize `document_chunks` and `chunk_embeddings`, "
            "then publish again."
        )
    if candidate.complete < candidate.wanted:
        # Publishing the finished part of an edit would show visitors a mixture of before and after.
        raise PublishError(
            f"{candidate.wanted - candidate.complete:,} of {candidate.wanted:,} documents are not chunked and embedded "
            "yet. The live generation stays. Materialize `document_chunks` and `chunk_embeddings`, or run "
            "`resume-pipeline ingest`."
        )


def _require_indexed(session: Session) -> None:
    lacking = count_pending(session)
    if lacking:
        raise PublishError(
            f"{lacking:,} chunks are not in the lexical index yet, and no search by words would find them. The live "
            "generation stays. Materialize `lexical_index`, or run `resume-pipeline ingest`."
        )


def _require_sound(session: Session, model: StoredModel) -> None:
    unsound = unsound_vectors(session, model)
    over_limit = chunk_soundness(session).over_limit
    if unsound or over_limit:
        raise PublishError(
            f"{unsound:,} vectors are zero or of a wrong length, and {over_limit:,} chunks are over the hard maximum. "
            "The live generation stays. Remove those rows and materialize the graph again."
        )


def held(session: Session, live: GenerationRecord | None, candidate: Candidate, *, forward: bool = False) -> str:
    """Why there is nothing to publish; empty when there is. ``forward`` lifts what a rollback holds."""
    if live is not None and live.content_hash == candidate.content_hash:
        return f"Generation {live.generation} holds this content already."
    if live is None:
        return "" if candidate.complete else "There is no document to publish."
    for record in list_generations(session):
        # By what was written: other chunk limits or another model do not make a withdrawn text wanted again.
        withdrawn = record.state == "withdrawn" and record.source_hash == candidate.source_hash
        if withdrawn and record.generation > live.content_from and not forward:
            return (
                f"Generation {record.generation} held this content and was rolled back, so it is not published again "
                "by itself. Change the content, or run `resume-pipeline publish`."
            )
    return ""


def waiting(sessions: Sessions, model_name: str, quality: QualityDemand) -> str | None:
    """What would happen to what was read last: None when a publish would make it live, else why it would not."""
    with sessions() as session:
        model = find_model(session, model_name)
        if model is None:
            return "Nothing was embedded yet."
        candidate = prepare_candidate(session, model)
        live = live_generation(session)
        reason = held(session, live, candidate)
        verdict = None if reason else stored_verdict(session, model, candidate, live, quality)
        session.rollback()
    if not reason and verdict is not None and not verdict.passed:
        return verdict.reason
    if not reason and candidate.complete < candidate.wanted:
        return f"{candidate.wanted - candidate.complete} documents are not chunked and embedded yet."
    return reason or None


def roll_back(sessions: Sessions, target: int | None = None) -> tuple[GenerationRecord, GenerationRecord]:
    """Make an earlier generation live again: (the one that was live, the one that is). Nothing is embedded.

    ``target`` None means the last one that was live before and was not withdrawn. A withdrawn later one may be named,
    to step forward again.

    Raises:
        UnknownGenerationError: there is no such generation, or none before the live one.
    """
    with sessions.begin() as session:
        hold_pointer(session)
        records = {record.generation: record for record in list_generations(session)}
        live = next((record for record in records.values() if record.state == "live"), None)
        if live is None:
            raise UnknownGenerationError("Nothing is published yet, so there is nothing to roll back.")
        if target is None:
            earlier = (n for n, record in records.items() if record.state == "superseded" and record.embedding_model)
            target = max((number for number in earlier if number < live.generation), default=None)
        if target is None:
            raise UnknownGenerationError(f"Generation {live.generation} is the first; there is none before it.")
        if target not in records or target == live.generation:
            known = ", ".join(str(number) for number in sorted(records))
            raise UnknownGenerationError(
                f"Generation {target} is not one to go to: {live.generation} is live, and there are {known}."
            )
        if not records[target].embedding_model:
            raise UnknownGenerationError(f"The model of generation {target} was removed, and its vectors with it.")
        move_pointer(session, target)
        now = live_generation(session)
        assert now is not None  # noqa: S101  (just moved)
    return live, now
