"""Statements that are planned once: who may have them, what becomes of them elsewhere, and how many there may be."""

from dataclasses import replace

import pytest
from sqlalchemy import event, text

from resume_pipeline.domain.filters import make_filter
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline.storage import statements
from resume_pipeline.storage.engine import make_engine
from resume_pipeline.storage.snapshot import take_snapshot
from resume_pipeline.storage.statements import fetch, remember_prepared
from resume_pipeline_tests.conftest import published

NOTES = {
    "clusters.md": "---\ntags: [ops]\n---\n# Clusters\n\nThree regions, upgraded twice a year.\n",
    "databases.md": "# Databases\n\nReplication with logical slots, and what broke: it's \\all\\ 100 % told.\n",
}
PREPARED = "SELECT name, generic_plans, custom_plans FROM pg_prepared_statements ORDER BY name"


@pytest.fixture(scope="module")
def ingested(server, tmp_path_factory):
    with published(server, tmp_path_factory.mktemp("content"), NOTES) as pipeline:
        yield pipeline


@pytest.fixture
def notes(ingested):
    """The same through an engine of its own: used in turn, its pool holds one connection."""
    engine = make_engine(ingested.engine.url)
    yield replace(ingested, engine=engine)
    engine.dispose()


@pytest.fixture
def sent(notes):
    """What is sent to the database, in order."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(notes.engine, "before_cursor_execute", note)
    yield seen
    event.remove(notes.engine, "before_cursor_execute", note)


def paths(pipeline, question, **options):
    retriever = Retriever(pipeline.sessions, lambda _: pipeline.embedder)
    return [hit.path for hit in retriever.search(question, **options).hits]


def test_a_connection_plans_the_statements_of_a_search_once(notes, sent):
    found = [paths(notes, "replication of databases") for _ in range(3)]

    assert found[0] == found[1] == found[2]
    assert found[0][0] == "databases.md"
    assert sum(statement.startswith("PREPARE") for statement in sent) == 3
    assert sum("EXECUTE" in statement for statement in sent) == 9
    assert all(generic and not custom for _, generic, custom in notes.rows(PREPARED))


def test_a_connection_that_has_lost_or_never_had_them_prepares_anew(notes, sent):
    paths(notes, "replication")
    with notes.engine.begin() as connection:
        connection.execute(text("DEALLOCATE ALL"))  # as a pooler hands on another connection of the server

    assert paths(notes, "replication")[0] == "databases.md"
    assert notes.rows(PREPARED)


def test_what_is_published_and_changed_meanwhile_is_seen_by_the_plans_that_are_kept(notes):
    assert paths(notes, "replication")[0] == "databases.md"
    with notes.engine.begin() as connection:
        connection.execute(text("ALTER TABLE documents ADD COLUMN later text"))
        connection.execute(text("DROP INDEX ix_chunk_occurrences_chunk_id"))
        connection.execute(text("UPDATE documents SET source_path = 'moved.md' WHERE source_path = 'databases.md'"))
    try:
        assert paths(notes, "replication")[0] == "moved.md"
    finally:
        with notes.engine.begin() as connection:
            connection.execute(text("ALTER TABLE documents DROP COLUMN later"))
            connection.execute(text("CREATE INDEX ix_chunk_occurrences_chunk_id ON chunk_occurrences (chunk_id)"))
            connection.execute(text("UPDATE documents SET source_path = 'databases.md' WHERE source_path = 'moved.md'"))


def test_without_a_snapshot_nothing_is_prepared(notes, sent):
    with notes.sessions() as session:
        assert fetch(session, "SELECT CAST(:count AS integer) + 1", {"count": 1}) == [(2,)]

    assert not [statement for statement in sent if "PREPARE" in statement]


def test_what_was_prepared_counts_for_that_transaction_alone(notes, sent):
    with notes.sessions() as session:
        session.execute(text("SELECT 1"))
        remember_prepared(session, [])
        session.rollback()
        fetch(session, "SELECT CAST(:count AS integer) + 2", {"count": 1})

    assert not [statement for statement in sent if "PREPARE" in statement]


def test_a_connection_keeps_so_many_and_no_more(notes, monkeypatch):
    monkeypatch.setattr(statements, "_MOST", 2)
    with notes.sessions() as session:
        take_snapshot(session, None, {})
        found = [fetch(session, f"SELECT {n} + :count", {"count": 1})[0][0] for n in range(5)]
        kept = session.execute(text(PREPARED)).all()

    assert found == [1, 2, 3, 4, 5]
    assert len(kept) == 2


def test_filters_are_sent_as_they_are_and_signs_stay_what_they_are(notes, sent):
    assert paths(notes, "100 % told, it's \\all\\", filters=[make_filter("path", "data*")]) == ["databases.md"]
    assert set(paths(notes, "regions", filters=[make_filter("tags", "ops")])) == {"clusters.md"}
    assert all("filter_0" not in statement for statement in sent if statement.startswith("PREPARE"))


def test_a_search_writes_nothing_and_sees_one_state_to_its_end(notes):
    with notes.sessions() as session:
        take_snapshot(session, None, {})
        [(isolation, reads)] = session.execute(
            text("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
        )

    assert (isolation, reads) == ("repeatable read", "on")
