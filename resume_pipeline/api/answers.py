"""Answers as they travel: the values of ``domain.answers`` as response bodies and as server-sent events."""

import json
from dataclasses import asdict

from pydantic import BaseModel

from resume_pipeline.api.problems import Problem
from resume_pipeline.api.schemas import AskResponse, CitationOut, Place, SourceOut, SourcesEvent, UsageOut
from resume_pipeline.domain.answers import (
    Answer,
    AnswerDone,
    AnswerEvent,
    Citation,
    CitationFound,
    SourcesFound,
    TextAdded,
)


def shown_event(event: AnswerEvent | Problem | None, answer_id: str | None) -> bytes:
    """An event as it is written; None keeps the connection alive."""
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
            return server_sent_event("done", ask_response(answer, answer_id))
        case Problem():
            return server_sent_event("error", event)


def server_sent_event(name: str, data: BaseModel | dict[str, str]) -> bytes:
    """An event in the form of the HTML standard; its data is one line of JSON."""
    text = (
        data.model_dump_json(exclude_none=isinstance(data, Problem))
        if isinstance(data, BaseModel)
        else json.dumps(data, ensure_ascii=False)
    )
    return f"event: {name}\ndata: {text}\n\n".encode("utf-8", "replace")


def citation_out(citation: Citation) -> CitationOut:
    """A citation as it travels."""
    return CitationOut(**asdict(citation))


def sources_event(found: SourcesFound) -> SourcesEvent:
    """What an answer may be made of, without the texts."""
    names = SourceOut.model_fields
    sources = [SourceOut(**{name: getattr(source, name) for name in names}) for source in found.sources]
    return SourcesEvent(generation=found.generation, model=found.model, sources=sources)


def ask_response(answer: Answer, id_: str | None) -> AskResponse:
    """A whole answer as it travels."""
    return AskResponse(
        id=id_,
        answer=answer.text,
        citations=[citation_out(citation) for citation in answer.citations],
        answered=answer.answered,
        reason=answer.reason,
        nearest=[Place(**asdict(nearest)) for nearest in answer.nearest],
        model=answer.model,
        generation=answer.generation,
        milliseconds=round(answer.milliseconds, 2),
        quoted=answer.quoted,
        dropped=answer.dropped,
        notice=answer.notice,
        usage=UsageOut(**asdict(answer.usage)),
    )
