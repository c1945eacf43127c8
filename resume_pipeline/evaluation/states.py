"""The golden questions of a content root, asked of the candidate and of what is live, and kept for the publish.

What was asked before (the same state, questions and ranking) is not asked again. The verdict is ``domain.quality``'s;
``ingestion.quality`` comes to the same from the stored rows.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from resume_pipeline.content.golden_questions import GOLDEN_QUESTIONS, QuestionsFile
from resume_pipeline.domain.quality import QualityBar, Verdict, judge_quality
from resume_pipeline.errors import ConfigurationError, EmbeddingError, PublishError
from resume_pipeline.evaluation.evaluation import DEFAULT_MODE, MODES, Progress, ask_questions, silent
from resume_pipeline.evaluation.paths import AlignedQuestions, align_paths, known_only
from resume_pipeline.evaluation.questions import GoldenQuestions, LineProblem, parse_questions
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline.storage.embedding_models import StoredModel, find_model
from resume_pipeline.storage.engine import Sessions
from resume_pipeline.storage.evaluations import (
    StoredEvaluation,
    accept_evaluation,
    document_paths,
    evaluation_key,
    find_evaluations,
    store_evaluation,
)
from resume_pipeline.storage.generations import Candidate, GenerationRecord, live_generation, prepare_candidate
from resume_pipeline.storage.lexicon import count_pending
from resume_pipeline.storage.visibility import SearchScope


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Figures by mode of the candidate and of the live generation (empty: not measured), and the verdict on them.

    ``asked`` is the number of searches made now; 0 when all figures were there. ``problems`` are lines of the questions
    file that are no questions or name no document.
    """

    verdict: Verdict
    questions: int = 0
    candidate: Mapping[str, StoredEvaluation] = field(default_factory=dict)
    live: Mapping[str, StoredEvaluation] = field(default_factory=dict)
    live_generation: int | None = None
    asked: int = 0
    problems: tuple[LineProblem, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def hybrid(self) -> StoredEvaluation | None:
        """The candidate's figures in the mode that visitors get."""
        return self.candidate.get(DEFAULT_MODE)


@dataclass(slots=True)
class _Evaluator:
    """One evaluation under way."""

    sessions: Sessions
    retriever: Retriever
    file: QuestionsFile
    ranking: str
    progress: Progress
    questions: GoldenQuestions = field(init=False)
    asked: int = 0

    def __post_init__(self) -> None:
        self.questions = parse_questions(self.file)

    def figures(self, model: StoredModel, content_hash: bytes, generation: int | None) -> dict[str, StoredEvaluation]:
        """The figures of a state by mode, measured and stored unless they are there."""
        scope = SearchScope(model.name, generation)
        with self.sessions() as session:
            key = evaluation_key(session, model, content_hash, self.file.sha256, self.ranking)
            stored = find_evaluations(session, key)
            paths = document_paths(session, scope)
        if set(stored) >= set(MODES):
            return stored
        questions = known_only(align_paths(self.questions.questions, paths).questions, paths)
        results = ask_questions(self.retriever, questions, scope=scope, progress=self.progress)
        self.asked += sum(result.figures.questions for result in results)
        with self.sessions.begin() as session:
            for result in results:
                store_evaluation(
                    session,
                    key,
                    result.mode,
                    figures=result.figures,
                    ranks=result.ranks,
                    failures=[asdict(failure) for failure in result.failures],
                    generation=generation,
                )
        with self.sessions() as session:
            return find_evaluations(session, key)

    def accepted(self, model: StoredModel, content_hash: bytes) -> dict[str, StoredEvaluation]:
        """The figures of a state, marked as accepted by a person."""
        with self.sessions.begin() as session:
            key = evaluation_key(session, model, content_hash, self.file.sha256, self.ranking)
            accept_evaluation(session, key)
        with self.sessions() as session:
            return find_evaluations(session, key)

    def live_figures(self, live: GenerationRecord | None) -> tuple[dict[str, StoredEvaluation], list[str]]:
        """The live generation's figures; none when nothing is live, or its model can no longer be asked."""
        if live is None:
            return {}, []
        with self.sessions() as session:
            model = find_model(session, live.embedding_model)
        assert model is not None  # noqa: S101  (a foreign key holds it)
        try:
            return self.figures(model, live.content_hash, live.generation), []
        except (EmbeddingError, ConfigurationError) as error:
            return {}, [f"Generation {live.generation} could not be asked, so nothing is compared with it: {error}"]

    def alignment(self, model_name: str) -> AlignedQuestions:
        """The questions against the candidate's paths."""
        with self.sessions() as session:
            return align_paths(self.questions.questions, document_paths(session, SearchScope(model_name, None)))


def evaluate_candidate(
    sessions: Sessions,
    retriever: Retriever,
    model_name: str,
    file: QuestionsFile | None,
    *,
    ranking: str,
    bar: QualityBar,
    accept_lower_quality: bool = False,
    progress: Progress = silent,
) -> EvaluationReport:
    """Ask the golden questions of the candidate and of the live generation, by each mode, and judge the candidate.

    ``ranking`` names how hits are ranked (part of the key). ``accept_lower_quality`` keeps with the figures that a
    person accepts them for this very state.

    Raises:
        QuestionsError: the file cannot be used.
        PublishError: nothing was embedded by this model yet, or the candidate is not complete.
    """
    started = time.monotonic()
    if file is None:
        return EvaluationReport(Verdict(True, f"The content root has no {GOLDEN_QUESTIONS}: nothing was measured."))
    evaluator = _Evaluator(sessions, retriever, file, ranking, progress)
    model, candidate, live = _states(sessions, model_name)
    if not candidate.wanted:
        return EvaluationReport(Verdict(True, "There is no document to ask the golden questions of."))
    measured = evaluator.figures(model, candidate.content_hash, None)
    if accept_lower_quality:
        measured = evaluator.accepted(model, candidate.content_hash)
    compared, warnings = evaluator.live_figures(live)
    aligned = evaluator.alignment(model.name)
    # What is live already is not compared with itself.
    is_live = live is not None and live.content_hash == candidate.content_hash
    before = compared[DEFAULT_MODE].quality if compared and not is_live else None
    return EvaluationReport(
        verdict=judge_quality(measured[DEFAULT_MODE].quality, before, bar),
        questions=len(evaluator.questions.questions),
        candidate=measured,
        live=compared,
        live_generation=live.generation if live else None,
        asked=evaluator.asked,
        problems=(*evaluator.questions.problems, *aligned.unknown),
        warnings=(*([aligned.warning] if aligned.warning else []), *warnings),
        seconds=time.monotonic() - started,
    )


def question_problems(sessions: Sessions, file: QuestionsFile | None, model_name: str) -> tuple[LineProblem, ...]:
    """The lines of a questions file that are no questions, or that name no document of the candidate."""
    if file is None:
        return ()
    questions = parse_questions(file)
    with sessions() as session:
        paths = document_paths(session, SearchScope(model_name, None))
    return (*questions.problems, *align_paths(questions.questions, paths).unknown)


def _states(sessions: Sessions, model_name: str) -> tuple[StoredModel, Candidate, GenerationRecord | None]:
    with sessions() as session:
        model = find_model(session, model_name)
        if model is None:
            raise PublishError(f"There are no vectors of {model_name} to search. Materialize `chunk_embeddings` first.")
        states = model, prepare_candidate(session, model), live_generation(session)
        unindexed = count_pending(session)
        session.rollback()
    # Figures of a state that is half made would be kept as those of the whole.
    lacking = states[1].wanted - states[1].complete
    if lacking or unindexed:
        raise PublishError(
            f"{lacking:,} documents are not chunked and embedded yet, and {unindexed:,} chunks are not in the lexical "
            "index, so the golden questions are not asked. Materialize `document_chunks`, `chunk_embeddings` and "
            "`lexical_index`, or run `resume-pipeline ingest`."
        )
    return states
