"""The query log: what is kept of a search, that it never fails one, who asked, for how long, and what was not found."""

import stat

import dagster as dg
import pytest
from sqlalchemy import text

from resume_pipeline import bootstrap
from resume_pipeline.definitions import defs
from resume_pipeline.evaluation.content_gaps import content_gaps
from resume_pipeline.retrieval.query_log import QueryLog
from resume_pipeline.settings import Settings
from resume_pipeline.storage.engine import make_engine, make_sessions
from resume_pipeline_tests.defs.conftest import dagster_settings as dagster_settings
from resume_pipeline_tests.defs.conftest import instance as instance
from resume_pipeline_tests.pipeline import Pipeline

KEY = b"a key of the tests"


def log(pipeline: Pipeline, *, on: bool = True) -> QueryLog:
    return QueryLog(pipeline.sessions, lambda: KEY, "api", on=on)


def ask(pipeline: Pipeline, question: str, **options) -> str | None:
    """Search as a shell does, and log it."""
    mode = options.pop("mode", "hybrid")
    result = pipeline.retriever.search(question, limit=3, mode=mode)
    return log(pipeline).record(question, result, mode=mode, **options)


@pytest.fixture
def live(animals: Pipeline) -> Pipeline:
    """The animals, published."""
    animals.run()
    return animals


def test_a_question_is_kept_with_its_hits_their_scores_and_what_was_searched(live):
    assert ask(live, "favourite pebble", visitor="203.0.113.7", filters=["path=*"]) is None

    ((question, mode, filters, hits, generation, model, ms, visitor, source, coverage),) = live.rows(
        "SELECT question, mode, filters, hits, generation, m.name, milliseconds, visitor, source, coverage "
        "FROM query_logs JOIN embedding_models m USING (embedding_model_id)"
    )
    assert (question, mode, filters, generation, source) == ("favourite pebble", "hybrid", ["path=*"], 1, "api")
    assert model == live.embedder.name and ms > 0 and coverage == 1.0
    assert hits[0]["path"] == "otter.md" and len(hits) == 3
    assert set(hits[0]) == {"path", "chunk_index", "score", "vector_score", "lexical_score"}
    assert hits[0]["score"] >= hits[1]["score"]
    assert len(visitor) == 32


def test_of_a_visitor_only_a_keyed_hash_is_kept_and_of_nobody_nothing(live):
    for visitor in ("203.0.113.7", "203.0.113.7", "203.0.113.8", None):
        ask(live, "pebble", visitor=visitor)

    visitors = [row[0] for row in live.rows("SELECT visitor FROM query_logs ORDER BY query_log_id")]
    assert visitors[0] == visitors[1] != visitors[2] and visitors[3] is None
    assert not live.rows("SELECT 1 FROM query_logs WHERE query_logs::text LIKE '%203.0.113%'")


def test_the_log_can_be_switched_off(live):
    result = live.retriever.search("pebble")
    assert log(live, on=False).record("pebble", result, mode="hybrid") is None
    assert live.rows("SELECT count(*) FROM query_logs") == [(0,)]
    assert bootstrap.query_log(Settings(_env_file=None, query_log="off"), live.engine, source="cli").on is False


def test_whatever_a_visitor_types_is_kept_or_cut_but_never_refused(live):
    for words in ("a\x00b", "half \ud800 of a pair", "x" * 100_000, "%(x)s :y {z}", "'; DROP TABLE query_logs; --"):
        result = live.retriever.search("pebble")
        assert log(live).record(words, result, mode="hybrid") is None
    lengths = [row[0] for row in live.rows("SELECT length(question) FROM query_logs ORDER BY query_log_id")]
    assert lengths[2] == 2_000 and len(lengths) == 5


@pytest.mark.parametrize(
    "break_it",
    ["ALTER DATABASE {name} SET default_transaction_read_only = on", "DROP TABLE query_logs"],
    ids=["read-only database", "missing table"],
)
def test_a_log_that_cannot_be_written_is_said_and_fails_no_search(live, database, break_it):
    with live.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(break_it.format(name=database)))
    live.engine.dispose()

    assert live.retriever.search("favourite pebble").hits[0].path == "otter.md"
    assert "query log" in ask(live, "favourite pebble")


