"""The settings of answers, the HTTP API and the page."""

from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class ServingSettings(BaseSettings):
    """What those who ask see, and what they may. ``Settings`` adds the rest."""

    chat_model: str | None = Field(None, alias="RESUME_CHAT_MODEL")
    answer_tokens: int = Field(700, alias="RESUME_ANSWER_TOKENS", ge=50, le=8000)
    context_tokens: int = Field(3000, alias="RESUME_CONTEXT_TOKENS", ge=200, le=100_000)
    answer_seconds: float = Field(60, alias="RESUME_ANSWER_SECONDS", gt=0)
    content_url: str | None = Field(None, alias="RESUME_CONTENT_URL", pattern=r"^https?://[^\s]+$")
    max_question_characters: int = Field(1000, alias="RESUME_MAX_QUESTION_CHARACTERS", ge=10, le=20_000)
    site_title: Title = Field("Ask my résumé", alias="RESUME_SITE_TITLE")
    person: Title | None = Field(None, alias="RESUME_PERSON")
    accent: str = Field("#2f5bd7", alias="RESUME_ACCENT", pattern=r"^#[0-9a-fA-F]{6}$")
