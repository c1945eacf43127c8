"""Stored evaluations: what golden questions found in a state of the index, found again by what was asked of what.

A row per state, questions file, retrieval recipe and mode. Asking is ``evaluation.states``, judging ``domain.quality``.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from resume_pipeline.domain.quality import StateQuality
from resume_pipeline.domain.ranking_metrics import RankingFigures
from resume_pipeline.storage.embedding_models import StoredModel
from resume_pipeline.storage.lexicon import read_statistics
from resume_pipeline.storage.models import Document, RetrievalEvaluation, SourceFile
from resume_pipeline.storage.visibility import SearchScope, visible_at


@dataclass(frozen=True, slots=True)
class EvaluationKey:
    """What was asked of what: a state's content hash, the questions' sha256, and how hits were found and ranked."""

    content_hash: bytes
    questions_hash: bytes
    recipe: str


def evaluation_key(
    session: Session, model: StoredModel, content_hash: bytes, questions_hash: bytes, ranking: str
) -> EvaluationKey:
    """The key of a state searched with a model's vectors; ``ranking`` names how hits are ranked.

    The kind of vector index and how the lexical index was made are part of the recipe, since they change what is found.
    """
    statistics = read_statistics(session)
    lexical = statistics.recipe if statistics is not None else "no lexicon"
    recipe = f"{ranking}; vectors {model.index_settings.get('kind', 'exact')}; {lexical}"
    return EvaluationKey(content_hash, questions_hash, recipe)


@dataclass(frozen=True, slots=True)
class StoredEvaluation:
    """One mode's figures of a state, its failures as JSON values, and whether a person accepted them.

    ``ranks`` of the first relevant hit by the question's id, of the answerable ones.
    """

    mode: str
    figures: RankingFigures
    ranks: dict[str, int | None]
    failures: list[dict[str, Any]]
    accepted: bool
    created_at: dt.datetime

    @property
    def quality(self) -> StateQuality:
        """What a verdict is made of."""
        return StateQuality(self.ranks, self.accepted)


FIGURES = tuple(field.name for field in fields(RankingFigures))


def find_evaluations(session: Session, key: EvaluationKey) -> dict[str, StoredEvaluation]:
    """The stored figures by mode; empty when these questions were never asked of this state in this way."""
    rows = session.scalars(
        select(RetrievalEvaluation).where(
            RetrievalEvaluation.content_hash == key.content_hash,
            RetrievalEvaluation.questions_hash == key.questions_hash,
            RetrievalEvaluation.recipe == key.recipe,
        )
    )
    return {row.mode: _stored(row) for row in rows}


def latest_evaluation(session: Session, content_hash: bytes, mode: str) -> StoredEvaluation | None:
    """The newest figures of a state by one mode, whichever questions were asked."""
    row = session.scalar(
        select(RetrievalEvaluation)
        .where(RetrievalEvaluation.content_hash == content_hash, RetrievalEvaluation.mode == mode)
        .order_by(RetrievalEvaluation.created_at.desc(), RetrievalEvaluation.retrieval_evaluation_id.desc())
        .limit(1)
    )
    return None if row is None else _stored(row)


def store_evaluation(
    session: Session,
    key: EvaluationKey,
    mode: str,
    *,
    figures: RankingFigures,
    ranks: Mapping[str, int | None],
    failures: Sequence[dict[str, Any]],
    generation: int | None,
) -> None:
    """Keep one mode's figures of a state, in place of those kept before."""
    session.execute(
        delete(RetrievalEvaluation).where(
            RetrievalEvaluation.content_hash == key.content_hash,
            RetrievalEvaluation.questions_hash == key.questions_hash,
            RetrievalEvaluation.recipe == key.recipe,
            RetrievalEvaluation.mode == mode,
        )
    )
    session.execute(
        insert(RetrievalEvaluation).values(
            content_hash=key.content_hash,
            questions_hash=key.questions_hash,
            recipe=key.recipe,
            mode=mode,
            generation=generation,
            ranks=dict(ranks),
            failures=list(failures),
            **{name: getattr(figures, name) for name in FIGURES},
        )
    )


def accept_evaluation(session: Session, key: EvaluationKey) -> None:
    """Note that a person lets this state be published with these figures."""
    session.execute(
        update(RetrievalEvaluation)
        .where(
            RetrievalEvaluation.content_hash == key.content_hash,
            RetrievalEvaluation.questions_hash == key.questions_hash,
            RetrievalEvaluation.recipe == key.recipe,
            RetrievalEvaluation.accepted.is_(False),
        )
        .values(accepted=True)
    )


def document_paths(session: Session, scope: SearchScope) -> set[str]:
    """The paths of the documents that a scope searches."""
    if scope.generation is None:
        statement = select(SourceFile.source_path).where(SourceFile.document_id.is_not(None))
    else:
        statement = select(Document.source_path).where(visible_at(scope.generation))
    return set(session.scalars(statement))


def _stored(row: RetrievalEvaluation) -> StoredEvaluation:
    figures = RankingFigures(**{name: getattr(row, name) for name in FIGURES})
    return StoredEvaluation(row.mode, figures, row.ranks, row.failures, row.accepted, row.created_at)
