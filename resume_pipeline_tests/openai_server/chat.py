"""`POST /v1/chat/completions`: scripted answers, whole or streamed as server-sent events."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from resume_pipeline_tests.openai_server.embeddings import ApiError

DEFAULT_ANSWER = "The content does not say."


class Chat:
    """Answers in the order they were scripted, then the default; keeps every request's body.

    A scripted answer is a text, or {"text", "pause_seconds" before each event, "no_usage"}. ``closed_early`` counts
    streams whose client went away.
    """

    def __init__(self, count_tokens: Callable[[str], int]) -> None:
        self._count = count_tokens
        self._lock = threading.Lock()
        self._answers: deque[Any] = deque()
        self.closed_early = 0
        self.requests: list[dict[str, Any]] = []

    def script(self, answers: list[Any]) -> None:
        """Set the next answers, and forget the requests so far."""
        with self._lock:
            self._answers, self.requests, self.closed_early = deque(answers), [], 0

    def answer(self, body: dict[str, Any]) -> tuple[str, dict[str, int], dict[str, Any]]:
        """The next answer, its usage, and how it is sent."""
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise ApiError(400, "Missing required parameter: 'messages'.", param="messages")
        with self._lock:
            self.requests.append(body)
            scripted = self._answers.popleft() if self._answers else DEFAULT_ANSWER
        how = scripted if isinstance(scripted, dict) else {"text": scripted}
        text = str(how["text"])
        prompt = sum(self._count(str(message.get("content", ""))) for message in messages)
        completion = self._count(text)
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        return text, usage, how

    def whole(self, body: dict[str, Any]) -> bytes:
        """One JSON answer."""
        text, usage, _ = self.answer(body)
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return json.dumps({**_head(body, "chat.completion"), "choices": [choice], "usage": usage}).encode()

    def streamed(self, body: dict[str, Any]) -> Iterator[bytes]:
        """Events of a few characters each; the usage at the end where it was asked for."""
        text, usage, how = self.answer(body)
        head = _head(body, "chat.completion.chunk")
        pieces = [text[start : start + 12] for start in range(0, len(text), 12)]
        deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
        deltas += [({"content": piece}, None) for piece in pieces] + [({}, "stop")]
        for delta, finish in deltas:
            time.sleep(float(how.get("pause_seconds", 0)))
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            yield _event({**head, "choices": [choice]})
        if (body.get("stream_options") or {}).get("include_usage") and not how.get("no_usage"):
            yield _event({**head, "choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"


def _head(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-000000000001", "object": kind, "created": int(time.time()), "model": body.get("model")}


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()
