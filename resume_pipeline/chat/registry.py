"""Chat models by name: ``provider:model``."""

from resume_pipeline.chat.base import ChatModel
from resume_pipeline.chat.openai_chat import OpenAIChatModel
from resume_pipeline.errors import ConfigurationError


def load_chat_model(name: str, *, api_key: str = "", base_url: str | None = None) -> ChatModel:
    """The chat model of a name. Nothing is sent to it.

    Raises:
        ConfigurationError: there is no such provider, or its key is missing.
    """
    provider, _, model = name.partition(":")
    if provider != "openai" or not model:
        raise ConfigurationError(
            f"RESUME_CHAT_MODEL: {name!r} is no chat model; expected openai:MODEL, as in openai:gpt-4o-mini (with "
            "OPENAI_BASE_URL for every server that speaks OpenAI's API)."
        )
    return OpenAIChatModel(model, api_key=api_key, base_url=base_url)
