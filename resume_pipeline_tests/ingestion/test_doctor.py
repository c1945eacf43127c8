"""The doctor, each failure produced for real: what is wrong is named, and the remedy is the one that helps."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from resume_pipeline.embedding.hashed import HashingEmbedder
from resume_pipeline.errors import EmbeddingAccessError, EmbeddingUnavailableError
from resume_pipeline.ingestion.diagnosis import diagnose
from resume_pipeline.ingestion.findings import Finding
from resume_pipeline.storage.connect_problems import connect_problem
from resume_pipeline.storage.engine import make_engine
from resume_pipeline.storage.migrations import downgrade, upgrade
from resume_pipeline_tests.pooler import Pooler, require_pgbouncer

PASSWORD = "an-ordinary-password"


@pytest.fixture
def examine(pipeline, tmp_path):
    """The findings of a URL, by name."""

    def findings(url, load_embedder=HashingEmbedder, state_dir: Path = tmp_path) -> dict[str, Finding]:
        engine = make_engine(url)
        try:
            return {
                one.name: one for one in diagnose(lambda: engine, load_embedder, pipeline.root, state_dir=state_dir)
            }
        finally:
            engine.dispose()

    return findings


@pytest.fixture
def role(server, database) -> Iterator[str]:
    """An ordinary role that may connect to the database, and no more."""
    name = f"role_of_{database}"
    run(server, database, f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    yield name
    run(server, database, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@pytest.fixture
def pooler(server, role, tmp_path) -> Iterator[Pooler]:
    require_pgbouncer()
    folder = tmp_path / "pooler"
    folder.mkdir()
    pooler = Pooler(folder, server.socket_dir, role, PASSWORD)
    yield pooler
    pooler.stop()


def run(server, database: str, *statements: str) -> None:
    engine = make_engine(server.url(database))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def as_role(server, database: str, role: str):
    return server.url(database).set(username=role)


@contextlib.contextmanager
def answering(message: str | None) -> Iterator[str]:
    """A server on loopback that answers each client with this error of the Postgres protocol, or with nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    clients: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                clients.append(client)
                client.recv(1024)
                if message is not None:
                    fields = f"SFATAL\0VFATAL\0CXX000\0M{message}\0\0".encode()
                    client.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
                    client.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"postgresql://somebody@127.0.0.1:{listener.getsockname()[1]}/postgres?sslmode=disable"
    listener.close()
    for client in clients:
        client.close()


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connection(findings: dict[str, Finding], remedy: str) -> Finding:
    """The finding about the connection, which must have failed with this remedy; the other parts are still asked."""
    found = findings["connection"]
    assert not found.ok
    assert remedy in found.remedy, found
    assert "content root" in findings and "schema" not in findings
    return found


def test_a_host_name_that_nobody_knows(examine):
    connection(examine("postgresql://somebody@no-such-host.invalid/postgres"), "host's name is unknown")


def test_an_address_without_a_route_as_of_a_host_that_has_only_ipv6(examine):
    """Where this machine has a route to IPv6, the documentation's addresses do not answer."""
    found = examine("postgresql://somebody@[2001:db8::1]/postgres")["connection"]

    assert "IPv4" in found.remedy or "No answer" in found.remedy


def test_a_port_where_nothing_listens(examine):
    connection(examine(f"postgresql://somebody@127.0.0.1:{closed_port()}/postgres"), "Nothing listens there")


def test_a_server_that_never_answers(examine):
    with answering(None) as url:
        connection(examine(url), "No answer")


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("Tenant or user not found", "paused"),
        ("sorry, too many clients already", "Every connection is taken"),
        ("MaxClientsInSessionMode: max clients reached", "Every connection is taken"),
        ("the database system is starting up", "try again in a moment"),
        ('no pg_hba.conf entry for host "10.0.0.1", user "x", database "y", no encryption', "sslmode=require"),
        ('no pg_hba.conf entry for host "10.0.0.1", user "x", database "y", SSL encryption', "pg_hba.conf"),
    ],
)
def test_what_a_server_or_pooler_refuses_with(examine, message, remedy):
    with answering(message) as url:
        connection(examine(url), remedy)


def test_a_database_and_a_role_that_do_not_exist(examine, server):
    connection(examine(server.url("no_such_database")), "createdb")
    connection(examine(server.url().set(username="no_such_role")), "Create the role")


def test_a_wrong_password_is_told_without_showing_it(examine, pooler, database):
    found = connection(examine(pooler.url(database).replace(PASSWORD, "secret-and-wrong")), "percent-encoded")

    assert "secret-and-wrong" not in found.detail + found.remedy


