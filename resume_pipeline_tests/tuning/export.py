"""The real index of a set of files: cut, stored and indexed by the pipeline's own stages, then read out of Postgres."""

import hashlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import text

from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.lexemes import searchable
from resume_pipeline.domain.recipe import Recipe
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.lexical_index import build_lexical_index
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import Engine, make_engine
from resume_pipeline.storage.migrations import upgrade

CONFIGURATION = "english"
NUMBERS = itertools.count(1)

CHUNKS = """
SELECT DISTINCT ON (l.lexical_id) l.lexical_id, d.source_path, o.chunk_index, c.title, c.heading_path, c.content,
       c.embedding_input
FROM lexical_chunks l JOIN document_chunks c USING (chunk_id) JOIN chunk_occurrences o USING (chunk_id)
JOIN documents d USING (document_id) ORDER BY l.lexical_id, d.source_path, o.chunk_index
"""
LEXEMES = """
SELECT l.lexical_id, u.lexeme, u.positions, cardinality(array_positions(u.weights, 'A'))
FROM lexical_chunks l CROSS JOIN LATERAL unnest(l.search_vector) AS u(lexeme, positions, weights)
"""


@dataclass(frozen=True, slots=True)
class ExportedChunk:
    """A chunk with the places of its lexemes; ``header`` are those of title and headings."""

    path: str
    chunk_index: int
    title: str
    heading_path: tuple[str, ...]
    content: str
    places: dict[str, tuple[int, ...]]
    header: frozenset[str]


@dataclass(frozen=True, slots=True)
class Term:
    """Where a lexeme stands: chunk numbers, and how often in header and body."""

    chunks: np.ndarray
    header: np.ndarray
    body: np.ndarray


@dataclass(frozen=True, slots=True)
class Exported:
    """All chunks, the postings of every lexeme, and the vectors of one model."""

    chunks: list[ExportedChunk]
    terms: dict[str, Term]
    vectors: np.ndarray
    header_lengths: np.ndarray
    body_lengths: np.ndarray
    engine: Engine = field(repr=False)

    def idf(self, lexeme: str) -> float:
        """As ``storage.asked.inverse_document_frequency``; 0 for what no chunk has."""
        found = len(self.terms[lexeme].chunks) if lexeme in self.terms else 0
        return math.log(1 + (len(self.chunks) - found + 0.5) / (found + 0.5)) if found else 0.0

    def lexemes(self, questions: Sequence[str]) -> list[dict[str, tuple[int, ...]]]:
        """The lexemes of each question with their places, as Postgres makes them."""
        statement = text(
            "SELECT q.number, u.lexeme, u.positions FROM unnest(CAST(:questions AS text[])) WITH ORDINALITY "
            "AS q(question, number) CROSS JOIN LATERAL "
            "unnest(to_tsvector(CAST(:configuration AS regconfig), q.question)) AS u(lexeme, positions, weights)"
        )
        found: list[dict[str, tuple[int, ...]]] = [{} for _ in questions]
        values = {"questions": [searchable(question) for question in questions], "configuration": CONFIGURATION}
        with self.engine.connect() as connection:
            for number, lexeme, places in connection.execute(statement, values):
                found[number - 1][lexeme] = tuple(places)
        self.engine.dispose()
        return found


class Exporter:
    """Makes a database for each set of files and size of chunks, and keeps what it read."""

    def __init__(self, server: EmbeddedPostgres, scratch: Path, embedder: Embedder) -> None:
        self._server, self._scratch, self._embedder = server, scratch, embedder
        self._kept: dict[Any, Exported] = {}

    def export(self, files: dict[str, str], limits: ChunkLimits) -> Exported:
        """The index of these files with chunks of this size."""
        key = (hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest(), limits)
        if key not in self._kept:
            self._kept[key] = self._made(files, limits)
        return self._kept[key]

    def _made(self, files: dict[str, str], limits: ChunkLimits) -> Exported:
        name = f"tuning_{next(NUMBERS)}"
        content = self._scratch / name
        for path, body in files.items():
            (content / path).parent.mkdir(parents=True, exist_ok=True)
            (content / path).write_text(body, encoding="utf-8")
        engine = self._database(name)
        root = ContentRoot(content, 10_000_000, Recipe(limits))
        with writing(engine, timeout_seconds=60) as sessions:
            record_documents(sessions, root, max_loss_share=1)
            chunk_documents(sessions, load_token_counter())
            build_lexical_index(sessions, CONFIGURATION)
        return self._read(engine)

    def _database(self, name: str) -> Engine:
        admin = make_engine(self._server.url())
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        admin.dispose()
        engine = make_engine(self._server.url(name))
        upgrade(engine)
        return engine

    def _read(self, engine: Engine) -> Exported:
        with engine.connect() as connection:
            rows = connection.execute(text(CHUNKS)).all()
            number = {row[0]: place for place, row in enumerate(rows)}
            places: list[dict[str, tuple[int, ...]]] = [{} for _ in rows]
            headers: list[set[str]] = [set() for _ in rows]
            counts: dict[str, list[tuple[int, int, int]]] = {}
            for lexical_id, lexeme, at, in_header in connection.execute(text(LEXEMES)):
                chunk = number[lexical_id]
                places[chunk][lexeme] = tuple(at)
                if in_header:
                    headers[chunk].add(lexeme)
                counts.setdefault(lexeme, []).append((chunk, in_header, len(at) - in_header))
        terms = {lexeme: Term(*np.array(found, dtype=np.int64).T) for lexeme, found in counts.items()}
        lengths = np.zeros((2, len(rows)))
        for term in terms.values():
            np.add.at(lengths[0], term.chunks, term.header)
            np.add.at(lengths[1], term.chunks, term.body)
        chunks = [
            ExportedChunk(row[1], row[2], row[3], tuple(row[4]), row[5], at, frozenset(header))
            for row, at, header in zip(rows, places, headers, strict=True)
        ]
        engine.dispose()  # there are many databases, and the server takes only so many connections
        vectors = self._embedder.embed([row[6] for row in rows])
        return Exported(chunks, terms, vectors, lengths[0], lengths[1], engine)
