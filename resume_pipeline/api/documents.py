"""GET /api/documents: what is published, as it is shown."""

from typing import Annotated

from fastapi import APIRouter, Query

from resume_pipeline.api.context import Api
from resume_pipeline.api.problems import Refused
from resume_pipeline.api.schemas import DocumentResponse, DocumentsResponse, DocumentSummary
from resume_pipeline.errors import PublishError
from resume_pipeline.storage.documents_shown import document_text, shown_documents
from resume_pipeline.storage.engine import Session, driver_errors
from resume_pipeline.storage.generations import live_generation

router = APIRouter(tags=["documents"])


@router.get("/api/documents", summary="List documents")
async def list_documents(
    api: Api,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str, Query(max_length=4000, description="The `next` of the page before.")] = "",
) -> DocumentsResponse:
    """The documents of the live generation, by path."""

    def work() -> DocumentsResponse:
        with driver_errors(), api.parts.sessions() as session:
            generation = _live(session)
            found = shown_documents(session, generation, after=after, limit=limit + 1)
        shown = [
            DocumentSummary(
                path=one.path, title=one.title, metadata=one.metadata, chunks=one.chunks, url=api.url(one.path)
            )
            for one in found[:limit]
        ]
        following = shown[-1].path if len(found) > limit else None
        return DocumentsResponse(documents=shown, generation=generation, next=following)

    return await api.threads.run(work)


@router.get("/api/documents/{path:path}", summary="Read a document")
async def read_document(path: str, api: Api) -> DocumentResponse:
    """One document of the live generation with its text, in which the lines of citations count."""

    def work() -> DocumentResponse:
        with driver_errors(), api.parts.sessions() as session:
            generation = _live(session)
            found = document_text(session, generation, path)
        if found is None:
            raise Refused(404, "There is no such document in the live generation.")
        return DocumentResponse(
            path=found.path,
            title=found.title,
            metadata=found.metadata,
            text=found.body,
            generation=generation,
            url=api.url(found.path),
        )

    return await api.threads.run(work)


def _live(session: Session) -> int:
    live = live_generation(session)
    if live is None:
        raise PublishError("Nothing is published yet.")
    return live.generation
