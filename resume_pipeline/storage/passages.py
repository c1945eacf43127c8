"""The passages behind chunk ids: where each stands in a visible document, and where the words asked for stand in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from resume_pipeline.storage.narrowing import Narrowing
from resume_pipeline.storage.statements import fetch

# A lexeme of a tsvector as Postgres writes it: quoted, with its places, each with a weight unless that is D.
_LEXEME = re.compile(r"'((?:[^']|'')*)':([0-9A-C,]+)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk where it stands in a visible document.

    ``positions`` has those of the asked lexemes that stand in its text, with their word positions from 1, title and
    headings before the text; ``header`` those of them that stand in title or headings. ``header_length`` and ``length``
    are the numbers of distinct lexemes of title and headings, and of all.
    """

    chunk_id: str
    document_id: int
    path: str
    chunk_index: int
    kind: str
    title: str
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    content: str
    tokens: int
    positions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    header: frozenset[str] = frozenset()
    header_length: int = 0
    length: int = 0


def load_passages(
    session: Session, ids: Sequence[str], narrowing: Narrowing, *, lexemes: Sequence[str] = ()
) -> dict[str, Passage]:
    """Where each chunk stands in a document that may be shown (the first by path, when it stands in several)."""
    # Those asked for are deleted from a copy, and what the copy still has, from the vector: taking all of it apart to
    # keep a few lexemes costs three times as much.
    statement = f"""
        SELECT DISTINCT ON (c.chunk_id) CAST(c.chunk_id AS text), d.document_id, d.source_path, o.chunk_index, c.kind,
               c.title, c.heading_path, o.start_line, o.end_line, c.content, c.tokens,
               CAST(ts_delete(l.search_vector, tsvector_to_array(
                   ts_delete(l.search_vector, CAST(:lexemes AS text[])))) AS text),
               COALESCE(length(ts_filter(l.search_vector, CAST(ARRAY['a'] AS "char"[]))), 0),
               COALESCE(length(l.search_vector), 0)
        FROM document_chunks c JOIN chunk_occurrences o USING (chunk_id) JOIN documents d USING (document_id)
        LEFT JOIN lexical_chunks l USING (chunk_id)
        WHERE c.chunk_id = ANY (CAST(:ids AS uuid[])) AND {narrowing.conditions}
        ORDER BY c.chunk_id, d.source_path COLLATE "C", o.chunk_index
    """  # noqa: S608  (fragments are ours, values are bound)
    parameters = {**narrowing.parameters, "ids": list(ids), "lexemes": list(lexemes)}
    return {row[0]: _passage(row) for row in fetch(session, statement, parameters)}


def _passage(row: Any) -> Passage:
    positions, header = _places(row[11] or "")
    return Passage(
        chunk_id=row[0],
        document_id=row[1],
        path=row[2],
        chunk_index=row[3],
        kind=row[4],
        title=row[5],
        heading_path=tuple(row[6]),
        start_line=row[7],
        end_line=row[8],
        content=row[9],
        tokens=row[10],
        positions=positions,
        header=header,
        header_length=row[12],
        length=row[13],
    )


def _places(vector: str) -> tuple[dict[str, tuple[int, ...]], frozenset[str]]:
    """The places of each lexeme of a tsvector as Postgres writes it, and the lexemes of title and headings."""
    positions: dict[str, tuple[int, ...]] = {}
    header = []
    for quoted, places in _LEXEME.findall(vector):
        lexeme = quoted.replace("''", "'").replace("\\\\", "\\") if "'" in quoted or "\\" in quoted else quoted
        if "A" in places:
            header.append(lexeme)
        positions[lexeme] = tuple([int(place.rstrip("ABC")) for place in places.split(",")])
    return positions, frozenset(header)
