"""Enable pgvector and create the tables of the index.

Revision: 6f1c2a9d4b07, after nothing. Created 2026-11-22 17:15:00 UTC.
"""

from collections.abc import Sequence

import pgvector.sqlalchemy
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "6f1c2a9d4b07"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # The extension stays at downgrade: other things in the database may use it, and dropping it would drop them.
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    _create_document_chunks()
    _create_documents()
    _create_embedding_models()
    _create_chunk_embeddings()
    _create_chunk_occurrences()
    _create_generations()
    _create_source_files()


def _create_document_chunks() -> None:
    op.create_table(
        "document_chunks",
        sa.Column("chunk_id", sa.Uuid(), nullable=False, comment="From the sha256 of input and content"),
        sa.Column(
            "input_hash", sa.LargeBinary(), nullable=False, comment="sha256 of embedding_input: the key of its vectors"
        ),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="facts: made from front matter; body: a passage of the text"
        ),
        sa.Column("title", sa.Text(), nullable=False, comment="Title of the document"),
        sa.Column(
            "heading_path",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="Headings from the outermost to its own",
        ),
        sa.Column("content", sa.Text(), nullable=False, comment="Clean markdown, for display"),
        sa.Column("embedding_input", sa.Text(), nullable=False, comment="The exact text sent to an embedding model"),
        sa.Column("tokens", sa.Integer(), nullable=False, comment="cl100k_base tokens of content"),
        sa.Column("input_tokens", sa.Integer(), nullable=False, comment="cl100k_base tokens of embedding_input"),
        sa.Column(
            "search_vector",
            postgresql.TSVECTOR(),
            nullable=False,
            comment="Lexemes of embedding_input, for lexical search",
        ),
        sa.CheckConstraint("kind IN ('facts', 'body')", name=op.f("ck_document_chunks_kind_known")),
        sa.PrimaryKeyConstraint("chunk_id", name=op.f("pk_document_chunks")),
        comment="Passages, content-addressed: inserted or deleted, never updated",
    )
    op.create_index("ix_document_chunks_input_hash", "document_chunks", ["input_hash"], unique=False)
    op.create_index(
        "ix_document_chunks_search_vector", "document_chunks", ["search_vector"], unique=False, postgresql_using="gin"
    )


