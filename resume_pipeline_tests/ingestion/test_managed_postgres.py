"""As on a managed host: an ordinary role, the extension in a schema of its own, TLS, a pooler in transaction mode."""

import json
import os
import subprocess
import sys
import uuid

import pytest
from sqlalchemy import text

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.storage.engine import make_engine
from resume_pipeline_tests.conftest import create_database
from resume_pipeline_tests.pipeline import long_text
from resume_pipeline_tests.pooler import Pooler, require_pgbouncer

PASSWORD = "an-ordinary-password"
SET_UP = """
CREATE SCHEMA extensions;
CREATE EXTENSION vector SCHEMA extensions;
CREATE ROLE {role} LOGIN PASSWORD '{password}' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE SCHEMA resume AUTHORIZATION {role};
GRANT USAGE ON SCHEMA extensions TO {role};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER ROLE {role} IN DATABASE {database} SET search_path = resume, extensions;
ALTER ROLE {role} IN DATABASE {database} SET statement_timeout = '2min';
"""


class Host:
    """A database of a managed host, and a project folder beside it."""

    def __init__(self, pooler: Pooler, database: str, folder) -> None:
        self.pooler, self.database, self.content = pooler, database, folder / "content"
        self.content.mkdir()
        self.environment = {
            **os.environ,
            "DATABASE_URL": pooler.url(database),
            "RESUME_CONTENT_ROOT": str(self.content),
            "RESUME_STATE_DIR": str(folder / "state"),
            "RESUME_EMBEDDING_MODEL": "hashing:64",
            "RESUME_VECTOR_INDEX": "hnsw",
        }

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "resume_pipeline", *command],
            cwd=PROJECT_ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, process: subprocess.Popen[str]) -> str:
        output, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, output + complaint
        return output

    def run(self, *command: str) -> str:
        return self.finish(self.start(*command))


@pytest.fixture
def host(server, tmp_path):
    """An empty database behind a pooler, set up as a host does it."""
    require_pgbouncer()
    name = f"managed_{uuid.uuid4().hex[:12]}"
    create_database(server, name)
    engine = make_engine(server.url(name))
    with engine.begin() as connection:
        connection.execute(text(SET_UP.format(role=name, password=PASSWORD, database=name)))
    engine.dispose()
    folder = tmp_path / "pooler"
    folder.mkdir()
    pooler = Pooler(folder, server.socket_dir, name, PASSWORD)
    yield Host(pooler, name, tmp_path)
    pooler.stop()


def test_from_nothing_to_answers_through_a_pooler_as_an_ordinary_role_with_verified_tls(host):
    for number in range(3):
        (host.content / f"note-{number}.md").write_text(f"# Note {number}\n\n{long_text(10, seed=str(number))}")

    first = json.loads(host.run("ingest", "--json"))
    (host.content / "note-1.md").write_text("# Note 1\n\nThe zeppelin was painted in 1931.")
    both = [host.start("ingest", "--json"), host.start("ingest", "--json")]
    generations = sorted(json.loads(host.finish(process))["generation"] for process in both)
    found = json.loads(host.run("search", "--json", "when was the zeppelin painted?"))
    back = json.loads(host.run("rollback", "--json"))
    host.run("maintain")
    checks = json.loads(host.run("doctor", "--json"))["checks"]

    assert (first["generation"], first["published"]) == (1, True)
    assert generations == [2, 2]
    assert found["hits"][0]["path"] == "note-1.md"
    assert back["generation"] == 1
    assert [check["name"] for check in checks if not check["ok"]] == []
