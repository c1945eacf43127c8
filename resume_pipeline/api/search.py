"""POST /api/search: a question, and the passages that answer it best."""

import dataclasses

from fastapi import APIRouter

from resume_pipeline.api.context import Api
from resume_pipeline.api.questions import checked_question, parsed_filters
from resume_pipeline.api.schemas import CorrectionOut, HitOut, SearchRequest, SearchResponse

router = APIRouter(tags=["search"])


@router.post("/api/search", summary="Search")
async def search(asked: SearchRequest, api: Api) -> SearchResponse:
    """The passages of the live generation that answer a question best.

    Quoted phrases stand in every hit, words after a minus sign in none.
    """
    question, filters = checked_question(asked.question, api.settings), parsed_filters(asked.where)

    def work() -> SearchResponse:
        result = api.parts.retriever.search(question, limit=asked.limit, mode=asked.mode, filters=filters)
        api.parts.api_log.record(question, result, mode=asked.mode, filters=[one.shown for one in filters])
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
        )

    return await api.threads.run(work)
