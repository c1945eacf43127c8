"""The embedded Postgres: shared by processes, surviving kills, in folders with any name."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.errors import DatabaseUnavailableError
from resume_pipeline.storage.embedded import EmbeddedPostgres

START = """
import sys, time
from pathlib import Path
from resume_pipeline.storage.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(server.start(), flush=True)
sys.stdin.readline()
"""
STOP = """
import sys
from pathlib import Path
from resume_pipeline.storage.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1])).stop())
"""


def ask(server: EmbeddedPostgres, statement: str) -> list[tuple[object, ...]]:
    """Ask the server in plain SQL; what it answers is committed."""
    connection = psycopg2.connect(host=str(server.socket_dir), user="postgres", dbname="postgres")
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def postmaster(server: EmbeddedPostgres) -> int:
    """The process id of the server itself."""
    return int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    status = Path(f"/proc/{pid}/stat")
    if not Path("/proc").exists():
        return subprocess.run(["ps", "-p", str(pid)], capture_output=True, check=False).returncode == 0
    with contextlib.suppress(OSError):
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def kill_server(server: EmbeddedPostgres) -> None:
    """SIGKILL the postmaster, and wait until it is gone."""
    pid = postmaster(server)
    os.kill(pid, signal.SIGKILL)
    while is_alive(pid):
        time.sleep(0.02)


def process(code: str, state_dir: Path) -> subprocess.Popen[str]:
    """A process in a session of its own, as another terminal would be."""
    command = [sys.executable, "-c", code, str(state_dir)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT, start_new_session=True
    )


def say(started: subprocess.Popen[str], line: str = "go") -> None:
    started.stdin.write(line + "\n")
    started.stdin.flush()


@contextlib.contextmanager
def server_in(state_dir: Path) -> Iterator[EmbeddedPostgres]:
    """The server of a state folder; stopped and removed at the end."""
    server = EmbeddedPostgres(state_dir)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(state_dir)
        if server.socket_dir != server.data_dir:
            shutil.rmtree(server.socket_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder for the tests that need no new one."""
    folder = tmp_path_factory.mktemp("shared")
    with server_in(folder):
        yield folder


def test_it_is_made_and_started_on_demand_and_a_second_start_is_a_no_op(state_dir):
    server = EmbeddedPostgres(state_dir)
    server.stop()
    assert not server.is_running()

    assert server.start() is True
    first = postmaster(server)

    assert server.is_running()
    assert server.start() is False
    assert EmbeddedPostgres(state_dir).start() is False
    assert postmaster(server) == first


def test_it_is_tuned(state_dir):
    server = EmbeddedPostgres(state_dir)
    server.start()

    settings = dict(ask(server, "SELECT name, current_setting(name) FROM pg_settings"))

    assert settings["jit"] == "off"
    assert settings["maintenance_work_mem"] == "256MB"
    assert settings["work_mem"] == "32MB"
    assert settings["listen_addresses"] == ""


def test_starting_again_does_not_touch_the_users_own_configuration(state_dir):
    server = EmbeddedPostgres(state_dir)
    server.start()
    server.stop()
    with (server.data_dir / "postgresql.conf").open("a") as file:
        file.write("work_mem = '48MB'\n")

    server.start()

    text = (server.data_dir / "postgresql.conf").read_text()
    assert text.count("include 'resume_pipeline.conf'") == 1
    assert ask(server, "SHOW work_mem") == [("48MB",)]


def test_another_process_can_stop_it(state_dir):
    server = EmbeddedPostgres(state_dir)
    server.start()
    pid = postmaster(server)

    shown = process(STOP, state_dir).communicate()[0]

    assert shown == "True\n"
    assert not server.is_running()
    assert not is_alive(pid)


def test_stopping_what_does_not_run_says_so(state_dir, tmp_path):
    server = EmbeddedPostgres(state_dir)
    server.start()
    server.stop()

    assert server.stop() is False
    assert EmbeddedPostgres(tmp_path / "never made").stop() is False


