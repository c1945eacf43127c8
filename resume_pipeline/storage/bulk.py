"""Bulk loading: COPY into a table, fed from memory.

Rows of text go as COPY's text format, vectors as its binary format, which numpy lays out without a Python step per row.
What is loaded, and into which table, is decided by the modules beside this one.
"""

import io
import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
BINARY_HEADER = b"PGCOPY\n\xff\r\n\x00" + (0).to_bytes(4, "big") + (0).to_bytes(4, "big")
BINARY_TRAILER = (-1).to_bytes(2, "big", signed=True)


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Append rows to a table; how many there were. Values may be None, str, int, float, bytes, UUID, dict or list.

    A ``list`` becomes a ``text[]``, a ``dict`` or ``Jsonb`` becomes ``jsonb``.
    """
    buffer = io.StringIO()
    count = 0
    for row in rows:
        buffer.write("\t".join(_encoded(value) for value in row))
        buffer.write("\n")
        count += 1
    buffer.seek(0)
    _copy(session, f"COPY {table} ({', '.join(columns)}) FROM STDIN", buffer)
    return count


class Jsonb:
    """Marks a list as JSON rather than a Postgres array."""

    def __init__(self, value: Any) -> None:
        self.value = value


def copy_vectors(session: Session, table: str, key_column: str, keys: Sequence[bytes], vectors: NDArray[Any]) -> int:
    """Append (bytea key, vector) rows to a table by binary COPY; ``vectors`` has shape (len(keys), dimensions).

    All keys must be of one length. The layout is that of ``vector_send``: int16 dimensions, int16 unused, float4s.
    """
    if not keys:
        return 0
    key_bytes, dimensions = len(keys[0]), vectors.shape[1]
    block = np.zeros(
        len(keys),
        dtype=[
            ("fields", ">i2"),
            ("key_length", ">i4"),
            ("key", f"V{key_bytes}"),
            ("vector_length", ">i4"),
            ("dimensions", ">i2"),
            ("unused", ">i2"),
            ("vector", ">f4", (dimensions,)),
        ],
    )
    block["fields"], block["key_length"] = 2, key_bytes
    block["key"] = np.frombuffer(b"".join(keys), dtype=f"V{key_bytes}")
    block["vector_length"], block["dimensions"] = 4 + 4 * dimensions, dimensions
    block["vector"] = vectors
    data = io.BytesIO(BINARY_HEADER + block.tobytes() + BINARY_TRAILER)
    _copy(session, f"COPY {table} ({key_column}, embedding) FROM STDIN (FORMAT BINARY)", data)
    return len(keys)


def _copy(session: Session, statement: str, source: io.StringIO | io.BytesIO) -> None:
    driver = session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101  (a session in use has one)
    with driver.cursor() as cursor:
        cursor.copy_expert(statement, source, size=1 << 20)


def _encoded(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(ESCAPES)
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, list):
        return "{" + ",".join(_array_element(item) for item in value).translate(ESCAPES) + "}"
    if isinstance(value, Jsonb | dict):
        payload = value.value if isinstance(value, Jsonb) else value
        return json.dumps(payload, ensure_ascii=False, allow_nan=False).translate(ESCAPES)
    if isinstance(value, uuid.UUID | int | float):
        return str(value)
    raise TypeError(f"COPY has no form for {type(value).__name__}")


def _array_element(item: str) -> str:
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
