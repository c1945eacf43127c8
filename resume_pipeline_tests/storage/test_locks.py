"""Advisory locks: one writer at a time, and none left behind by a process that was killed."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.errors import BusyError
from resume_pipeline.storage.locks import LOCK_SPACE, writer_lock
from resume_pipeline.storage.migrations import downgrade, schema_state

HOLD = """
import sys
from resume_pipeline.storage.engine import make_engine
from resume_pipeline.storage.locks import writer_lock
with writer_lock(make_engine(sys.argv[1]), timeout_seconds=10):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(engine):
    """Another process that holds the writer's lock."""
    url = engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_writer_is_told_who_is_in_the_way_after_it_waited(engine, holder):
    with pytest.raises(BusyError) as caught, writer_lock(engine, timeout_seconds=0.3):
        pytest.fail("two writers at once")

    assert caught.value.retriable
    assert "Another process is writing to the index" in str(caught.value)
    assert str(LOCK_SPACE) in str(caught.value)


def test_a_second_writer_gets_the_lock_when_the_first_one_ends(engine, holder):
    threading.Timer(0.3, holder.stdin.close).start()

    with writer_lock(engine, timeout_seconds=60):
        pass


def test_a_killed_writer_leaves_no_lock_behind(engine, holder):
    with pytest.raises(BusyError), writer_lock(engine, timeout_seconds=0):
        pass

    os.kill(holder.pid, signal.SIGKILL)

    with writer_lock(engine, timeout_seconds=60):
        pass


def test_two_writers_of_one_process_exclude_one_another_too(engine):
    with writer_lock(engine, timeout_seconds=0), pytest.raises(BusyError), writer_lock(engine, timeout_seconds=0):
        pass
    with writer_lock(engine, timeout_seconds=0):
        pass


def test_a_writer_that_fails_gives_the_lock_back(engine):
    with pytest.raises(ZeroDivisionError), writer_lock(engine, timeout_seconds=0):
        _ = 1 / 0

    with writer_lock(engine, timeout_seconds=0):
        pass


def test_a_migration_waits_until_nobody_writes(engine, holder):
    """A stage looks at the schema when it begins; moving it underneath would step around the gate."""
    states = []
    migration = threading.Thread(target=lambda: states.append(downgrade(engine, "-1")))
    migration.start()
    migration.join(1.0)
    assert migration.is_alive() and schema_state(engine).at_head

    holder.stdin.write("\n")
    holder.stdin.flush()
    migration.join(30)

    assert len(states) == 1 and not states[0].at_head


def test_waiting_for_the_lock_holds_no_snapshot(engine, holder):
    """A waiting process with a snapshot would hold up CREATE INDEX CONCURRENTLY and vacuum."""
    seen = []
    waiting = threading.Thread(target=wait_for_the_lock, args=(engine,))
    waiting.start()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(20):
            seen += connection.exec_driver_sql(
                "SELECT backend_xmin, state FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND datname = current_database() AND (query LIKE '%%advisory%%' OR query = 'ROLLBACK')"
            ).all()
            waiting.join(0.02)
    waiting.join()

    assert "idle" in {state for _, state in seen}
    assert {state for xmin, state in seen if xmin is not None} <= {"active"}


def test_holding_the_lock_holds_no_snapshot_either(engine, holder):
    """The transaction that holds it lasts as long as a stage."""
    with engine.connect() as connection:
        held = connection.exec_driver_sql(
            "SELECT backend_xmin, a.state FROM pg_stat_activity a JOIN pg_locks l USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND datname = current_database()"
        ).all()

    assert held == [(None, "idle in transaction")]


def wait_for_the_lock(engine):
    with pytest.raises(BusyError), writer_lock(engine, timeout_seconds=0.5):
        pass