def _create_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("document_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_path", sa.Text(), nullable=False, comment="POSIX path below the content root"),
        sa.Column("bytes_sha256", sa.LargeBinary(), nullable=False, comment="sha256 of the file's bytes"),
        sa.Column(
            "recipe", sa.Text(), nullable=False, comment="Parser version and chunk limits this version is cut with"
        ),
        sa.Column("title", sa.Text(), nullable=False, comment="Front matter, else first heading, else the file's name"),
        sa.Column("body", sa.Text(), nullable=False, comment="The whole file as sound text, front matter included"),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Front matter, known keys under their canonical names",
        ),
        sa.Column(
            "problems",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Warnings of the parser: line, reason",
        ),
        sa.Column("published_in", sa.Integer(), nullable=True, comment="First generation it is visible in"),
        sa.Column("retired_in", sa.Integer(), nullable=True, comment="First generation it is no longer visible in"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "retired_in IS NULL OR retired_in > published_in", name=op.f("ck_documents_retired_after_published")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_documents")),
        comment="Versions of source files; visible at generation g when published_in <= g < retired_in",
    )
    op.create_index(
        "ix_documents_live", "documents", ["document_id"], unique=False, postgresql_where=sa.text("retired_in IS NULL")
    )
    op.create_index(
        "ix_documents_metadata",
        "documents",
        ["metadata"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    )
    op.create_index("ix_documents_source_path", "documents", ["source_path"], unique=False)


def _create_embedding_models() -> None:
    op.create_table(
        "embedding_models",
        sa.Column("embedding_model_id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="Provider and model, as in local:wordllama-256"),
        sa.Column("dimensions", sa.Integer(), nullable=False, comment="Numbers in one vector"),
        sa.Column(
            "canary",
            pgvector.sqlalchemy.VECTOR(),
            nullable=False,
            comment="Vector of a fixed text, made when the model was registered: proves it is still the same model",
        ),
        sa.Column(
            "index_settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="How the vector index was built and measured: kind, ef_search or probes, recall, vectors",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("dimensions > 0", name=op.f("ck_embedding_models_dimensions_positive")),
        sa.PrimaryKeyConstraint("embedding_model_id", name=op.f("pk_embedding_models")),
        sa.UniqueConstraint("name", name=op.f("uq_embedding_models_name")),
        comment="Embedding models whose vectors are stored; a vector is only compared with vectors of its model",
    )


def _create_chunk_embeddings() -> None:
    op.create_table(
        "chunk_embeddings",
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("embedding_model_id", sa.Integer(), nullable=False),
        sa.Column(
            "embedding", pgvector.sqlalchemy.VECTOR(), nullable=False, comment="Dimensions are those of the model"
        ),
        sa.ForeignKeyConstraint(
            ["chunk_id"],
            ["document_chunks.chunk_id"],
            name=op.f("fk_chunk_embeddings_chunk_id_document_chunks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"],
            ["embedding_models.embedding_model_id"],
            name=op.f("fk_chunk_embeddings_embedding_model_id_embedding_models"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("chunk_id", "embedding_model_id", name=op.f("pk_chunk_embeddings")),
        comment="Vectors, one per chunk and embedding model; one partition per model",
        postgresql_partition_by="LIST (embedding_model_id)",
    )


def _create_chunk_occurrences() -> None:
    op.create_table(
        "chunk_occurrences",
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("chunk_index", sa.Integer(), nullable=False, comment="Reading order, from 0"),
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("start_line", sa.Integer(), nullable=False, comment="First line in the file, from 1"),
        sa.Column("end_line", sa.Integer(), nullable=False, comment="Last line in the file, inclusive"),
        sa.ForeignKeyConstraint(
            ["chunk_id"],
            ["document_chunks.chunk_id"],
            name=op.f("fk_chunk_occurrences_chunk_id_document_chunks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.document_id"],
            name=op.f("fk_chunk_occurrences_document_id_documents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", "chunk_index", name=op.f("pk_chunk_occurrences")),
        comment="Where each chunk stands in each document version",
    )
    op.create_index("ix_chunk_occurrences_chunk_id", "chunk_occurrences", ["chunk_id"], unique=False)


def _create_generations() -> None:
    op.create_table(
        "generations",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="live: visitors see it; superseded: a later one followed; withdrawn: it was rolled back",
        ),
        sa.Column("embedding_model_id", sa.Integer(), nullable=False),
        sa.Column(
            "content_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="sha256 over paths, bytes, recipes and the model",
        ),
        sa.Column("source_hash", sa.LargeBinary(), nullable=False, comment="sha256 over paths and bytes alone"),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('live', 'superseded', 'withdrawn')", name=op.f("ck_generations_state_known")),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"],
            ["embedding_models.embedding_model_id"],
            name=op.f("fk_generations_embedding_model_id_embedding_models"),
        ),
        sa.PrimaryKeyConstraint("generation", name=op.f("pk_generations")),
        comment="Published states of the index; visitors see the one that is live",
    )
    op.create_index(
        "uq_generations_live", "generations", ["state"], unique=True, postgresql_where=sa.text("state = 'live'")
    )


def _create_source_files() -> None:
    op.create_table(
        "source_files",
        sa.Column("source_path", sa.Text(), nullable=False, comment="POSIX path below the content root"),
        sa.Column(
            "shard_key", sa.Integer(), nullable=False, comment="31 bits of the path's sha256; modulo the shard count"
        ),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False, comment="mtime in nanoseconds"),
        sa.Column("changed_ns", sa.BigInteger(), nullable=False, comment="ctime in nanoseconds"),
        sa.Column("bytes_sha256", sa.LargeBinary(), nullable=False, comment="sha256 of the bytes last read"),
        sa.Column(
            "recipe", sa.Text(), nullable=False, comment="Parser version and chunk limits the file was last read with"
        ),
        sa.Column(
            "document_id",
            sa.BigInteger(),
            nullable=True,
            comment="The version wanted in the next generation; null when hidden, empty or never readable",
        ),
        sa.Column(
            "skipped_reason", sa.Text(), nullable=True, comment="Why the file is not indexed, by its author's wish"
        ),
        sa.Column(
            "error",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="Why the bytes last read could not be used",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.document_id"],
            name=op.f("fk_source_files_document_id_documents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("source_path", name=op.f("pk_source_files")),
        comment="The content root as last read, a row per file; its documents are the candidate generation",
    )
    op.create_index("ix_source_files_document_id", "source_files", ["document_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_source_files_document_id", table_name="source_files")
    op.drop_table("source_files")
    op.drop_index("uq_generations_live", table_name="generations", postgresql_where=sa.text("state = 'live'"))
    op.drop_table("generations")
    op.drop_index("ix_chunk_occurrences_chunk_id", table_name="chunk_occurrences")
    op.drop_table("chunk_occurrences")
    op.drop_table("chunk_embeddings")
    op.drop_table("embedding_models")
    op.drop_index("ix_documents_source_path", table_name="documents")
    op.drop_index(
        "ix_documents_metadata",
        table_name="documents",
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    )
    op.drop_index("ix_documents_live", table_name="documents", postgresql_where=sa.text("retired_in IS NULL"))
    op.drop_table("documents")
    op.drop_index("ix_document_chunks_search_vector", table_name="document_chunks", postgresql_using="gin")
    op.drop_index("ix_document_chunks_input_hash", table_name="document_chunks")
    op.drop_table("document_chunks")
