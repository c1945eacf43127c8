"""The tables of who asked, and what: the query log, API keys and what was used of them.

As in ``storage.models``, where the others stand: a change comes together with a migration.
"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from resume_pipeline.storage.base import Base


class QueryLog(Base):
    """One question asked, and what was found for it."""

    __tablename__ = "query_logs"
    __table_args__ = (
        Index("ix_query_logs_asked_at", "asked_at"),
        CheckConstraint("answer_state IN ('answered', 'declined', 'failed')", name="answer_state_known"),
        CheckConstraint("rating IN ('up', 'down')", name="rating_known"),
        {"comment": "Questions asked, with the hits they got"},
    )

    query_log_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    question: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text, comment="hybrid, vector or lexical")
    filters: Mapped[list[str]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb"), comment="What the search was narrowed to, as in company=Acme"
    )
    generation: Mapped[int | None] = mapped_column(Integer, comment="The generation that was searched")
    embedding_model_id: Mapped[int | None] = mapped_column(
        ForeignKey("embedding_models.embedding_model_id", ondelete="SET NULL")
    )
    hits: Mapped[list[Any]] = mapped_column(JSONB, comment="Paths, chunk indexes and scores, best first")
    milliseconds: Mapped[float] = mapped_column(Float)
    visitor: Mapped[str | None] = mapped_column(
        Text, comment="Keyed hash of who asked; null when nobody was told apart"
    )
    source: Mapped[str] = mapped_column(
        Text, server_default=text("'cli'"), comment="Where it was asked: cli, api or page"
    )
    coverage: Mapped[float | None] = mapped_column(
        Float, comment="Share of the question's words, rare ones weighing more, that stand in the best hit"
    )
    answer_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, unique=True, comment="Random; who has it may rate the answer. Null for a search"
    )
    answer_state: Mapped[str | None] = mapped_column(
        Text, comment="answered; declined: the content does not say; failed: it broke off. Null for a search"
    )
    reason: Mapped[str | None] = mapped_column(Text, comment="Why it was declined or failed")
    answer_model: Mapped[str | None] = mapped_column(Text, comment="What wrote the answer: a chat model, or extractive")
    prompt_tokens: Mapped[int | None] = mapped_column(Integer)
    completion_tokens: Mapped[int | None] = mapped_column(Integer)
    cost_usd: Mapped[Decimal | None] = mapped_column(
        Numeric(20, 12), comment="Null when the price was not known, and for a search"
    )
    dropped: Mapped[int | None] = mapped_column(Integer, comment="Statements not shown, because nothing supported them")
    citations: Mapped[list[Any] | None] = mapped_column(JSONB, comment="Paths and lines that the answer cited")
    rating: Mapped[str | None] = mapped_column(Text, comment="What a reader thinks of the answer: up or down")
    rating_comment: Mapped[str | None] = mapped_column(Text)
    ratings: Mapped[int | None] = mapped_column(Integer, comment="How often it was rated; it may be changed once")


class ApiKey(Base):
    """Somebody who may use the API; the key itself is not kept."""

    __tablename__ = "api_keys"
    __table_args__ = ({"comment": "Keys of the API, by the hash of their secret; they are revoked, not deleted"},)

    key_id: Mapped[str] = mapped_column(Text, primary_key=True, comment="The readable part of the key")
    name: Mapped[str] = mapped_column(Text, comment="Whom or what it is for")
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="sha256 of the secret part, which is random")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="search, ask, documents, metrics, or * for all")
    rate: Mapped[str | None] = mapped_column(Text, comment="Requests in a time, as in 60/minute; null: any number")
    questions_per_day: Mapped[int | None] = mapped_column(Integer, comment="Searches and answers on a day (UTC)")
    budget_usd_per_day: Mapped[Decimal | None] = mapped_column(
        Numeric(20, 12), comment="What its answers may cost on a day (UTC)"
    )
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True), comment="Null: never")
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True), comment="Null: it is valid")
    last_used_on: Mapped[dt.date | None] = mapped_column(Date, comment="The day (UTC) it was last used")


class ApiUsage(Base):
    """What one asker used on one day; all processes count here."""

    __tablename__ = "api_usage"
    __table_args__ = ({"comment": "Questions and money by day and asker, shared by all processes"},)

    day: Mapped[dt.date] = mapped_column(Date, primary_key=True, comment="In UTC")
    asker: Mapped[str] = mapped_column(
        Text, primary_key=True, comment="key:ID, visitor:HASH, or public for all visitors together"
    )
    questions: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    reserved_usd: Mapped[Decimal] = mapped_column(
        Numeric(20, 12), server_default=text("0"), comment="Set aside for answers that are being written"
    )
    spent_usd: Mapped[Decimal] = mapped_column(Numeric(20, 12), server_default=text("0"))
