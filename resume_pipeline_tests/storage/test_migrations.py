"""Migrations: up and down without a trace, the same as the models, one at a time, and never under the wrong code."""

import datetime as dt
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.errors import SchemaError
from resume_pipeline.storage.engine import Engine
from resume_pipeline.storage.lexical_models import STORED_PLAINLY
from resume_pipeline.storage.migrations import (
    SchemaState,
    alembic_config,
    downgrade,
    head_revision,
    is_pipeline_made,
    require_head,
    schema_state,
    upgrade,
)
from resume_pipeline.storage.models import Base
from resume_pipeline_tests.pipeline import Pipeline, long_text
from resume_pipeline_tests.storage.schema import extensions_of, schema_of

REVISIONS = list(reversed([s.revision for s in ScriptDirectory.from_config(alembic_config()).walk_revisions()]))
VERSIONS = sorted((PROJECT_ROOT / "migrations" / "versions").glob("*.py"))
NOWHERE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "RESUME_STATE_DIR": "/dev/null/nowhere"}


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}"))


def alembic(*arguments: str, cwd: Path = PROJECT_ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """The ``alembic`` command, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def filled(pipeline: Pipeline) -> Pipeline:
    """The pipeline after a run with several documents and an HNSW index."""
    for number in range(5):
        pipeline.write(f"note-{number}.md", f"# Note {number}\n\n" + long_text(6, seed=f"n{number}"))
    pipeline.index_kind = "hnsw"
    pipeline.run()
    return pipeline


def test_upgrade_downgrade_and_upgrade_again_leave_no_trace(empty_engine):
    assert upgrade(empty_engine).at_head
    first = schema_of(empty_engine)

    assert downgrade(empty_engine, "base").current is None
    left = schema_of(empty_engine)
    extensions = extensions_of(empty_engine)
    upgrade(empty_engine)

    assert {name for name, *_ in left["relations"]} == {"alembic_version", "alembic_version_pkc"}
    assert {table for table, *_ in left["columns"]} == {"alembic_version"}
    assert {name for name, *_ in left["types"]} == {"alembic_version", "_alembic_version"}
    assert left["sequences"] == left["functions"] == left["triggers"] == set()
    assert count(empty_engine, "alembic_version") == 1
    assert "vector" in extensions
    assert schema_of(empty_engine) == first


def test_each_revision_is_undone_by_its_own_downgrade(empty_engine):
    upgrade(empty_engine)
    downgrade(empty_engine, "base")

    for revision in REVISIONS:
        before = schema_of(empty_engine)
        upgrade(empty_engine, revision)
        assert schema_of(empty_engine) != before
        downgrade(empty_engine, "-1")
        assert schema_of(empty_engine) == before, f"{revision} leaves something behind"
        upgrade(empty_engine, revision)


def test_a_downgrade_takes_what_the_pipeline_made_as_well(pipeline):
    filled(pipeline)
    assert "chunk_embeddings_m1" in {name for name, *_ in schema_of(pipeline.engine)["relations"]}

    downgrade(pipeline.engine, "base")

    assert {name for name, *_ in schema_of(pipeline.engine)["relations"]} == {"alembic_version", "alembic_version_pkc"}


def test_models_and_migrations_describe_the_same_schema(engine):
    with engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection

        command.check(config)


def test_autogenerate_proposes_nothing_after_a_run_made_partitions_and_an_index(pipeline):
    filled(pipeline)
    names = {name for name, *_ in schema_of(pipeline.engine)["relations"]}
    assert {"chunk_embeddings_m1", "ix_chunk_embeddings_m1_hnsw"} <= names

    with pipeline.engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.check(config)


def test_a_difference_between_models_and_database_is_noticed(engine):
    execute(engine, "ALTER TABLE query_logs ADD COLUMN forgotten text")

    with engine.connect() as connection, pytest.raises(Exception, match="forgotten"):
        config = alembic_config()
        config.attributes["connection"] = connection
        command.check(config)


def test_only_partitions_of_models_and_their_indexes_count_as_made_by_the_pipeline():
    assert is_pipeline_made("table", "chunk_embeddings_m12")
    assert is_pipeline_made("index", "ix_chunk_embeddings_m12_hnsw")
    assert not is_pipeline_made("table", "chunk_embeddings")
    assert not is_pipeline_made("column", "chunk_embeddings_m12")
    assert not is_pipeline_made("table", "document_chunks")
    assert not is_pipeline_made("index", None)


def test_autogenerate_writes_a_migration_that_makes_the_same_schema(engine, empty_engine, tmp_path):
    folder = tmp_path / "migrations"
    shutil.copytree(PROJECT_ROOT / "migrations", folder, ignore=shutil.ignore_patterns("versions", "__pycache__"))
    (folder / "versions").mkdir()
    config = alembic_config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    execute(empty_engine, "CREATE EXTENSION vector")
    with empty_engine.begin() as connection:
        config.attributes["connection"] = connection
        written = command.revision(config, "everything", autogenerate=True)
        assert "import pgvector.sqlalchemy" in Path(written.path).read_text("utf-8")
        command.upgrade(config, "head")

    execute(empty_engine, STORED_PLAINLY)  # autogenerate does not know how a column is stored
    assert schema_of(empty_engine) == schema_of(engine)


def test_offline_sql_needs_no_database_and_makes_the_same_schema(engine, empty_engine, empty_database):
    up = alembic("upgrade", "head", "--sql", **NOWHERE).stdout
    down = alembic("downgrade", "head:base", "--sql", **NOWHERE).stdout
    connection = psycopg2.connect(host=empty_engine.url.query["host"], user="postgres", dbname=empty_database)
    connection.autocommit = True

    connection.cursor().execute(up)
    assert schema_of(empty_engine) == schema_of(engine)
    assert schema_state(empty_engine).at_head

    connection.cursor().execute(down)
    connection.close()
    assert {name for name, *_ in schema_of(empty_engine)["relations"]} == {"alembic_version", "alembic_version_pkc"}
    assert "vector" in extensions_of(empty_engine)


def test_four_processes_that_upgrade_at_once_all_succeed(engine, empty_engine):
    code = (
        "import sys; from resume_pipeline.storage.engine import make_engine; "
        "from resume_pipeline.storage.migrations import upgrade; engine = make_engine(sys.argv[1]); "
        "print('ready', flush=True); sys.stdin.readline(); print(upgrade(engine).current)"
    )
    url = empty_engine.url.render_as_string(hide_password=False)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT_ROOT,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()

    results = [process.communicate()[0].strip() for process in processes]

    assert results == [head_revision()] * 4
    assert [process.returncode for process in processes] == [0] * 4
    assert schema_of(empty_engine) == schema_of(engine)


def test_an_empty_database_is_behind_and_its_message_names_the_head_and_the_remedy(empty_engine):
    with pytest.raises(SchemaError) as caught:
        require_head(empty_engine)

    assert "none (empty)" in str(caught.value)
    assert head_revision() in str(caught.value)


def test_a_database_behind_the_code_is_refused_with_both_revisions_and_the_remedy(engine):
    downgrade(engine, "-1")

    with pytest.raises(SchemaError) as caught:
        require_head(engine)

    assert not schema_state(engine).at_head
    assert REVISIONS[-2] in str(caught.value)
    assert REVISIONS[-1] in str(caught.value)
    assert "Nothing was written" in str(caught.value)
    assert "resume-pipeline db upgrade" in str(caught.value)


def test_a_database_ahead_of_the_code_is_refused_as_such_and_left_alone(engine):
    execute(engine, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    before = schema_of(engine)

    for attempt in (require_head, upgrade, lambda engine: downgrade(engine, "base")):
        with pytest.raises(SchemaError, match="ahead of the code") as caught:
            attempt(engine)
        assert "ffffffffffff" in str(caught.value)
        assert head_revision() in str(caught.value)

    assert schema_of(engine) == before
    assert schema_state(engine).current == "ffffffffffff"


@pytest.mark.parametrize("move", [upgrade, downgrade])
def test_a_revision_that_does_not_exist_is_refused_by_name(engine, move):
    with pytest.raises(SchemaError, match="nonsense"):
        move(engine, "nonsense")

    assert schema_state(engine).at_head


def test_an_upgrade_at_head_changes_nothing(engine):
    before = schema_of(engine)

    state = upgrade(engine)

    assert state.at_head
    assert schema_of(engine) == before


def test_a_failed_upgrade_leaves_the_schema_as_it_was(empty_engine):
    upgrade(empty_engine, REVISIONS[0])
    execute(empty_engine, "CREATE TABLE query_logs (in_the_way integer)")
    before = schema_of(empty_engine)

    with pytest.raises(Exception, match="query_logs"):
        upgrade(empty_engine)

    assert schema_of(empty_engine) == before
    assert schema_state(empty_engine).current == REVISIONS[0]


def test_an_old_or_missing_pgvector_is_not_called_good():
    assert SchemaState("a", "a", True, "0.8.0").pgvector_ok
    assert SchemaState("a", "a", True, "0.10.1").pgvector_ok
    assert not SchemaState("a", "a", True, "0.7.4").pgvector_ok
    assert not SchemaState("a", "a", True, None).pgvector_ok


def test_file_names_start_with_a_utc_timestamp_in_the_order_of_the_revisions():
    revisions = []
    for path in VERSIONS:
        stamp, source = path.name.split("_")[0], path.read_text("utf-8")
        named = dt.datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
        created = re.search(r"Created (\S+ \S+) UTC", source)
        assert created is not None
        assert dt.datetime.fromisoformat(created[1]).replace(tzinfo=dt.UTC) == named
        revisions.append(re.search(r'^revision: str = "(\w+)"', source, re.M)[1])

    assert revisions == REVISIONS


def test_a_new_revision_is_named_after_the_time_in_utc_whatever_the_clock_of_the_machine_says(tmp_path):
    shutil.copy(PROJECT_ROOT / "alembic.ini", tmp_path)
    shutil.copytree(PROJECT_ROOT / "migrations", tmp_path / "migrations")
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)

    alembic("revision", "-m", "Try it", cwd=tmp_path, TZ="Pacific/Kiritimati", PYTHONPATH=str(PROJECT_ROOT))

    (new,) = set((tmp_path / "migrations" / "versions").glob("*_try_it.py"))
    made = dt.datetime.strptime(new.name.split("_")[0], "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    assert before <= made <= dt.datetime.now(dt.UTC)


def test_an_upgrade_leaves_the_loggers_of_others_alone(empty_engine):
    logger = logging.getLogger("somebody.elses")

    upgrade(empty_engine)

    assert not logger.disabled


def test_the_alembic_command_migrates_the_database_of_the_settings_and_disables_no_logger(empty_engine):
    code = (
        "import logging; from alembic import command; from alembic.config import Config; "
        "logger = logging.getLogger('dagster'); command.upgrade(Config('alembic.ini'), 'head'); print(logger.disabled)"
    )
    url = empty_engine.url.render_as_string(hide_password=False)

    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_ROOT,
        env={**os.environ, **NOWHERE, "MIGRATION_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert shown.strip() == "False"
    assert schema_state(empty_engine).at_head


def test_every_table_has_a_comment_and_so_has_every_column_whose_name_does_not_say_it_all(engine):
    schema = schema_of(engine)
    tables = {row[0]: row[-1] for row in schema["relations"] if row[1] in {"r", "p"} and row[0] != "alembic_version"}
    commented = {(row[0], row[2]) for row in schema["columns"] if row[-1]}
    in_models = {(t.name, c.name) for t in Base.metadata.tables.values() for c in t.columns if c.comment}

    assert set(tables) == set(Base.metadata.tables)
    assert all(tables.values())
    assert commented == in_models
    assert set(tables) == {table for table, _ in commented}


def test_deleting_a_document_removes_its_occurrences_and_keeps_the_manifest_row(pipeline):
    filled(pipeline)
    assert count(pipeline.engine, "chunk_occurrences") > 0

    execute(pipeline.engine, "DELETE FROM documents")

    assert count(pipeline.engine, "chunk_occurrences") == 0
    assert count(pipeline.engine, "document_chunks") > 0
    assert count(pipeline.engine, "source_files WHERE document_id IS NULL") == 5


def test_deleting_a_chunk_removes_its_vectors_and_its_occurrences(pipeline):
    filled(pipeline)
    vectors = count(pipeline.engine, "chunk_embeddings")
    chosen = "(SELECT chunk_id FROM document_chunks ORDER BY chunk_id LIMIT 1)"
    (victim,) = pipeline.rows(chosen)[0]

    execute(pipeline.engine, f"DELETE FROM document_chunks WHERE chunk_id = '{victim}'")

    assert count(pipeline.engine, "chunk_embeddings") == vectors - 1
    assert count(pipeline.engine, f"chunk_embeddings WHERE chunk_id = '{victim}'") == 0
    assert count(pipeline.engine, f"chunk_occurrences WHERE chunk_id = '{victim}'") == 0


def test_a_vector_is_unique_per_chunk_and_model(pipeline):
    filled(pipeline)

    with pytest.raises(IntegrityError, match="duplicate key"):
        execute(pipeline.engine, "INSERT INTO chunk_embeddings SELECT * FROM chunk_embeddings LIMIT 1")


def test_a_vector_of_another_length_is_refused_by_the_partition_of_its_model(pipeline):
    filled(pipeline)
    execute(pipeline.engine, "CREATE TABLE one AS SELECT * FROM chunk_embeddings LIMIT 1")
    execute(pipeline.engine, "DELETE FROM chunk_embeddings e USING one WHERE e.chunk_id = one.chunk_id")
    insert = "INSERT INTO chunk_embeddings SELECT chunk_id, embedding_model_id, {} FROM one"

    with pytest.raises(IntegrityError, match="ck_chunk_embeddings_m1_dimensions"):
        execute(pipeline.engine, insert.format("'[1,2,3]'::vector"))
    execute(pipeline.engine, insert.format("embedding"))


def test_only_one_generation_can_be_live(pipeline):
    filled(pipeline)

    with pytest.raises(IntegrityError, match="uq_generations_live"):
        execute(
            pipeline.engine,
            "INSERT INTO generations "
            "SELECT generation + 1, state, embedding_model_id, content_hash, source_hash, documents, chunks "
            "FROM generations",
        )
