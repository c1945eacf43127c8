"""The tables, as SQLAlchemy maps them.

A column's meaning is its comment, which Postgres keeps too. Add a table or column here together with a migration; a
test holds the two against each other. Model partitions of ``chunk_embeddings`` and their indexes are made by
``storage.embedding_models`` and ``storage.vector_index``, not by a migration. The tables of the lexical index are in
``storage.lexical_models``, those of what embedding costs in ``storage.spending_models``, those of who asked and what in
``storage.serving_models``.
"""

import datetime as dt
import uuid
from typing import Any

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from resume_pipeline.storage.base import Base as Base
from resume_pipeline.storage.lexical_models import LexicalChunk as LexicalChunk
from resume_pipeline.storage.serving_models import ApiKey as ApiKey
from resume_pipeline.storage.serving_models import ApiUsage as ApiUsage
from resume_pipeline.storage.serving_models import QueryLog as QueryLog
from resume_pipeline.storage.spending_models import EmbeddingBatch as EmbeddingBatch
from resume_pipeline.storage.spending_models import EmbeddingBatchInput as EmbeddingBatchInput
from resume_pipeline.storage.spending_models import EmbeddingSpending as EmbeddingSpending


class EmbeddingModel(Base):
    """A model whose vectors are stored, each in a partition of its own."""

    __tablename__ = "embedding_models"
    __table_args__ = (
        CheckConstraint("dimensions > 0", name="dimensions_positive"),
        {"comment": "Embedding models whose vectors are stored; a vector is only compared with vectors of its model"},
    )

    embedding_model_id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True, comment="Provider and model, as in local:wordllama-256")
    dimensions: Mapped[int] = mapped_column(Integer, comment="Numbers in one vector")
    canary: Mapped[Any] = mapped_column(
        VECTOR(),
        comment="Vector of a fixed text, made when the model was registered: proves it is still the same model",
    )
    index_settings: Mapped[dict[str, Any]] = mapped_column(
        JSONB,
        server_default=text("'{}'::jsonb"),
        comment="How the vector index was built and measured: kind, ef_search or probes, recall, vectors",
    )
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Document(Base):
    """One version of one source file, parsed; immutable but for the two generations."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("retired_in IS NULL OR retired_in > published_in", name="retired_after_published"),
        Index("ix_documents_source_path", "source_path"),
        Index("ix_documents_live", "document_id", postgresql_where=text("retired_in IS NULL")),
        Index(
            "ix_documents_metadata", "metadata", postgresql_using="gin", postgresql_ops={"metadata": "jsonb_path_ops"}
        ),
        {"comment": "Versions of source files; visible at generation g when published_in <= g < retired_in"},
    )

    document_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_path: Mapped[str] = mapped_column(Text, comment="POSIX path below the content root")
    bytes_sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="sha256 of the file's bytes")
    recipe: Mapped[str] = mapped_column(Text, comment="Parser version and chunk limits this version is cut with")
    title: Mapped[str] = mapped_column(Text, comment="Front matter, else first heading, else the file's name")
    body: Mapped[str] = mapped_column(Text, comment="The whole file as sound text, front matter included")
    document_metadata: Mapped[dict[str, Any]] = mapped_column(
        "metadata", JSONB, comment="Front matter, known keys under their canonical names"
    )
    problems: Mapped[list[Any]] = mapped_column(JSONB, comment="Warnings of the parser: line, reason")
    published_in: Mapped[int | None] = mapped_column(Integer, comment="First generation it is visible in")
    retired_in: Mapped[int | None] = mapped_column(Integer, comment="First generation it is no longer visible in")
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class SourceFile(Base):
    """What the content root held when it was last read: the candidate for the next generation."""

    __tablename__ = "source_files"
    __table_args__ = (
        Index("ix_source_files_document_id", "document_id"),
        {"comment": "The content root as last read, a row per file; its documents are the candidate generation"},
    )

    source_path: Mapped[str] = mapped_column(Text, primary_key=True, comment="POSIX path below the content root")
    shard_key: Mapped[int] = mapped_column(Integer, comment="31 bits of the path's sha256; modulo the shard count")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    modified_ns: Mapped[int] = mapped_column(BigInteger, comment="mtime in nanoseconds")
    changed_ns: Mapped[int] = mapped_column(BigInteger, comment="ctime in nanoseconds")
    bytes_sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="sha256 of the bytes last read")
    recipe: Mapped[str] = mapped_column(Text, comment="Parser version and chunk limits the file was last read with")
    document_id: Mapped[int | None] = mapped_column(
        ForeignKey("documents.document_id", ondelete="SET NULL"),
        comment="The version wanted in the next generation; null when hidden, empty or never readable",
    )
    skipped_reason: Mapped[str | None] = mapped_column(
        Text, comment="Why the file is not indexed, by its author's wish"
    )
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="Why the bytes last read could not be used")


class DocumentChunk(Base):
    """A passage, addressed by its content and shared by every document version that contains it."""

    __tablename__ = "document_chunks"
    __table_args__ = (
        CheckConstraint("kind IN ('facts', 'body')", name="kind_known"),
        Index("ix_document_chunks_input_hash", "input_hash"),
        {"comment": "Passages, content-addressed: inserted or deleted, never updated"},
    )

    chunk_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, comment="From the sha256 of input and content")
    input_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="sha256 of embedding_input: the key of its vectors")
    kind: Mapped[str] = mapped_column(Text, comment="facts: made from front matter; body: a passage of the text")
    title: Mapped[str] = mapped_column(Text, comment="Title of the document")
    heading_path: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="Headings from the outermost to its own")
    content: Mapped[str] = mapped_column(Text, comment="Clean markdown, for display")
    embedding_input: Mapped[str] = mapped_column(Text, comment="The exact text sent to an embedding model")
    tokens: Mapped[int] = mapped_column(Integer, comment="cl100k_base tokens of content")
    input_tokens: Mapped[int] = mapped_column(Integer, comment="cl100k_base tokens of embedding_input")


class ChunkOccurrence(Base):
    """Where a chunk stands in a document version."""

    __tablename__ = "chunk_occurrences"
    __table_args__ = (
        Index("ix_chunk_occurrences_chunk_id", "chunk_id"),
        {"comment": "Where each chunk stands in each document version"},
    )

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.document_id", ondelete="CASCADE"), primary_key=True)
    chunk_index: Mapped[int] = mapped_column(Integer, primary_key=True, comment="Reading order, from 0")
    chunk_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document_chunks.chunk_id", ondelete="CASCADE"))
    start_line: Mapped[int] = mapped_column(Integer, comment="First line in the file, from 1")
    end_line: Mapped[int] = mapped_column(Integer, comment="Last line in the file, inclusive")


class ChunkEmbedding(Base):
    """The vector of one chunk by one model; one partition per model, so that each has its own dimension and index."""

    __tablename__ = "chunk_embeddings"
    __table_args__ = (
        # The primary key makes a vector unique per chunk and embedding model; the chunk stands first in it, so that
        # deleting a chunk finds its vectors by the same index.
        {
            "comment": "Vectors, one per chunk and embedding model; one partition per model",
            "postgresql_partition_by": "LIST (embedding_model_id)",
        },
    )

    chunk_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("document_chunks.chunk_id", ondelete="CASCADE"), primary_key=True
    )
    embedding_model_id: Mapped[int] = mapped_column(
        ForeignKey("embedding_models.embedding_model_id", ondelete="CASCADE"), primary_key=True
    )
    embedding: Mapped[Any] = mapped_column(VECTOR(), nullable=False, comment="Dimensions are those of the model")


class Generation(Base):
    """A published state of the whole index; exactly one is live."""

    __tablename__ = "generations"
    __table_args__ = (
        CheckConstraint("state IN ('live', 'superseded', 'withdrawn')", name="state_known"),
        Index("uq_generations_live", "state", unique=True, postgresql_where=text("state = 'live'")),
        {"comment": "Published states of the index; visitors see the one that is live"},
    )

    generation: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(
        Text, comment="live: visitors see it; superseded: a later one followed; withdrawn: it was rolled back"
    )
    embedding_model_id: Mapped[int | None] = mapped_column(
        ForeignKey("embedding_models.embedding_model_id", ondelete="SET NULL"),
        comment="Null when its model was removed: it cannot be returned to",
    )
    content_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="sha256 over paths, bytes, recipes and the model")
    source_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="sha256 over paths and bytes alone")
    documents: Mapped[int] = mapped_column(Integer)
    chunks: Mapped[int] = mapped_column(Integer)
    published_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    documents_of: Mapped[int | None] = mapped_column(
        Integer, comment="Made by `models serve`: the generation whose documents it shows with another model"
    )


class RetrievalEvaluation(Base):
    """What the golden questions found in one state of the index, by one mode of search."""

    __tablename__ = "retrieval_evaluations"
    __table_args__ = (
        UniqueConstraint("content_hash", "questions_hash", "recipe", "mode"),
        {"comment": "What the golden questions found in a state of the index; publishing asks for it"},
    )

    retrieval_evaluation_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    content_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="The state, as in generations.content_hash")
    questions_hash: Mapped[bytes] = mapped_column(LargeBinary, comment="sha256 of the questions file")
    recipe: Mapped[str] = mapped_column(Text, comment="How hits were found and ranked")
    mode: Mapped[str] = mapped_column(Text, comment="hybrid, vector or lexical")
    generation: Mapped[int | None] = mapped_column(Integer, comment="The generation searched; null for a candidate")
    questions: Mapped[int] = mapped_column(Integer, comment="Questions in the file")
    answerable: Mapped[int] = mapped_column(Integer, comment="Those that the content answers; shares are of these")
    hit_at_1: Mapped[float] = mapped_column(Float, comment="Share with a relevant passage as the first hit")
    hit_at_5: Mapped[float] = mapped_column(Float, comment="Share with one among the first five")
    hit_at_10: Mapped[float] = mapped_column(Float, comment="Share with one among the first ten")
    mrr_at_10: Mapped[float] = mapped_column(Float, comment="Mean reciprocal rank of the first relevant hit of ten")
    recall_at_10: Mapped[float] = mapped_column(Float, comment="Mean share of the relevant passages among ten hits")
    p50_ms: Mapped[float] = mapped_column(Float, comment="Median milliseconds of a search")
    p95_ms: Mapped[float] = mapped_column(Float, comment="95th percentile of the milliseconds")
    ranks: Mapped[dict[str, Any]] = mapped_column(
        JSONB, comment="Rank of the first relevant hit by question id; null: none among ten"
    )
    failures: Mapped[list[Any]] = mapped_column(JSONB, comment="Questions without a relevant passage among five hits")
    accepted: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="Whether a person let it be published below the bar"
    )
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
