"""POST /api/ask: a question, and an answer from the content, whole or as it comes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response, StreamingResponse

from resume_pipeline.api import middleware
from resume_pipeline.api.answers import ask_response, citation_out, server_sent_event, sources_event
from resume_pipeline.api.context import Api, Context
from resume_pipeline.api.event_stream import EventThread
from resume_pipeline.api.problems import problem, refused
from resume_pipeline.api.questions import checked_question, parsed_filters
from resume_pipeline.api.schemas import AskRequest, AskResponse
from resume_pipeline.domain.answers import AnswerDone, AnswerEvent, CitationFound, SourcesFound, TextAdded, Turn

router = APIRouter(tags=["ask"])
logger = logging.getLogger("resume_pipeline.api")
KEEP_ALIVE_SECONDS = 10
STREAM_RESPONSE: dict[str, Any] = {
    "text/event-stream": {"schema": {"type": "string"}, "example": 'event: text\ndata: {"text": "She led "}\n\n'}
}


@router.post("/api/ask", summary="Ask", response_model=AskResponse, responses={200: {"content": STREAM_RESPONSE}})
async def ask(asked: AskRequest, api: Api, accept: Annotated[str, Header()] = "") -> Response:
    """An answer from the live generation, with citations that were checked."""
    question, filters = checked_question(asked.question, api.settings), parsed_filters(asked.where)
    history = [Turn(turn.question, turn.answer) for turn in asked.history]

    def events() -> Iterator[AnswerEvent]:
        return api.parts.answerer.stream(question, history=history, filters=filters)

    thread = EventThread(events)
    if "text/event-stream" in accept:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_stream(thread), media_type="text/event-stream", headers=headers)
    return JSONResponse((await _whole(thread, api)).model_dump(mode="json"), headers={"Cache-Control": "no-store"})


async def _whole(thread: EventThread[AnswerEvent], api: Context) -> AskResponse:
    try:
        async with asyncio.timeout(api.settings.answer_seconds + 5):
            async for event in thread.events(every_seconds=KEEP_ALIVE_SECONDS):
                if isinstance(event, AnswerDone):
                    return ask_response(event.answer, None)
    finally:
        thread.close()
    raise AssertionError("an answer ends with AnswerDone")


async def _stream(thread: EventThread[AnswerEvent]) -> AsyncIterator[bytes]:
    try:
        async for event in thread.events(every_seconds=KEEP_ALIVE_SECONDS):
            yield _shown(event)
    except Exception as error:  # the status is sent already: the rest of the stream says it
        logger.warning("%s: %s", type(error).__name__, error)
        yield server_sent_event("error", problem(refused(error), "/api/ask", middleware.current_request_id.get()))
    finally:
        thread.close()


def _shown(event: AnswerEvent | None) -> bytes:
    match event:
        case None:
            return b": keep-alive\n\n"
        case SourcesFound():
            return server_sent_event("sources", sources_event(event))
        case CitationFound(citation):
            return server_sent_event("citation", citation_out(citation))
        case TextAdded(text):
            return server_sent_event("text", {"text": text})
        case AnswerDone(answer):
            return server_sent_event("done", ask_response(answer, None))
