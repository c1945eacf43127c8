"""The tables of what embedding costs: spending, and batches under way.

As in ``storage.models``, where the others stand: a change comes together with a migration.
"""

import datetime as dt
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from resume_pipeline.storage.base import Base


class EmbeddingSpending(Base):
    """What one answer of an embedding model cost."""

    __tablename__ = "embedding_spending"
    __table_args__ = (
        CheckConstraint("lane IN ('direct', 'batch')", name="lane_known"),
        Index("ix_embedding_spending_spent_at", "spent_at"),
        Index("ix_embedding_spending_run_id", "run_id"),
        {"comment": "What embedding cost, a row per answer, written together with its vectors"},
    )

    spending_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    spent_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    run_id: Mapped[str] = mapped_column(Text, comment="The run it was spent in: Dagster's id, or a random one")
    embedding_model: Mapped[str] = mapped_column(Text, comment="The model's name, which may be removed meanwhile")
    lane: Mapped[str] = mapped_column(Text, comment="direct: a request; batch: the Batch API at half the price")
    inputs: Mapped[int] = mapped_column(Integer)
    tokens: Mapped[int] = mapped_column(BigInteger, comment="Tokens the provider charges for")
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(20, 12), comment="Null when the price was not known")


class EmbeddingBatch(Base):
    """A batch submitted to the Batch API."""

    __tablename__ = "embedding_batches"
    __table_args__ = ({"comment": "Batches submitted to the Batch API"},)

    embedding_batch_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    embedding_model_id: Mapped[int] = mapped_column(
        ForeignKey("embedding_models.embedding_model_id", ondelete="CASCADE")
    )
    submission_key: Mapped[str] = mapped_column(
        Text, unique=True, comment="Sent along as metadata: finds a batch again whose id was lost by a kill"
    )
    batch_id: Mapped[str | None] = mapped_column(Text, comment="The provider's id; null until it answered")
    status: Mapped[str] = mapped_column(Text, comment="The provider's word, as last seen")
    requests: Mapped[int] = mapped_column(Integer, comment="Inputs in it, a request each")
    answered: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="Inputs with a vector")
    tokens: Mapped[int] = mapped_column(BigInteger)
    submitted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    deadline_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), comment="From then on its inputs are sent directly"
    )
    ended_at: Mapped[dt.datetime | None] = mapped_column(
        DateTime(timezone=True), comment="Null while it may bring answers"
    )
    problem: Mapped[str | None] = mapped_column(Text, comment="Why inputs of it have no answer")


class EmbeddingBatchInput(Base):
    """An input of a batch that has no answer, under way or left for the direct lane."""

    __tablename__ = "embedding_batch_inputs"
    __table_args__ = ({"comment": "Inputs of batches that have no answer: under way, or left for the direct lane"},)

    input_hash: Mapped[bytes] = mapped_column(
        LargeBinary, primary_key=True, comment="Its hexadecimal form is the custom_id"
    )
    embedding_batch_id: Mapped[int] = mapped_column(
        ForeignKey("embedding_batches.embedding_batch_id", ondelete="CASCADE"), primary_key=True
    )
    tokens: Mapped[int] = mapped_column(Integer)
