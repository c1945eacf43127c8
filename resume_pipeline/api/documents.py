"""GET /api/documents: what is published, as it is shown."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from resume_pipeline.api.access import MayRead
from resume_pipeline.api.context import Api
from resume_pipeline.api.problems import Refused, problem_responses
from resume_pipeline.api.schemas import DocumentResponse, DocumentsResponse, DocumentSummary
from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.hashing import sha256_bytes
from resume_pipeline.errors import PublishError
from resume_pipeline.storage.documents_shown import DocumentText, document_text, shown_documents
from resume_pipeline.storage.engine import Session, driver_errors
from resume_pipeline.storage.generations import live_generation

router = APIRouter(tags=["documents"])


IfNoneMatch = Annotated[str, Header(description="The ETag of a copy; 304 when that is still right.")]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The copy named by If-None-Match is still right."}
}
REFUSALS = problem_responses(401, 403, 422, 429, 503, 504)


@router.get(
    "/api/documents",
    summary="List documents",
    response_model=DocumentsResponse,
    responses={**NOT_MODIFIED, **REFUSALS},
)
async def list_documents(
    api: Api,
    _: MayRead,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str, Query(max_length=4000, description="The `next` of the page before.")] = "",
    if_none_match: IfNoneMatch = "",
) -> Response:
    """The documents of the live generation, by path."""

    def work() -> DocumentsResponse:
        with driver_errors(), api.parts.sessions() as session:
            generation = _live(session)
            found = shown_documents(session, generation, after=without_unsound(after), limit=limit + 1)
        shown = [
            DocumentSummary(
                path=one.path, title=one.title, metadata=one.metadata, chunks=one.chunks, url=api.url(one.path)
            )
            for one in found[:limit]
        ]
        following = shown[-1].path if len(found) > limit else None
        return DocumentsResponse(documents=shown, generation=generation, next=following)

    page = await api.threads.run(work)
    place = sha256_bytes(after.encode("utf-8", "replace")).hex()[:16]
    return _tagged(page, f"{page.generation}-{limit}-{place}", if_none_match)


@router.get(
    "/api/documents/{path:path}",
    summary="Read a document",
    response_model=DocumentResponse,
    responses={**NOT_MODIFIED, **problem_responses(404), **REFUSALS},
)
async def read_document(path: str, api: Api, _: MayRead, if_none_match: IfNoneMatch = "") -> Response:
    """One document of the live generation with its text, in which the lines of citations count."""

    def work() -> tuple[int, DocumentText]:
        with driver_errors(), api.parts.sessions() as session:
            generation = _live(session)
            found = document_text(session, generation, path) if without_unsound(path) == path else None
        if found is None:
            raise Refused(404, "There is no such document in the live generation.")
        return generation, found

    generation, found = await api.threads.run(work)
    document = DocumentResponse(
        path=found.path,
        title=found.title,
        metadata=found.metadata,
        text=found.body,
        generation=generation,
        url=api.url(found.path),
    )
    return _tagged(document, f"{generation}-{found.sha256.hex()[:16]}", if_none_match)


def _tagged(body: BaseModel, version: str, if_none_match: str) -> Response:
    """A response that a browser may keep and must ask about: another generation may be live meanwhile."""
    tag = f'W/"{version}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in [given.strip() for given in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    return JSONResponse(body.model_dump(mode="json"), headers=headers)


def _live(session: Session) -> int:
    live = live_generation(session)
    if live is None:
        raise PublishError("Nothing is published yet.")
    return live.generation
