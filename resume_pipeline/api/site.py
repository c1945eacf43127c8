"""What the page needs beside answers: GET /api/site and GET /api/suggestions."""

from fastapi import APIRouter

from resume_pipeline.api.access import MayRead
from resume_pipeline.api.context import Api
from resume_pipeline.api.problems import problem_responses
from resume_pipeline.api.schemas import SiteResponse, SuggestionsResponse
from resume_pipeline.errors import DatabaseError
from resume_pipeline.storage.engine import driver_errors
from resume_pipeline.storage.generations import GenerationRecord, live_generation

router = APIRouter(tags=["page"])


@router.get("/api/site", summary="Describe the site", responses=problem_responses(503, 504))
async def site(api: Api) -> SiteResponse:
    """What the page shows around the answers, and what it may ask. Needs no key."""
    settings = api.settings

    def work() -> GenerationRecord | None:
        try:
            with driver_errors(), api.parts.sessions() as session:
                return live_generation(session)
        except DatabaseError:
            return None  # the page comes up, and says itself that nothing can be asked

    live = await api.threads.run(work)

    return SiteResponse(
        title=settings.site_title,
        person=settings.person,
        accent=settings.accent,
        public=settings.public == "page",
        max_question_characters=settings.max_question_characters,
        quoted=settings.chat_model is None,
        generation=live.generation if live else None,
        documents=live.documents if live else None,
        published_at=live.published_at if live else None,
    )


@router.get("/api/suggestions", summary="Suggest questions", responses=problem_responses(401, 403, 429, 503, 504))
async def suggestions(api: Api, _: MayRead) -> SuggestionsResponse:
    """Up to six questions that the content answers, the same as long as a generation is live."""
    generation, questions = await api.threads.run(api.suggester.suggest)
    return SuggestionsResponse(suggestions=list(questions), generation=generation)
