"""Create the lexical index: lexicon and postings in place of a tsvector on each chunk.

Revision: c41d7e90a5f2, after b3e85d7740ce. Created 2026-11-22 20:00:00 UTC.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "c41d7e90a5f2"
down_revision: str | None = "b3e85d7740ce"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_index("ix_document_chunks_search_vector", table_name="document_chunks", postgresql_using="gin")
    op.drop_column("document_chunks", "search_vector")
    _create_counts()
    _create_lexical_chunks()
    _create_postings()


def _create_counts() -> None:
    op.create_table(
        "lexical_statistics",
        sa.Column("only_row", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "recipe",
            sa.Text(),
            nullable=False,
            comment="Version, weights and text search configuration of the index",
        ),
        sa.Column("chunks", sa.Integer(), nullable=False, comment="Chunks that document frequencies are counted over"),
        sa.Column("average_length", sa.Double(), nullable=False, comment="Mean length of a chunk in weighted lexemes"),
        sa.CheckConstraint("only_row", name=op.f("ck_lexical_statistics_one_row")),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_lexical_statistics")),
        comment="What BM25 counts over all chunks, and how their words were made; one row",
    )
    op.create_table(
        "lexicon",
        sa.Column("term_id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("lexeme", sa.Text(), nullable=False),
        sa.Column(
            "document_frequency", sa.Integer(), nullable=False, comment="Chunks that contain it, as counted last"
        ),
        sa.PrimaryKeyConstraint("term_id", name=op.f("pk_lexicon")),
        sa.UniqueConstraint("lexeme", name=op.f("uq_lexicon_lexeme")),
        comment="Lexemes of all chunks with their document frequencies",
    )
    op.create_table(
        "lexicon_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("term_id", sa.Integer(), nullable=False, comment="The lexeme, in lexicon"),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_lexicon_words")),
        comment="Words as chunks write them, in lower case and without accents, with the lexemes they become",
    )
    op.create_index(
        "ix_lexicon_words_beginning", "lexicon_words", [sa.text("length(word)"), sa.text('"left"(word, 1)')]
    )
    op.create_index("ix_lexicon_words_ending", "lexicon_words", [sa.text("length(word)"), sa.text('"right"(word, 2)')])


def _create_lexical_chunks() -> None:
    op.create_table(
        "lexical_segments",
        sa.Column("segment_id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False, comment="First lexical_id of the run"),
        sa.Column("last_id", sa.Integer(), nullable=False, comment="Last lexical_id of the run"),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("average_length", sa.Double(), nullable=False, comment="Mean length its weights were computed with"),
        sa.CheckConstraint("first_id <= last_id", name=op.f("ck_lexical_segments_ids_in_order")),
        sa.PrimaryKeyConstraint("segment_id", name=op.f("pk_lexical_segments")),
        sa.UniqueConstraint("first_id", name=op.f("uq_lexical_segments_first_id")),
        comment="Runs of lexical_chunks whose postings stand together; merged as they grow in number",
    )
    op.create_table(
        "lexical_chunks",
        sa.Column("lexical_id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column(
            "search_vector",
            postgresql.TSVECTOR(),
            nullable=False,
            comment="Lexemes with positions; weight A: title and headings",
        ),
        sa.ForeignKeyConstraint(
            ["chunk_id"],
            ["document_chunks.chunk_id"],
            name=op.f("fk_lexical_chunks_chunk_id_document_chunks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("lexical_id", name=op.f("pk_lexical_chunks")),
        sa.UniqueConstraint("chunk_id", name=op.f("uq_lexical_chunks_chunk_id")),
        comment="Chunks of the lexical index: a small id for the postings, and their lexemes",
    )


def _create_postings() -> None:
    op.create_table(
        "postings",
        sa.Column("term_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False, comment="Length of both arrays"),
        sa.Column("max_weight", sa.REAL(), nullable=False, comment="The greatest of the weights"),
        sa.Column("ids", postgresql.ARRAY(sa.Integer()), nullable=False, comment="lexical_id, ascending"),
        sa.Column(
            "weights",
            postgresql.ARRAY(sa.REAL()),
            nullable=False,
            comment="BM25 weight without the inverse document frequency",
        ),
        sa.PrimaryKeyConstraint("term_id", "segment_id", name=op.f("pk_postings")),
        comment="Per lexeme and segment: the chunks that contain it, and its BM25 weight in each",
    )
    # A search reads whole arrays: taking them apart would cost more than the disk that compressing them saves.
    op.execute("ALTER TABLE postings ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN weights SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("postings")
    op.drop_table("lexical_chunks")
    op.drop_table("lexical_segments")
    op.drop_index("ix_lexicon_words_ending", table_name="lexicon_words")
    op.drop_index("ix_lexicon_words_beginning", table_name="lexicon_words")
    op.drop_table("lexicon_words")
    op.drop_table("lexicon")
    op.drop_table("lexical_statistics")
    op.add_column(
        "document_chunks",
        sa.Column(
            "search_vector",
            postgresql.TSVECTOR(),
            nullable=True,
            comment="Lexemes of embedding_input, for lexical search",
        ),
    )
    # The revision below searches it; signs that it would have normalised (C++, .NET) are found again at the next cut.
    op.execute("UPDATE document_chunks SET search_vector = to_tsvector('english', embedding_input)")
    op.alter_column("document_chunks", "search_vector", nullable=False)
    op.create_index("ix_document_chunks_search_vector", "document_chunks", ["search_vector"], postgresql_using="gin")
