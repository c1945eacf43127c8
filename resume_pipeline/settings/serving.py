"""The settings of answers, the HTTP API and the page."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints
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
    host: str = Field("127.0.0.1", alias="RESUME_HOST", min_length=1)
    port: int = Field(8000, alias="RESUME_PORT", ge=0, le=65_535)
    workers: int = Field(1, alias="RESUME_WORKERS", ge=1, le=64)
    public: Literal["page", "off"] | None = Field(None, alias="RESUME_PUBLIC")
    visitor_rate: str = Field("20/minute", alias="RESUME_VISITOR_RATE")
    visitor_daily: int = Field(200, alias="RESUME_VISITOR_DAILY", ge=0)
    public_budget_usd_per_day: Decimal = Field(Decimal(1), alias="RESUME_PUBLIC_BUDGET_USD_PER_DAY", ge=0)
    rate_limit_url: SecretStr | None = Field(None, alias="RESUME_RATE_LIMIT_URL")
    search_threads: int = Field(6, alias="RESUME_SEARCH_THREADS", ge=1, le=64)
    max_answers: int = Field(8, alias="RESUME_MAX_ANSWERS", ge=1, le=256)
    request_seconds: float = Field(15, alias="RESUME_REQUEST_SECONDS", gt=0)
    max_body_kb: int = Field(64, alias="RESUME_MAX_BODY_KB", ge=1, le=10_000)
    cors_origins: str | None = Field(None, alias="RESUME_CORS_ORIGINS")
    trusted_proxies: str | None = Field(None, alias="RESUME_TRUSTED_PROXIES")
    metrics: Literal["key", "public"] = Field("key", alias="RESUME_METRICS")
    shutdown_seconds: int = Field(10, alias="RESUME_SHUTDOWN_SECONDS", ge=1, le=600)
