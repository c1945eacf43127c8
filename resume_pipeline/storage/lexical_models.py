"""The tables of the lexical index, as SQLAlchemy maps them: lexicon, postings in segments, and what was counted.

The other tables are in ``storage.models``. These are filled by ``storage.lexicon`` and ``storage.segments``, and
searched by ``storage.lexical_statement``.
"""

import uuid
from typing import Any

from sqlalchemy import (
    DDL,
    REAL,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Text,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from resume_pipeline.storage.base import Base


class LexicalStatistics(Base):
    """What BM25 counts over the whole collection; one row."""

    __tablename__ = "lexical_statistics"
    __table_args__ = (
        CheckConstraint("only_row", name="one_row"),
        {"comment": "What BM25 counts over all chunks, and how their words were made; one row"},
    )

    only_row: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    recipe: Mapped[str] = mapped_column(Text, comment="Version, weights and text search configuration of the index")
    chunks: Mapped[int] = mapped_column(Integer, comment="Chunks that document frequencies are counted over")
    average_length: Mapped[float] = mapped_column(Double, comment="Mean length of a chunk in weighted lexemes")


class Lexeme(Base):
    """A lexeme and the number of chunks that contain it."""

    __tablename__ = "lexicon"
    __table_args__ = ({"comment": "Lexemes of all chunks with their document frequencies"},)

    term_id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    lexeme: Mapped[str] = mapped_column(Text, unique=True)
    document_frequency: Mapped[int] = mapped_column(Integer, comment="Chunks that contain it, as counted last")


class LexiconWord(Base):
    """A word as chunks write it, and the lexeme it becomes: what a mistyped word may have been meant to be."""

    __tablename__ = "lexicon_words"
    __table_args__ = (
        # A word with a typing error has about the same length, and begins or ends alike.
        Index("ix_lexicon_words_beginning", text("length(word)"), text('"left"(word, 1)')),
        Index("ix_lexicon_words_ending", text("length(word)"), text('"right"(word, 2)')),
        {"comment": "Words as chunks write them, in lower case and without accents, with the lexemes they become"},
    )

    word: Mapped[str] = mapped_column(Text, primary_key=True)
    term_id: Mapped[int] = mapped_column(Integer, comment="The lexeme, in lexicon")


class LexicalSegment(Base):
    """A run of chunks, in the order in which they were added, whose postings stand together."""

    __tablename__ = "lexical_segments"
    __table_args__ = (
        CheckConstraint("first_id <= last_id", name="ids_in_order"),
        {"comment": "Runs of lexical_chunks whose postings stand together; merged as they grow in number"},
    )

    segment_id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    first_id: Mapped[int] = mapped_column(Integer, unique=True, comment="First lexical_id of the run")
    last_id: Mapped[int] = mapped_column(Integer, comment="Last lexical_id of the run")
    chunks: Mapped[int] = mapped_column(Integer)
    average_length: Mapped[float] = mapped_column(Double, comment="Mean length its weights were computed with")


class LexicalChunk(Base):
    """A chunk as the lexical index sees it: a small number for the postings, and its lexemes with positions."""

    __tablename__ = "lexical_chunks"
    __table_args__ = ({"comment": "Chunks of the lexical index: a small id for the postings, and their lexemes"},)

    lexical_id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    chunk_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("document_chunks.chunk_id", ondelete="CASCADE"), unique=True
    )
    search_vector: Mapped[Any] = mapped_column(
        TSVECTOR, nullable=False, comment="Lexemes with positions; weight A: title and headings"
    )


class Postings(Base):
    """Where one lexeme occurs within one segment: ids and BM25 weights, side by side, ids ascending."""

    __tablename__ = "postings"
    __table_args__ = ({"comment": "Per lexeme and segment: the chunks that contain it, and its BM25 weight in each"},)

    # No foreign keys: only storage.segments writes here, half a million rows at a time, and each would be looked up.
    term_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    segment_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    chunks: Mapped[int] = mapped_column(Integer, comment="Length of both arrays")
    max_weight: Mapped[float] = mapped_column(REAL, comment="The greatest of the weights")
    ids: Mapped[list[int]] = mapped_column(ARRAY(Integer), comment="lexical_id, ascending")
    weights: Mapped[list[float]] = mapped_column(
        ARRAY(REAL), comment="BM25 weight without the inverse document frequency"
    )


STORED_PLAINLY = "ALTER TABLE postings ALTER COLUMN ids SET STORAGE EXTERNAL, ALTER COLUMN weights SET STORAGE EXTERNAL"
"""A search reads whole arrays: taking them apart would cost more than the disk that compressing them saves."""

event.listen(Postings.__table__, "after_create", DDL(STORED_PLAINLY))  # type: ignore[no-untyped-call]
