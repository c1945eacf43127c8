"""The settings of answers, the HTTP API and the page."""

import ipaddress
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints
from pydantic_settings import BaseSettings

from resume_pipeline.domain.rates import checked_rate
from resume_pipeline.errors import ConfigurationError

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Rate = Annotated[str, AfterValidator(checked_rate)]
"""A number of requests in a time, as in 20/minute."""


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
    visitor_rate: Rate = Field("20/minute", alias="RESUME_VISITOR_RATE")
    visitor_daily: int = Field(200, alias="RESUME_VISITOR_DAILY", ge=0)
    public_budget_usd_per_day: Decimal = Field(Decimal(1), alias="RESUME_PUBLIC_BUDGET_USD_PER_DAY", ge=0)
    answer_reserve_usd: Decimal = Field(Decimal("0.02"), alias="RESUME_ANSWER_RESERVE_USD", ge=0)
    rate_limit_url: SecretStr | None = Field(None, alias="RESUME_RATE_LIMIT_URL")
    search_threads: int = Field(6, alias="RESUME_SEARCH_THREADS", ge=1, le=64)
    max_answers: int = Field(8, alias="RESUME_MAX_ANSWERS", ge=1, le=256)
    request_seconds: float = Field(15, alias="RESUME_REQUEST_SECONDS", gt=0)
    max_body_kb: int = Field(64, alias="RESUME_MAX_BODY_KB", ge=1, le=10_000)
    cors_origins: str | None = Field(None, alias="RESUME_CORS_ORIGINS")
    trusted_proxies: str | None = Field(None, alias="RESUME_TRUSTED_PROXIES")
    metrics: Literal["key", "public"] = Field("key", alias="RESUME_METRICS")
    metrics_dir: Path | None = Field(None, alias="PROMETHEUS_MULTIPROC_DIR")
    shutdown_seconds: int = Field(10, alias="RESUME_SHUTDOWN_SECONDS", ge=1, le=600)

    def public_at(self, host: str) -> Literal["page", "off"]:
        """Whether questions are taken without a key by a server that listens on ``host``.

        What only this machine can reach is for whoever sits at it. Anything else is somebody's decision, because then
        strangers ask, and a chat model costs money.

        Raises:
            ConfigurationError: others can reach the address, and RESUME_PUBLIC does not say.
        """
        if self.public is not None:
            return self.public
        if is_loopback(host):
            return "page"
        raise ConfigurationError(
            f"{host} can be reached by others. Say RESUME_PUBLIC=page (anybody may ask, within RESUME_VISITOR_RATE, "
            "RESUME_VISITOR_DAILY and RESUME_PUBLIC_BUDGET_USD_PER_DAY) or RESUME_PUBLIC=off (every question needs a "
            "key of `resume-pipeline keys create`)."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address or host name."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"