def test_a_log_behind_a_lock_is_given_up_after_a_moment(live):
    with live.engine.begin() as connection:
        connection.execute(text("LOCK TABLE query_logs IN ACCESS EXCLUSIVE MODE"))
        assert "lock timeout" in ask(live, "pebble")


def test_a_log_without_a_database_or_a_key_fails_no_search(live):
    result = live.retriever.search("pebble")
    nowhere = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    assert "reached" in QueryLog(make_sessions(nowhere), lambda: KEY, "cli").record("x", result, mode="hybrid")

    for failure in (PermissionError("no"), ValueError("the file of the key is damaged")):

        def no_key(failure: Exception = failure) -> bytes:
            raise failure

        assert "not written" in QueryLog(live.sessions, no_key, "cli").record("x", result, mode="hybrid", visitor="y")


def test_the_key_of_visitors_is_made_once_for_the_owner_alone_or_comes_from_the_settings(tmp_path):
    settings = Settings(_env_file=None, state_dir=tmp_path / "state")
    key = bootstrap.secret_key(settings)

    assert len(key) == 32 and bootstrap.secret_key(settings) == key
    file = tmp_path / "state" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    own = Settings(_env_file=None, secret_key="sixteen letters!")
    assert bootstrap.secret_key(own) == b"sixteen letters!" and "sixteen" not in repr(own)


def test_gaps_are_what_was_not_found_until_the_content_says_it(live):
    for words in ("giraffe", "Giraffe?", "favourite pebble", "walrus tusks"):
        ask(live, words)

    report = content_gaps(live.sessions, live.retriever)
    assert (report.questions, report.not_found, report.forgotten) == (4, 3, 0)
    assert [(gap.question, gap.times) for gap in report.gaps] == [("Giraffe?", 2), ("walrus tusks", 1)]
    assert all(gap.nearest for gap in report.gaps), "the nearest document is named"

    live.write("giraffe.md", "# Giraffe\n\nThe giraffe reaches the leaves that are left.\n")
    live.run()
    later = content_gaps(live.sessions, live.retriever)
    assert [gap.question for gap in later.gaps] == ["walrus tusks"] and later.closed == 1


def test_gaps_know_filters_and_survive_one_that_is_no_longer_allowed(live):
    nothing = live.retriever.search("pebble", filters=[])
    empty = type(nothing)([], nothing.generation, 1.0, nothing.model, None)
    for filters in (["path=zebra.md"], ["kind=nonsense"]):
        log(live).record("pebble", empty, mode="hybrid", filters=filters)

    gaps = content_gaps(live.sessions, live.retriever).gaps
    assert {gap.filters for gap in gaps} == {("path=zebra.md",), ("kind=nonsense",)}


def test_the_asset_reports_gaps_and_forgets_what_is_too_old(dagster_settings, instance, live, monkeypatch):
    for words in ("giraffe", "walrus tusks"):
        ask(live, words)
    with live.engine.begin() as connection:
        connection.execute(
            text("UPDATE query_logs SET asked_at = now() - interval '91 days' WHERE question = 'giraffe'")
        )

    result = defs.resolve_job_def("report_content_gaps").execute_in_process(instance=instance)

    (event,) = result.asset_materializations_for_node("content_gaps")
    metadata = {key: value.value for key, value in event.metadata.items()}
    assert metadata["questions_forgotten"] == 1 and metadata["questions"] == 1
    assert metadata["content_gaps"] == 1 and metadata["share_not_found"] == 1.0
    assert metadata["gaps"].records[0].data["question"] == "walrus tusks"
    assert live.rows("SELECT question FROM query_logs") == [("walrus tusks",)]


def test_the_gaps_have_a_schedule_of_their_own_that_is_stopped_and_no_part_in_an_ingest():
    schedule = defs.resolve_schedule_def("daily_content_gaps")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == "report_content_gaps"
    assert "content_gaps" not in {node.name for node in defs.resolve_job_def("ingest_content").nodes}
    graph = defs.resolve_asset_graph()
    assert dg.AssetKey("database_schema") in graph.get(dg.AssetKey("content_gaps")).parent_keys
