"""A real PgBouncer in transaction mode in front of the embedded Postgres, as managed hosts offer it."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
CONFIGURATION = """
[databases]
* = host='{socket_dir}' port=5432

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 6
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
client_tls_sslmode = require
client_tls_key_file = {folder}/server.key
client_tls_cert_file = {folder}/server.crt
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


def require_pgbouncer() -> None:
    """Skip where PgBouncer is not installed; in CI it must be."""
    if PGBOUNCER is None and os.environ.get("CI") == "true":
        pytest.fail("PgBouncer is not installed; .ci/run installs it.")
    if PGBOUNCER is None or shutil.which("openssl") is None:
        pytest.skip("PgBouncer and openssl are needed (Debian: pgbouncer, openssl).")


class Pooler:
    """One PgBouncer; clients must use TLS, and can verify it by ``authority``."""

    def __init__(self, folder: Path, socket_dir: Path, role: str, password: str) -> None:
        self.folder, self.role, self.password = folder, role, password
        self.authority = folder / "server.crt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._certify()
        users = folder / "users.txt"
        users.write_text(f'"{role}" "{password}"\n')
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            CONFIGURATION.format(socket_dir=socket_dir, port=self.port, users=users, folder=folder)
        )
        command = [str(PGBOUNCER), str(configuration)]
        if getpass.getuser() == "root":  # which PgBouncer refuses to be; the server's own user may enter its folder
            user = socket_dir.owner()
            subprocess.run(["chown", "-R", user, str(folder)], check=True)
            for parent in (folder, *folder.parents):
                if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                    parent.chmod(parent.stat().st_mode | 0o011)
            command += ["--user", user]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._await()

    def url(self, database: str) -> str:
        """Verified TLS, through the pooler."""
        return (
            f"postgresql://{self.role}:{self.password}@localhost:{self.port}/{database}"
            f"?sslmode=verify-full&sslrootcert={self.authority}"
        )

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=10)

    def _certify(self) -> None:
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
                *("-addext", "subjectAltName=DNS:localhost"),
                *("-keyout", str(self.folder / "server.key"), "-out", str(self.authority)),
            ],
            check=True,
            capture_output=True,
        )
        self.authority.chmod(0o644)

    def _await(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        log = self.folder / "pgbouncer.log"
        pytest.fail(f"PgBouncer did not start: {log.read_text() if log.exists() else self.process.poll()}")
