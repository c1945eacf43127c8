"""POST /api/ask: a question, and an answer from the content, whole or as it comes; POST /api/feedback."""

import time
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response

from resume_pipeline.api import logs
from resume_pipeline.api.access import MayAsk
from resume_pipeline.api.answer_run import TICK_SECONDS, AnswerRun, begin
from resume_pipeline.api.answers import ask_response, shown_event
from resume_pipeline.api.context import Api
from resume_pipeline.api.event_stream import EventStreamResponse, EventThread, logger
from resume_pipeline.api.problems import JSON_ONLY, Refused, problem, problem_responses, refused
from resume_pipeline.api.questions import checked_question, parsed_filters
from resume_pipeline.api.schemas import AskRequest, AskResponse, FeedbackRequest
from resume_pipeline.domain.answers import AnswerDone, AnswerEvent, Turn
from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.storage.engine import driver_errors
from resume_pipeline.storage.query_log import Rated, rate_answer

router = APIRouter(tags=["ask"], dependencies=[JSON_ONLY])
KEEP_ALIVE_SECONDS = 10.0
EXAMPLE = (
    'event: sources\ndata: {"generation":3,"model":"extractive","sources":[]}\n\n'
    'event: text\ndata: {"text":"She led the migration."}\n\n'
)
STREAM: dict[str, Any] = {"text/event-stream": {"schema": {"type": "string"}, "example": EXAMPLE}}


@router.post(
    "/api/ask",
    summary="Ask",
    response_model=AskResponse,
    responses={200: {"content": STREAM}, **problem_responses(401, 403, 413, 415, 422, 429, 503, 504)},
)
async def ask(
    asked: AskRequest,
    asker: MayAsk,
    api: Api,
    request: Request,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Answer a question from the live generation, with citations that were checked.

    With `Accept: text/event-stream` the answer comes as events: `sources`, then `citation` and `text` (a citation
    before the text that refers to it), then `done` with what is otherwise the whole body, or `error` with a problem
    document. Lines that begin with a colon keep the connection alive.
    """
    question, filters = checked_question(asked.question, api.settings), parsed_filters(asked.where)
    history = [Turn(without_unsound(turn.question), without_unsound(turn.answer)) for turn in asked.history]
    run = await begin(api, asker, question, history, filters)
    thread = run.start()
    try:
        if "text/event-stream" not in accept.lower():
            answer = await _whole(run, thread, request)
            return JSONResponse(answer.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
        events = _until_interrupted(run, thread)
        first = await _first(events)
    except BaseException:
        thread.close()
        raise
    return EventStreamResponse(_stream(run, first, events), thread.close)


async def _until_interrupted(run: AnswerRun, thread: EventThread[AnswerEvent]) -> AsyncIterator[AnswerEvent | None]:
    async for event in thread.events(every_seconds=TICK_SECONDS):
        yield event
        interruption = None if isinstance(event, AnswerDone) else run.interruption()
        if interruption is not None:
            raise interruption


async def _first(events: AsyncIterator[AnswerEvent | None]) -> AnswerEvent:
    """The first event; what goes wrong before it still has a status of its own."""
    async for event in events:
        if event is not None:
            return event
    raise AssertionError("an answer ends with AnswerDone")


async def _whole(run: AnswerRun, thread: EventThread[AnswerEvent], request: Request) -> AskResponse:
    try:
        async for event in _until_interrupted(run, thread):
            if isinstance(event, AnswerDone):
                return ask_response(event.answer, run.answer_id)
            if event is None and await request.is_disconnected():
                raise Refused(503, "The client went away.")
    finally:
        thread.close()
    raise AssertionError("an answer ends with AnswerDone")


async def _stream(run: AnswerRun, first: AnswerEvent, rest: AsyncIterator[AnswerEvent | None]) -> AsyncIterator[bytes]:
    yield shown_event(first, run.answer_id)
    written = time.monotonic()
    try:
        async for event in rest:
            if event is not None or time.monotonic() - written >= KEEP_ALIVE_SECONDS:
                yield shown_event(event, run.answer_id)
                written = time.monotonic()
    except Exception as error:  # the status is sent already: the rest of the stream says it
        logger.warning("%s: %s", type(error).__name__, error)
        yield shown_event(problem(refused(error), "/api/ask", logs.request_id.get() or ""), None)


@router.post(
    "/api/feedback",
    summary="Rate an answer",
    status_code=204,
    responses=problem_responses(401, 403, 404, 409, 413, 415, 422, 429, 503, 504),
)
async def feedback(given: FeedbackRequest, _: MayAsk, api: Api) -> Response:
    """Say whether an answer helped. Who has its `id` may do so, and change their mind once."""
    comment = without_unsound(given.comment) if given.comment else None

    def work() -> Rated:
        with driver_errors(), api.parts.sessions.begin() as session:
            return rate_answer(session, uuid.UUID(given.id), given.rating, comment)

    rated = await api.threads.run(work)
    if rated == "unknown":
        raise Refused(404, "There is no answer with this id.")
    if rated == "final":
        raise Refused(409, "What was said of this answer was changed already.")
    return Response(status_code=204)