def test_stopping_a_server_that_was_killed_says_that_it_did_not_run(state_dir):
    server = EmbeddedPostgres(state_dir)
    server.start()
    kill_server(server)

    assert server.stop() is False


def test_it_comes_back_after_a_kill_with_its_data(state_dir):
    server = EmbeddedPostgres(state_dir)
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    kill_server(server)
    assert not server.is_running()

    assert server.start() is True

    assert ask(server, "SELECT answer FROM kept") == [(42,)]


def test_it_comes_back_while_connections_of_the_killed_server_are_still_open(state_dir):
    server = EmbeddedPostgres(state_dir)
    server.start()
    busy = psycopg2.connect(host=str(server.socket_dir), user="postgres", dbname="postgres")
    busy.cursor().execute("CREATE TEMP TABLE t AS SELECT 1")
    kill_server(server)

    server.start()

    assert ask(server, "SELECT 1") == [(1,)]


def test_two_processes_that_start_it_at_once_share_one_server(tmp_path):
    with server_in(tmp_path / "state") as server:
        both = [process(START, tmp_path / "state") for _ in range(2)]
        for started in both:
            assert started.stdout.readline() == "ready\n"
        for started in both:
            say(started)
        answers = [started.stdout.readline().strip() for started in both]
        for started in both:
            say(started)
            started.wait()

        assert sorted(answers) == ["False", "True"]
        assert ask(server, "SELECT 1") == [(1,)]
        assert (server.log_file).read_text().count("database system is ready to accept connections") == 1


def test_it_outlives_the_process_that_started_it_even_when_that_is_killed(tmp_path):
    with server_in(tmp_path / "state") as server:
        starter = process(START, tmp_path / "state")
        say(starter)
        assert [starter.stdout.readline() for _ in range(2)] == ["ready\n", "True\n"]
        pid = postmaster(server)

        os.killpg(starter.pid, signal.SIGKILL)
        starter.wait()

        assert ask(server, "SELECT 1") == [(1,)]
        assert is_alive(pid)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param('it\'s a "state" of 100 % mine, & yours; ça va?', id="spaces, quotes, comma, percent"),
        pytest.param("$(touch injected) `touch injected` $HOME \\n back\\slash", id="what a shell would read"),
        pytest.param("/".join(["a folder with a long name " * 3] * 3), id="longer than a socket's path may be"),
    ],
)
def test_it_works_in_a_folder_with_any_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with server_in(tmp_path / name) as server:
        assert server.start() is True
        assert server.start() is False
        assert ask(server, "SELECT 1") == [(1,)]
        assert len(os.fsencode(server.socket_dir / ".s.PGSQL.5432")) <= 103
        assert Path(ask(server, "SHOW data_directory")[0][0]) == server.data_dir
        assert not list(tmp_path.rglob("injected"))
        assert server.stop() is True


def test_the_socket_of_a_long_path_is_closed_to_other_users(tmp_path):
    with server_in(tmp_path / ("long " * 24)) as server:
        server.start()

        assert server.socket_dir != server.data_dir
        assert server.socket_dir.stat().st_mode & 0o077 == 0


def test_a_server_that_does_not_start_says_why_and_what_else_to_do(state_dir):
    server = EmbeddedPostgres(state_dir)
    server.start()
    server.stop()
    with (server.data_dir / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")

    try:
        with pytest.raises(DatabaseUnavailableError) as caught:
            server.start()
    finally:
        configuration = server.data_dir / "postgresql.conf"
        configuration.write_text(configuration.read_text().replace("no_such_setting = 1\n", ""))

    assert "no_such_setting" in str(caught.value)
    assert "Set DATABASE_URL" in str(caught.value)
    assert str(server.data_dir) in str(caught.value)


def test_its_url_reaches_any_database_on_it(state_dir):
    from resume_pipeline.storage.engine import make_engine

    server = EmbeddedPostgres(state_dir)
    server.start()
    engine = make_engine(server.url("template1"))

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_database()").scalar() == "template1"
    engine.dispose()
    assert json.dumps(server.url().render_as_string())
