"""Problem documents (RFC 9457): how every refusal and failure looks over HTTP.

``Refused`` is what routes raise themselves; errors of the project get their status from the tree in ``errors``. What is
said to a caller never holds a URL, a statement or a key: those details are for the log.
"""

import http
import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from resume_pipeline import errors

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 30
logger = logging.getLogger("resume_pipeline.api")


class Problem(BaseModel):
    """What went wrong, in the form of RFC 9457."""

    type: str = Field("about:blank", description="What kind of problem it is.", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no document notes/none.md in the live generation."])
    instance: str = Field(description="The path that was asked for.", examples=["/api/documents/notes/none.md"])
    request_id: str = Field(description="Names this request in the server's log.")
    errors: list[dict[str, Any]] | None = Field(None, description="What is wrong with the input, place by place.")


class Refused(Exception):  # noqa: N818  (an outcome, said to a caller)
    """A request that is not answered, and what its caller is told. ``retry_after`` is in seconds."""

    def __init__(
        self, status: int, detail: str, *, retry_after: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))


STATUS: Sequence[tuple[type[errors.ResumePipelineError], int, str | None]] = (
    (errors.InvalidFilterError, 422, None),
    (errors.PublishError, 503, "Nothing is published yet. Try again in a while."),
    (errors.SchemaError, 503, "The database is being prepared. Try again in a while."),
    (errors.DatabaseError, 503, "The database cannot be used now. Try again in a while."),
    (errors.ChatError, 503, "The chat model does not answer now. Try again in a while."),
    (errors.EmbeddingError, 503, "The question cannot be embedded now. Try again in a while."),
    (errors.BudgetExceededError, 503, "What may be spent today is spent. Try again tomorrow."),
)
"""Status and words of an error of ours (None: its own message); the first class that fits. All others are 500."""


def refused(error: Exception) -> Refused:
    """What a caller is told of an error."""
    if isinstance(error, Refused):
        return error
    for kind, status, detail in STATUS:
        if isinstance(error, kind):
            return Refused(status, detail or str(error), retry_after=RETRY_SECONDS if status == 503 else None)
    return Refused(500, "Something went wrong here. The server's log has more under the id of this request.")


def problem(refusal: Refused, path: str, request_id: str, places: Sequence[dict[str, Any]] | None = None) -> Problem:
    """The document of a refusal."""
    title = http.HTTPStatus(refusal.status).phrase
    return Problem(
        type="about:blank",
        title=title,
        status=refusal.status,
        detail=refusal.detail,
        instance=path,
        request_id=request_id,
        errors=list(places) if places is not None else None,
    )


def problem_response(
    refusal: Refused, path: str, request_id: str, places: Sequence[dict[str, Any]] | None = None
) -> JSONResponse:
    """The same as a response."""
    body = problem(refusal, path, request_id, places).model_dump(exclude_none=True)
    return JSONResponse(body, refusal.status, headers=refusal.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of the application a problem document."""

    def respond(request: Request, refusal: Refused, places: Sequence[dict[str, Any]] | None = None) -> JSONResponse:
        return problem_response(refusal, request.url.path, request.state.request_id, places)

    async def ours(request: Request, error: Exception) -> JSONResponse:
        refusal = refused(error)
        if not isinstance(error, Refused) and refusal.status >= 500:
            logger.warning("%s: %s", type(error).__name__, error)
        return respond(request, refusal)

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
        detail = "There is nothing at this address." if error.status_code == 404 else str(error.detail)
        return respond(request, Refused(error.status_code, detail, headers=error.headers))

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for it)
        places = [
            {"pointer": "/" + "/".join(str(part) for part in found["loc"]), "detail": found["msg"]}
            for found in error.errors()
        ]
        return respond(request, Refused(422, "The request is not what this address takes; see `errors`."), places)

    app.add_exception_handler(Refused, ours)
    app.add_exception_handler(errors.ResumePipelineError, ours)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
