"""``openai:`` chat models: OpenAI's, and those of every server that speaks its API (OPENAI_BASE_URL)."""

from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

from resume_pipeline.chat.base import ChatUsage, Message
from resume_pipeline.chat.deadline import Deadline
from resume_pipeline.errors import ChatAccessError, ChatError, ChatUnavailableError, ConfigurationError

NO_KEY = "none"
"""Local servers ask for no key, but the client sends one."""

UNAVAILABLE_STATUS = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which the same request can succeed."""


class OpenAIChatModel:
    """``openai:MODEL``. A request is sent once: who asks has a time budget, and a way to do without an answer."""

    def __init__(self, model: str, *, api_key: str = "", base_url: str | None = None) -> None:
        """Nothing is sent yet.

        Raises:
            ConfigurationError: there is no key, and OpenAI needs one.
        """
        if not api_key and base_url is None:
            raise ConfigurationError(
                f"openai:{model} needs a key. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own."
            )
        from openai import OpenAI  # noqa: PLC0415  (0.7 s, and only with this provider)

        self.name = f"openai:{model}"
        self._model = model
        self._client = OpenAI(api_key=api_key or NO_KEY, base_url=base_url, max_retries=0)
        # OpenAI's newer models refuse the older name; older servers know no other.
        self._limit = "max_completion_tokens" if base_url is None else "max_tokens"

    def complete(self, messages: Sequence[Message], *, max_tokens: int, timeout_seconds: float) -> str:
        """The model's answer; see ``ChatModel``. ``timeout_seconds`` bounds connecting and each wait for data."""
        turns: Any = [{"role": message.role, "content": message.content} for message in messages]
        limit: Any = {self._limit: max_tokens}
        try:
            answer = self._client.chat.completions.create(
                model=self._model, messages=turns, timeout=timeout_seconds, **limit
            )
        except Exception as error:
            raise _translated(self.name, error) from None  # its cause may show the request's headers
        text = _text(answer)
        if not text:
            raise ChatUnavailableError(f"{self.name} gave no text.")
        return text

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, timeout_seconds: float
    ) -> Generator[str | ChatUsage, None, None]:
        """The model's answer in pieces; see ``ChatModel``. An answer without its end ("finish_reason") broke off."""
        turns: Any = [{"role": message.role, "content": message.content} for message in messages]
        options: Any = {self._limit: max_tokens, "stream_options": {"include_usage": True}}
        usage, finished = None, False
        with Deadline(timeout_seconds) as deadline:
            try:
                answer: Any = self._client.chat.completions.create(
                    model=self._model, messages=turns, timeout=timeout_seconds, stream=True, **options
                )
                with answer:
                    deadline.guard(answer.response)
                    for chunk in answer:
                        deadline.check()
                        usage = _usage(chunk) or usage
                        piece, ended = _piece(chunk)
                        finished = finished or ended
                        if piece:
                            yield piece
            except Exception as error:
                if deadline.over:
                    raise ChatUnavailableError(f"{self.name} gave no whole answer in time.") from None
                raise _translated(self.name, error) from None
            if deadline.over and not finished:
                raise ChatUnavailableError(f"{self.name} gave no whole answer in time.")
        if not finished:
            raise ChatUnavailableError(f"The answer of {self.name} broke off.")
        if usage is not None:
            yield usage


def _text(answer: Any) -> str:
    # Servers with "the same" API send what they like: anything but a text is no answer.
    try:
        content = answer.choices[0].message.content
    except (AttributeError, IndexError, TypeError):
        return ""
    return content.strip() if isinstance(content, str) else ""


def _piece(chunk: Any) -> tuple[str, bool]:
    """(text, whether the answer ends here) of one event."""
    choices = getattr(chunk, "choices", None)
    if not choices:
        return "", False
    content = getattr(getattr(choices[0], "delta", None), "content", None)
    return content if isinstance(content, str) else "", bool(getattr(choices[0], "finish_reason", None))


def _usage(chunk: Any) -> ChatUsage | None:
    told = getattr(chunk, "usage", None)
    with suppress(AttributeError, TypeError, ValueError):
        return ChatUsage(int(told.prompt_tokens), int(told.completion_tokens)) if told is not None else None
    return None


def _translated(name: str, error: Exception) -> ChatError:
    """The error of this project for one of the client's; it names status and kind, never key or content."""
    import openai  # noqa: PLC0415

    if isinstance(error, openai.APITimeoutError):
        return ChatUnavailableError(f"{name} gave no answer in time.")
    if isinstance(error, openai.APIConnectionError):
        return ChatUnavailableError(f"{name} cannot be reached. Is OPENAI_BASE_URL right, and does the server run?")
    if not isinstance(error, openai.APIStatusError):
        return ChatUnavailableError(f"{name} gave an answer that cannot be read ({type(error).__name__}).")
    return _refused(name, error.status_code, str(error.code or ""))


def _refused(name: str, status: int, code: str) -> ChatError:
    if code == "insufficient_quota":
        return ChatAccessError(f"{name}: the account's quota is used up. Look at the account's billing.")
    if status >= 500 or status in UNAVAILABLE_STATUS:
        return ChatUnavailableError(f"{name} answered with status {status}.")
    if status in (401, 403):
        return ChatAccessError(f"{name} refuses the key (status {status}). Set OPENAI_API_KEY to one that may use it.")
    return ChatAccessError(
        f"{name} refuses the request (status {status}). Is the model's name right, and is it a chat model?"
    )
