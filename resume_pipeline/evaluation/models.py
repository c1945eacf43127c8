"""Golden questions asked of what is live by several embedding models, to compare them before one is served.

Every model is asked over the same documents; which one visitors get is ``ingestion.serving``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from resume_pipeline.content.golden_questions import QuestionsFile
from resume_pipeline.domain.quality import QualityBar, StateQuality, Verdict, judge_quality
from resume_pipeline.errors import EmbeddingError, PublishError
from resume_pipeline.evaluation.evaluation import DEFAULT_MODE, MODES, ModeEvaluation, ask_questions
from resume_pipeline.evaluation.paths import align_paths, known_only
from resume_pipeline.evaluation.questions import parse_questions
from resume_pipeline.retrieval.retriever import Retriever, SearchMode
from resume_pipeline.storage.embedding_models import find_model, list_models
from resume_pipeline.storage.embeddings import visible_vectors
from resume_pipeline.storage.engine import Session, Sessions
from resume_pipeline.storage.evaluations import document_paths
from resume_pipeline.storage.generations import live_generation
from resume_pipeline.storage.visibility import SearchScope


@dataclass(frozen=True, slots=True)
class ComparedModels:
    """What the questions found by each model and mode in one generation."""

    generation: int
    answerable: int
    by_model: dict[str, list[ModeEvaluation]]


def compare_models(
    sessions: Sessions,
    retriever: Retriever,
    file: QuestionsFile | None,
    names: Sequence[str],
    *,
    modes: Sequence[SearchMode] = MODES,
) -> ComparedModels:
    """Ask the questions of the live generation by the models named, or by all that have all of its vectors.

    As for a publish, questions whose documents are not there are left out.

    Raises:
        PublishError: nothing is live, or there are no golden questions.
        EmbeddingError: a model that is named is not registered, or lacks vectors.
    """
    if file is None:
        raise PublishError("The content root has no golden_questions.jsonl, so there is nothing to compare models by.")
    with sessions() as session:
        live = live_generation(session)
        if live is None:
            raise PublishError("Nothing is published yet. Run `resume-pipeline ingest` first.")
        filled = {
            name: _is_filled(session, name, live.generation)
            for name in names or [model.name for model in list_models(session)]
        }
        paths = document_paths(session, SearchScope(live.embedding_model, live.generation))
    lacking = [name for name in names if not filled[name]]
    if lacking:
        raise EmbeddingError(
            f"{', '.join(lacking)} lacks vectors of generation {live.generation}. Run `resume-pipeline models fill "
            f"{lacking[0]}` first."
        )
    questions = known_only(align_paths(parse_questions(file).questions, paths).questions, paths)
    by_model = {
        name: ask_questions(retriever, questions, scope=SearchScope(name, live.generation), modes=modes)
        for name, complete in filled.items()
        if complete
    }
    answerable = sum(bool(question.relevant) for question in questions)
    return ComparedModels(live.generation, answerable, by_model)


def judge_model(
    sessions: Sessions, retriever: Retriever, file: QuestionsFile | None, name: str, bar: QualityBar
) -> Verdict:
    """Whether what is live may be shown with another model, as far as the golden questions go.

    A model that is not ready to be served passes: serving it says what is missing.
    """
    if file is None or bar.demands_nothing:
        return Verdict(True, "Nothing is demanded of the golden questions.")
    with sessions() as session:
        live = live_generation(session)
        known = live is not None and find_model(session, name) is not None
        ready = known and live is not None and _is_filled(session, name, live.generation)
    if live is None or not ready or live.embedding_model == name:
        return Verdict(True, "There is nothing to compare.")
    compared = compare_models(sessions, retriever, file, [name, live.embedding_model], modes=[DEFAULT_MODE])
    ours, theirs = (StateQuality(result.ranks) for [result] in compared.by_model.values())
    return judge_quality(ours, theirs, bar)


def _is_filled(session: Session, name: str, generation: int) -> bool:
    model = find_model(session, name)
    if model is None:
        raise EmbeddingError(f"{name} is not registered. Run `resume-pipeline models add {name}` first.")
    counts = visible_vectors(session, model, generation)
    return counts.with_vector == counts.chunks
