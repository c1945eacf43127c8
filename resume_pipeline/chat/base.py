"""What a chat model must do here: answer messages with a text, whole or piece by piece, within a time."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; instructions are ``system``, and content is never in them."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ChatUsage:
    """Tokens of one request, as the server counts them."""

    prompt_tokens: int
    completion_tokens: int


class ChatModel(Protocol):
    """A chat model. ``name`` has provider and model, as in ``openai:gpt-4o-mini``."""

    name: str

    def complete(self, messages: Sequence[Message], *, max_tokens: int, timeout_seconds: float) -> str:
        """The model's answer, without surrounding white space; never empty.

        Raises:
            ChatAccessError: key, quota, model or address is wrong.
            ChatUnavailableError: no answer came in time, or none that can be used.
        """
        ...

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, timeout_seconds: float
    ) -> Generator[str | ChatUsage, None, None]:
        """The model's answer in pieces as they come, then its usage where the server tells it.

        ``timeout_seconds`` bounds the whole answer. Closing the generator closes the connection.

        Raises:
            ChatAccessError: key, quota, model or address is wrong.
            ChatUnavailableError: the answer did not come, broke off, or was not complete in time.
        """
        ...
