"""The settings of the index: where it is, what it is made of and by which models, and when; with those of serving."""

import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.fusion import FusionMethod
from resume_pipeline.embedding.prices import parse_prices
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.retrieval.cross_encoder import DEFAULT_CROSS_ENCODER
from resume_pipeline.retrieval.reranking import RerankerName
from resume_pipeline.settings.cron import checked_cron
from resume_pipeline.settings.serving import ServingSettings

VectorIndexKind = Literal["auto", "exact", "hnsw", "ivfflat"]

OPENAI_DEFAULT_MODEL = "openai:text-embedding-3-small"


def _below_root(path: Path) -> Path:
    return path if path.is_absolute() else PROJECT_ROOT / path


ProjectPath = Annotated[Path, AfterValidator(_below_root)]
"""A path; a relative one starts at the project root, because Dagster's run workers have other working directories."""


class Settings(ServingSettings):
    """Everything that can be set, typed, with its default. Secrets do not show in ``repr``."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: SecretStr | None = Field(None, alias="DATABASE_URL")
    migration_database_url: SecretStr | None = Field(None, alias="MIGRATION_DATABASE_URL")
    content_root: ProjectPath = Field(Path("content"), alias="RESUME_CONTENT_ROOT")
    state_dir: ProjectPath = Field(Path(".resume-pipeline"), alias="RESUME_STATE_DIR")
    dagster_home: Path | None = Field(None, alias="DAGSTER_HOME")
    openai_api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(None, alias="OPENAI_BASE_URL", repr=False)
    embedding_model: str = Field("local:wordllama-256", alias="RESUME_EMBEDDING_MODEL")
    embedding_concurrency: int = Field(8, alias="RESUME_EMBEDDING_CONCURRENCY", ge=1, le=64)
    embedding_timeout_seconds: float = Field(60, alias="RESUME_EMBEDDING_TIMEOUT_SECONDS", gt=0)
    embedding_retry_seconds: float = Field(600, alias="RESUME_EMBEDDING_RETRY_SECONDS", ge=0)
    embedding_deadline_seconds: float | None = Field(None, alias="RESUME_EMBEDDING_DEADLINE_SECONDS", gt=0)
    embedding_max_input_tokens: int = Field(8191, alias="RESUME_EMBEDDING_MAX_INPUT_TOKENS", ge=1)
    fill_models: str | None = Field(None, alias="RESUME_FILL_MODELS")
    embedding_lane: Literal["auto", "direct", "batch"] = Field("direct", alias="RESUME_EMBEDDING_LANE")
    batch_min_inputs: int = Field(50_000, alias="RESUME_BATCH_MIN_INPUTS", ge=1)
    batch_deadline_hours: float = Field(26, alias="RESUME_BATCH_DEADLINE_HOURS", gt=0)
    prices: str | None = Field(None, alias="RESUME_PRICES")
    budget_usd: Decimal | None = Field(None, alias="RESUME_BUDGET_USD", ge=0)
    budget_usd_per_day: Decimal | None = Field(None, alias="RESUME_BUDGET_USD_PER_DAY", ge=0)
    chunk_tokens: int = Field(300, alias="RESUME_CHUNK_TOKENS", ge=16, le=8000)
    chunk_max_tokens: int | None = Field(None, alias="RESUME_CHUNK_MAX_TOKENS", ge=16, le=8000)
    chunk_overlap: int = Field(0, alias="RESUME_CHUNK_OVERLAP", ge=0, le=4000)
    reranker: RerankerName = Field("feature", alias="RESUME_RERANKER")
    fusion: FusionMethod = Field("convex", alias="RESUME_FUSION")
    cross_encoder: str = Field(DEFAULT_CROSS_ENCODER, alias="RESUME_CROSS_ENCODER", min_length=1)
    rerank_seconds: float = Field(5, alias="RESUME_RERANK_SECONDS", gt=0)
    text_search: str = Field("english", alias="RESUME_TEXT_SEARCH", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    vector_index: VectorIndexKind = Field("auto", alias="RESUME_VECTOR_INDEX")
    exact_index_limit: int = Field(20_000, alias="RESUME_EXACT_INDEX_LIMIT", ge=0)
    index_recall: float = Field(0.95, alias="RESUME_INDEX_RECALL", gt=0, le=1)
    min_coverage: float = Field(0.9, alias="RESUME_MIN_COVERAGE", ge=0, le=1)
    min_hit_at_5: float = Field(0.8, alias="RESUME_MIN_HIT_AT_5", ge=0, le=1)
    max_quality_drop: float = Field(0.05, alias="RESUME_MAX_QUALITY_DROP", ge=0, le=1)
    query_log: Literal["on", "off"] = Field("on", alias="RESUME_QUERY_LOG")
    query_log_days: int = Field(90, alias="RESUME_QUERY_LOG_DAYS", ge=1)
    secret_key: SecretStr | None = Field(None, alias="RESUME_SECRET_KEY", min_length=16)
    max_loss_share: float = Field(0.25, alias="RESUME_MAX_LOSS_SHARE", ge=0, le=1)
    max_file_mb: float = Field(10, alias="RESUME_MAX_FILE_MB", gt=0)
    writer_timeout_seconds: float = Field(600, alias="RESUME_WRITER_TIMEOUT_SECONDS", ge=0)
    max_staleness_hours: float = Field(24, alias="RESUME_MAX_STALENESS_HOURS", gt=0)
    failure_webhook: SecretStr | None = Field(None, alias="RESUME_FAILURE_WEBHOOK")
    keep_generations: int = Field(10, alias="RESUME_KEEP_GENERATIONS", ge=1)
    keep_days: int = Field(30, alias="RESUME_KEEP_DAYS", ge=0)
    maintenance_cron: str = Field("30 3 * * *", alias="RESUME_MAINTENANCE_CRON")
    schedule_cron: str = Field("0 * * * *", alias="RESUME_SCHEDULE_CRON")
    schedule_timezone: str = Field("UTC", alias="RESUME_SCHEDULE_TIMEZONE")
    sensor_interval_seconds: int = Field(60, alias="RESUME_SENSOR_INTERVAL_SECONDS", ge=5)
    automation: Literal["stopped", "running"] = Field("stopped", alias="RESUME_AUTOMATION")

    @model_validator(mode="before")
    @classmethod
    def _key_chooses_the_model(cls, values: dict[str, Any]) -> dict[str, Any]:
        """With a key and no model, OpenAI's small model is meant."""
        names = {str(name).lower() for name, value in values.items() if value}
        if "openai_api_key" in names and not names & {"resume_embedding_model", "embedding_model"}:
            return {**values, "RESUME_EMBEDDING_MODEL": OPENAI_DEFAULT_MODEL}
        return values

    @field_validator("openai_base_url")
    @classmethod
    def _base_url_is_for_http(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^\s/]+", value):
            raise ValueError("a URL like http://localhost:11434/v1, or unset for OpenAI's own")
        return value

    @field_validator("failure_webhook")
    @classmethod
    def _webhook_is_for_http(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.match(r"https?://[^\s/]+", value.get_secret_value()):
            raise ValueError("a URL like https://hooks.example.org/…, or unset")
        return value

    @field_validator("embedding_model")
    @classmethod
    def _model_has_a_provider(cls, value: str) -> str:
        provider, _, name = value.partition(":")
        if not provider or not name:
            raise ValueError("a provider and a model with a colon between them, as in local:wordllama-256")
        return value

    @field_validator("fill_models")
    @classmethod
    def _every_model_has_a_provider(cls, value: str | None) -> str | None:
        for name in (value or "").split(","):
            if name.strip():
                cls._model_has_a_provider(name.strip())
        return value

    @field_validator("prices")
    @classmethod
    def _prices_are_sound(cls, value: str | None) -> str | None:
        try:
            parse_prices(value or "")
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("schedule_cron", "maintenance_cron")
    @classmethod
    def _cron_is_sound(cls, value: str) -> str:
        return checked_cron(value)

    @field_validator("schedule_timezone")
    @classmethod
    def _timezone_is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (LookupError, ValueError, OSError) as error:
            raise ValueError("a name of the IANA time zone database, as in UTC or Europe/Berlin") from error
        return value

    @field_validator("database_url", "migration_database_url", mode="before")
    @classmethod
    def _url_is_for_postgres(cls, value: Any) -> Any:
        if isinstance(value, str) and not value.startswith(("postgresql", "postgres:")):
            raise ValueError("a URL like postgresql://USER:PASSWORD@HOST:5432/DATABASE, or unset for the embedded one")
        return value

    @model_validator(mode="after")
    def _chunk_limits_agree(self) -> "Settings":
        try:
            _ = self.chunk_limits
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return self

    @property
    def chunk_limits(self) -> ChunkLimits:
        """The three chunk settings as one value; the hard maximum is 5/3 of the target unless set."""
        maximum = self.chunk_max_tokens or max(self.chunk_tokens * 5 // 3, 16)
        return ChunkLimits(self.chunk_tokens, maximum, self.chunk_overlap)

    @property
    def models_to_fill(self) -> list[str]:
        """The models that are kept filled beside the one that is served."""
        return [name.strip() for name in (self.fill_models or "").split(",") if name.strip()]

    @property
    def max_file_bytes(self) -> int:
        """The size limit of one source file, in bytes."""
        return int(self.max_file_mb * 1_000_000)


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        ConfigurationError: a value is wrong; the message names each variable, its value (never a secret's) and what is
            allowed.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # aliases are read from the environment
    except ValidationError as error:
        raise ConfigurationError("\n".join(_explain(problem) for problem in error.errors())) from None


def _explain(problem: Any) -> str:
    name = (
        str(problem["loc"][0])
        if problem["loc"]
        else "RESUME_CHUNK_TOKENS, RESUME_CHUNK_MAX_TOKENS, RESUME_CHUNK_OVERLAP"
    )
    secret = any(part in name for part in ("URL", "KEY", "WEBHOOK"))
    allowed = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return f"{name}: {allowed}"
    shown = "the value (not shown, it may hold a password)" if secret else repr(problem["input"])
    return f"{name}: {shown} is not allowed; expected: {allowed}."
