"""What a publish demands of the golden questions, decided from stored figures.

Asking the questions is ``evaluation.states``; here it is only looked up what they found, so that no way to publish
goes past them.
"""

from dataclasses import dataclass

from resume_pipeline.domain.quality import QualityBar, Verdict, judge_quality
from resume_pipeline.domain.ranking_metrics import RankingFigures
from resume_pipeline.errors import QualityError
from resume_pipeline.storage.embedding_models import StoredModel, find_model
from resume_pipeline.storage.engine import Session, Sessions
from resume_pipeline.storage.evaluations import evaluation_key, find_evaluations
from resume_pipeline.storage.generations import Candidate, GenerationRecord, live_generation, prepare_candidate

SERVED_MODE = "hybrid"
"""The mode of search that visitors get: its figures decide."""
NOT_ASKED = (
    "The golden questions were not asked of this state of the index yet, so it is not published; the live generation "
    "stays. Materialize `retrieval_evaluation`, or run `resume-pipeline ingest` (after a rollback `resume-pipeline "
    "publish`), which asks them first."
)
REMEDY = (
    "The live generation stays. `resume-pipeline evaluate --candidate` names the questions that found too little; mend "
    "the content, the chunk settings or the questions, then ingest again. To publish this state all the same, run "
    "`resume-pipeline ingest --accept-lower-quality` (in the UI: accept_lower_quality of `retrieval_evaluation`)."
)


@dataclass(frozen=True, slots=True)
class QualityDemand:
    """The bar, which golden questions there are now (None: none), and how hits are ranked now."""

    bar: QualityBar
    questions_hash: bytes | None
    ranking: str


def stored_verdict(
    session: Session,
    model: StoredModel,
    candidate: Candidate,
    live: GenerationRecord | None,
    demand: QualityDemand,
) -> Verdict | None:
    """The verdict on the candidate from what is stored; None when these questions were not asked of it yet.

    The live generation is compared with where its figures are stored; ``retrieval_evaluation`` sees to that.
    """
    if demand.questions_hash is None:
        return Verdict(True, "There are no golden questions.")
    if demand.bar.demands_nothing or not candidate.wanted:
        return Verdict(True, "Nothing is demanded of the golden questions.")
    ours = find_evaluations(
        session, evaluation_key(session, model, candidate.content_hash, demand.questions_hash, demand.ranking)
    ).get(SERVED_MODE)
    if ours is None:
        return None
    theirs = None
    live_model = find_model(session, live.embedding_model) if live is not None else None
    if live is not None and live_model is not None and live.content_hash != candidate.content_hash:
        key = evaluation_key(session, live_model, live.content_hash, demand.questions_hash, demand.ranking)
        theirs = find_evaluations(session, key).get(SERVED_MODE)
    return judge_quality(ours.quality, theirs.quality if theirs is not None else None, demand.bar)


@dataclass(frozen=True, slots=True)
class CandidateQuality:
    """The stored verdict on the candidate, its figures (None: none stored), and whether the candidate is live."""

    verdict: Verdict
    figures: RankingFigures | None
    is_live: bool

    @property
    def explanation(self) -> str:
        """The verdict in words, with what can be done about it where it holds a publish."""
        return self.verdict.reason if self.verdict.passed or self.is_live else f"{self.verdict.reason} {REMEDY}"


def candidate_quality(sessions: Sessions, model_name: str, demand: QualityDemand) -> CandidateQuality:
    """What a publish would make of the candidate now, as far as the golden questions go. Asks none; writes nothing."""
    with sessions() as session:
        model = find_model(session, model_name)
        if model is None:
            return CandidateQuality(Verdict(True, "Nothing was embedded yet."), None, is_live=False)
        candidate, live = prepare_candidate(session, model), live_generation(session)
        verdict = stored_verdict(session, model, candidate, live, demand) or Verdict(False, NOT_ASKED)
        figures = None
        if demand.questions_hash is not None:
            key = evaluation_key(session, model, candidate.content_hash, demand.questions_hash, demand.ranking)
            stored = find_evaluations(session, key).get(SERVED_MODE)
            figures = stored.figures if stored is not None else None
        session.rollback()
    return CandidateQuality(verdict, figures, live is not None and live.content_hash == candidate.content_hash)


def require_quality(
    session: Session,
    model: StoredModel,
    candidate: Candidate,
    live: GenerationRecord | None,
    demand: QualityDemand,
) -> None:
    """Return when the candidate may be published as far as the golden questions go.

    Raises:
        QualityError: they were not asked of it, or found too little; with the figures, the bar and the remedy.
    """
    verdict = stored_verdict(session, model, candidate, live, demand)
    if verdict is None:
        raise QualityError(NOT_ASKED)
    if not verdict.passed:
        raise QualityError(f"{verdict.reason} {REMEDY}")
