"""What the page needs beside answers: GET /api/site and GET /api/suggestions."""

from fastapi import APIRouter

from resume_pipeline.api.context import Api
from resume_pipeline.api.schemas import SiteResponse, SuggestionsResponse
from resume_pipeline.errors import PublishError
from resume_pipeline.storage.documents_shown import shown_documents
from resume_pipeline.storage.engine import driver_errors
from resume_pipeline.storage.generations import live_generation

router = APIRouter(tags=["page"])


@router.get("/api/site", summary="Describe the site")
async def site(api: Api) -> SiteResponse:
    """What the page shows around the answers, and what it may ask."""
    settings = api.settings

    def work() -> int | None:
        with driver_errors(), api.parts.sessions() as session:
            live = live_generation(session)
        return live.generation if live is not None else None

    return SiteResponse(
        title=settings.site_title,
        person=settings.person,
        accent=settings.accent,
        public=settings.public != "off",
        max_question_characters=settings.max_question_characters,
        quoted=settings.chat_model is None,
        generation=await api.threads.run(work),
    )


@router.get("/api/suggestions", summary="Suggest questions")
async def suggestions(api: Api) -> SuggestionsResponse:
    """Up to six questions that the content answers, the same as long as a generation is live."""

    def work() -> SuggestionsResponse:
        with driver_errors(), api.parts.sessions() as session:
            live = live_generation(session)
            if live is None:
                raise PublishError("Nothing is published yet.")
            documents = shown_documents(session, live.generation, limit=6)
        return SuggestionsResponse(
            suggestions=[f"What is {document.title} about?" for document in documents], generation=live.generation
        )

    return await api.threads.run(work)
