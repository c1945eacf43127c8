"""Bulk loading: what goes in by COPY comes out as it was, whatever it holds."""

import hashlib
import uuid

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from resume_pipeline.storage.bulk import Jsonb, copy_rows, copy_vectors
from resume_pipeline.storage.engine import Engine, make_sessions

NASTY = [
    *("", " ", "\\", "\\\\", "\\N", "\\.", "\\n", "\\x41", "a\tb", "a\nb", "a\r\nb", "\r", "\v\f\b\x01\x7f\x85"),
    *("'", '"', "''; DROP TABLE documents; --", "%s %(a)s :name", "NULL", "null", "{}", "{a,b}", "[1]", ",", "(1,2)"),
    *("Kraków", "日本語", "👩‍👩‍👧", "e\u0301", "\u200b\u2028\u2029\ufeff", "\U0010ffff", "x" * 100_000),
]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def round_trip(engine: Engine, types: list[str], rows: list[list[object]]) -> list[list[object]]:
    """The rows, through COPY into columns of these types, and read back in order."""
    names = [f"c{place}" for place in range(len(types))]
    columns = ", ".join(f"{name} {type_}" for name, type_ in zip(names, types, strict=True))
    with make_sessions(engine).begin() as session:
        session.execute(text(f"CREATE TEMP TABLE trip (place integer, {columns}) ON COMMIT DROP"))
        numbered = [[place, *row] for place, row in enumerate(rows)]
        assert copy_rows(session, "trip", ["place", *names], numbered) == len(rows)
        found = session.execute(text(f"SELECT {', '.join(names)} FROM trip ORDER BY place")).all()
    return [[bytes(value) if isinstance(value, memoryview) else value for value in row] for row in found]


def test_text_comes_back_as_it_was_whatever_it_holds(engine):
    rows = [[value] for value in NASTY]

    assert round_trip(engine, ["text"], rows) == rows


def test_an_empty_text_and_no_text_stay_different(engine):
    rows = [["", None, [], {}], [None, "", None, None]]

    assert round_trip(engine, ["text", "text", "text[]", "jsonb"], rows) == rows


def test_arrays_come_back_as_they_were_whatever_their_elements_hold(engine):
    rows = [[NASTY], [[]], [[""]], [["NULL"]], [["a,b", 'c"d', "e\\f", "{g}"]], [NASTY[::-1]]]

    assert round_trip(engine, ["text[]"], rows) == rows


def test_json_comes_back_as_it_was_whatever_it_holds(engine):
    rows = [[dict.fromkeys(NASTY, NASTY)], [{}], [{"": None, "deep": [{"a": [1, 2.5, True, None]}]}]]

    assert round_trip(engine, ["jsonb"], rows) == rows


def test_a_list_is_an_array_unless_it_is_marked_as_json(engine):
    (row,) = round_trip(engine, ["text[]", "jsonb"], [[["a", "b"], Jsonb(["a", {"b": "\\"}])]])

    assert row == [["a", "b"], ["a", {"b": "\\"}]]


def test_numbers_bytes_ids_and_truth_values_come_back_exactly(engine):
    id_ = uuid.uuid4()
    row = [-(2**63), 0.1 + 0.2, bytes(range(256)), b"", id_, True, False]

    types = ["bigint", "float8", "bytea", "bytea", "uuid", "boolean", "boolean"]
    assert round_trip(engine, types, [row]) == [row]


def test_a_value_without_a_form_is_refused_by_its_type(engine):
    with pytest.raises(TypeError, match="complex"):
        round_trip(engine, ["text"], [[1j]])


@given(rows=st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3), st.dictionaries(TEXT, JSON, max_size=3)), max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_array_and_json_comes_back_as_it_was(engine, rows):
    listed = [list(row) for row in rows]

    assert round_trip(engine, ["text", "text[]", "jsonb"], listed) == listed


def test_no_rows_are_no_rows(engine):
    assert round_trip(engine, ["text"], []) == []


@pytest.mark.parametrize("dimensions", [1, 7, 256, 1999])
def test_vectors_come_back_to_the_last_bit(engine, dimensions):
    random = np.random.default_rng(dimensions)
    vectors = random.standard_normal((50, dimensions)).astype(np.float32)
    vectors *= np.float32(10.0) ** random.integers(-30, 30, (50, 1)).astype(np.float32)
    vectors[0, 0], vectors[1, 0], vectors[2, 0] = np.finfo(np.float32).max, np.float32(1e-45), np.float32(-0.0)
    keys = [hashlib.sha256(str(row).encode()).digest() for row in range(50)]

    with make_sessions(engine).begin() as session:
        session.execute(text("CREATE TEMP TABLE trip (key bytea, embedding vector) ON COMMIT DROP"))
        assert copy_vectors(session, "trip", "key", keys, vectors) == 50
        found = dict(session.execute(text("SELECT key, embedding::real[] FROM trip")).tuples().all())

    back = np.array([found_at(found, key) for key in keys], dtype=np.float32)
    assert back.tobytes() == vectors.tobytes()


def found_at(found: dict[memoryview, list[float]], key: bytes) -> list[float]:
    return {bytes(stored): vector for stored, vector in found.items()}[key]


def test_no_vectors_are_no_vectors(engine):
    with make_sessions(engine).begin() as session:
        assert copy_vectors(session, "nowhere", "key", [], np.zeros((0, 3), dtype=np.float32)) == 0