def test_tls_that_is_required_missing_or_not_to_be_verified(examine, pooler, database):
    url = pooler.url(database)
    connection(examine(url.replace("verify-full", "disable")), "sslmode=require")
    connection(examine(url.replace("server.crt", "missing.crt")), "sslrootcert=")
    connection(examine(url.replace("@localhost", "@127.0.0.1")), "sslrootcert=")
    with answering(None) as plain:
        assert connect_problem("server does not support SSL, but SSL was required").kind == "no TLS"
        assert plain


def test_a_pooler_in_transaction_mode_is_recognised_and_the_session_described(examine, pooler, server, database, role):
    run(server, database, f"GRANT SELECT ON alembic_version TO {role}")

    assert "through a pooler in transaction mode" in examine(pooler.url(database))["session"].detail
    assert "pooler" not in examine(server.url(database))["session"].detail


def test_a_missing_extension(examine, server, empty_database):
    found = examine(server.url(empty_database))["pgvector"]

    assert not found.ok and "CREATE EXTENSION vector" in found.remedy


def test_an_extension_in_a_schema_that_is_not_on_the_search_path(examine, server, empty_database, role):
    run(
        server,
        empty_database,
        "CREATE SCHEMA extensions",
        "CREATE EXTENSION vector SCHEMA extensions",
        f"GRANT ALL ON SCHEMA public TO {role}",
    )

    found = examine(as_role(server, empty_database, role))["pgvector"]
    assert not found.ok and "not on the search path" in found.detail
    for statement in found.remedy.removesuffix("; then connect again.").split("; "):
        run(server, empty_database, statement)

    assert examine(as_role(server, empty_database, role))["pgvector"].ok
    run(server, empty_database, f"DROP OWNED BY {role}")


def test_a_search_path_without_a_schema(examine, server, database, role):
    run(server, database, f"ALTER ROLE {role} IN DATABASE {database} SET search_path = nowhere")

    found = examine(as_role(server, database, role))["session"]

    assert not found.ok and "nowhere" in found.detail and "CREATE SCHEMA" in found.remedy


def test_missing_rights_on_schema_and_tables(examine, server, database, role, engine):
    found = examine(as_role(server, database, role))["schema"]
    assert not found.ok and "ON ALL TABLES IN SCHEMA public" in found.remedy

    run(server, database, f"GRANT SELECT ON alembic_version TO {role}")
    downgrade(engine, "-1")
    found = examine(as_role(server, database, role))["schema"]
    assert not found.ok and f"GRANT CREATE ON SCHEMA public TO {role}" in found.remedy

    upgrade(engine)
    found = examine(as_role(server, database, role))["rights"]
    assert not found.ok and "documents" in found.detail
    run(server, database, found.remedy.rstrip("."))
    assert examine(as_role(server, database, role))["rights"].ok


def test_rows_that_row_level_security_hides(examine, server, database, role):
    run(
        server,
        database,
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        "ALTER TABLE documents ENABLE ROW LEVEL SECURITY",
    )

    found = examine(as_role(server, database, role))["rights"]

    assert not found.ok and "postgres" in found.detail and "Use the role postgres" in found.remedy


def test_a_schema_that_is_behind_and_one_that_is_ahead(examine, server, database, engine):
    downgrade(engine, "-1")
    found = examine(server.url(database))["schema"]
    assert not found.ok and "db upgrade" in found.remedy

    run(server, database, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    found = examine(server.url(database))["schema"]
    assert not found.ok and "ahead of the code" in found.detail


def test_a_read_only_database(examine, server, database):
    run(server, database, f"ALTER DATABASE {database} SET default_transaction_read_only = on")

    found = examine(server.url(database))

    assert not found["writable"].ok and "primary" in found["writable"].remedy
    assert not found["writing"].ok


def test_a_statement_timeout_that_is_too_short_for_an_index_build(examine, server, database):
    run(server, database, f"ALTER DATABASE {database} SET statement_timeout = '5s'")

    found = examine(server.url(database))["time-out"]

    assert not found.ok and "MIGRATION_DATABASE_URL" in found.remedy


def test_a_full_disk(examine, server, database):
    """/proc is a file system without a free byte."""
    found = examine(server.url(database), state_dir=Path("/proc/no-such-folder"))["disk"]

    assert not found.ok and "RESUME_STATE_DIR" in found.remedy


@pytest.mark.parametrize(
    ("error", "remedy"),
    [(EmbeddingAccessError("no key"), "OPENAI_API_KEY"), (EmbeddingUnavailableError("busy"), "Wait and try again")],
)
def test_an_embedding_model_that_refuses_or_does_not_answer(examine, server, database, error, remedy):
    def load():
        raise error

    assert remedy in examine(server.url(database), load_embedder=load)["embedder"].remedy


def test_everything_is_well_on_a_sound_database(examine, server, database):
    assert [found for found in examine(server.url(database)).values() if not found.ok] == []
