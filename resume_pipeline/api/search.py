"""POST /api/search: a question, and the passages that answer it best."""

import dataclasses
from decimal import Decimal

from fastapi import APIRouter

from resume_pipeline.api import budget
from resume_pipeline.api.access import Asker, MaySearch
from resume_pipeline.api.context import Api, Context
from resume_pipeline.api.event_stream import logger
from resume_pipeline.api.problems import JSON_ONLY, Refused, problem_responses
from resume_pipeline.api.questions import checked_question, parsed_filters
from resume_pipeline.api.schemas import CorrectionOut, HitOut, SearchRequest, SearchResponse
from resume_pipeline.retrieval.hits import SearchResult

router = APIRouter(tags=["search"], dependencies=[JSON_ONLY])


@router.post("/api/search", summary="Search", responses=problem_responses(401, 403, 413, 415, 422, 429, 503, 504))
async def search(asked: SearchRequest, asker: MaySearch, api: Api) -> SearchResponse:
    """The passages of the live generation that answer a question best.

    Quoted phrases stand in every hit, words after a minus sign in none.
    """
    question, filters = checked_question(asked.question, api.settings), parsed_filters(asked.where)

    def work() -> SearchResponse:
        _take(api, asker)
        result = api.parts.retriever.search(question, limit=asked.limit, mode=asked.mode, filters=filters)
        _note(api, asker, question, asked, result)
        return SearchResponse(
            hits=[
                HitOut(
                    **{name: getattr(hit, name) for name in HitOut.model_fields if name != "url"}, url=api.url(hit.path)
                )
                for hit in result.hits
            ],
            generation=result.generation,
            milliseconds=round(result.milliseconds, 2),
            corrections=[CorrectionOut(**dataclasses.asdict(correction)) for correction in result.corrections],
            coverage=result.coverage,
            notice=result.notice,
        )

    return await api.threads.run(work)


def _take(api: Context, asker: Asker) -> None:
    """One question of today's, where those are limited."""
    limits = [limit for limit in asker.daily_limits(api) if limit.questions is not None]
    try:
        budget.take(api.parts.sessions, limits, Decimal(0))
    except Refused:
        api.metrics.refused("day")
        raise


def _note(api: Context, asker: Asker, question: str, asked: SearchRequest, result: SearchResult) -> None:
    """Count and log a search that was answered."""
    api.metrics.search_seconds.labels(asked.mode).observe(result.milliseconds / 1000)
    api.metrics.generation.set(result.generation)
    problem = asker.log(api).record(question, result, mode=asked.mode, filters=asked.where, visitor=asker.name)
    if problem is not None:
        api.metrics.log_failures.inc()
        logger.warning("%s", problem)
