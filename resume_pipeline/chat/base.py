"""What a chat model must do here: answer messages with a text, within a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; instructions are ``system``, and content is never in them."""

    role: Literal["system", "user", "assistant"]
    content: str


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
