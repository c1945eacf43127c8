"""Connections: one driver, bounded waiting, errors that say what to do and never a password."""

import traceback

import psycopg2
import pytest
from sqlalchemy import text

from resume_pipeline.errors import (
    BusyError,
    ConfigurationError,
    DatabaseError,
    DatabaseUnavailableError,
    SchemaError,
)
from resume_pipeline.storage.bulk import copy_rows
from resume_pipeline.storage.engine import driver_errors, make_engine, make_sessions, normalised_url

PASSWORD = "correct-horse"
TAIL = f"me:{PASSWORD}@db.example:5433/notes?sslmode=require"


def everything_shown(error: BaseException) -> str:
    """The message with all the errors behind it, as a traceback shows them."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"])
def test_every_spelling_of_a_postgres_url_means_psycopg2(scheme):
    url = normalised_url(f"{scheme}://{TAIL}")

    assert url.drivername == "postgresql+psycopg2"
    assert url.render_as_string(hide_password=False) == f"postgresql+psycopg2://{TAIL}"


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://{TAIL}",
        f"sqlite:///{PASSWORD}",
        f"https://{TAIL}",
        f"postgrest://{TAIL}",
        TAIL,
        PASSWORD,
        "",
        f"postgresql://me:{PASSWORD}@host:port/db",
        f"postgresql://me:horse@{PASSWORD}:{PASSWORD}@host/db",
    ],
)
def test_any_other_url_is_refused_without_showing_what_is_secret_in_it(url):
    with pytest.raises(ConfigurationError) as caught:
        make_engine(url)

    assert "DATABASE_URL" in str(caught.value)
    assert PASSWORD not in everything_shown(caught.value)


def test_a_password_is_not_part_of_what_an_engine_shows():
    assert PASSWORD not in repr(make_engine(f"postgresql://{TAIL}"))


def test_a_server_that_cannot_be_reached_is_reported_as_retriable_with_a_remedy():
    engine = make_engine(f"postgresql://me:{PASSWORD}@127.0.0.1:1/notes")

    with pytest.raises(DatabaseUnavailableError) as caught, driver_errors(), engine.connect():
        pass

    assert caught.value.retriable
    assert "Connection refused" in str(caught.value)
    assert "resume-pipeline doctor" in str(caught.value)
    assert PASSWORD not in everything_shown(caught.value)


def test_a_database_that_does_not_exist_is_reported_by_name(server):
    engine = make_engine(server.url("nowhere"))

    with pytest.raises(DatabaseUnavailableError, match='"nowhere" does not exist'), driver_errors(), engine.connect():
        pass


def test_a_refused_statement_is_reported_with_its_sqlstate_and_without_its_values(engine):
    with pytest.raises(DatabaseError) as caught, driver_errors(), engine.connect() as connection:
        connection.execute(text("SELECT 1 / (length(:secret) - length(:secret))"), {"secret": PASSWORD})

    assert type(caught.value) is DatabaseError
    assert not caught.value.retriable
    assert "SQLSTATE 22012" in str(caught.value)
    assert "division by zero" in str(caught.value)
    assert PASSWORD not in everything_shown(caught.value)


@pytest.mark.parametrize("statement", ["SELECT 1 FROM no_such_table", "SELECT no_such_column FROM documents"])
def test_a_missing_table_or_column_is_a_matter_of_the_schema(engine, statement):
    with pytest.raises(SchemaError) as caught, driver_errors(), engine.connect() as connection:
        connection.execute(text(statement))

    assert "no_such_" in str(caught.value)
    assert "resume-pipeline db upgrade" in str(caught.value)


def test_a_value_the_driver_cannot_send_is_not_called_a_broken_connection(engine):
    with pytest.raises(DatabaseError) as caught, driver_errors(), engine.connect() as connection:
        connection.execute(text("SELECT :value"), {"value": object()})

    assert not isinstance(caught.value, DatabaseUnavailableError)
    assert "object" in str(caught.value)


def test_a_connection_that_breaks_is_retriable_and_the_next_one_works(engine):
    with pytest.raises(DatabaseUnavailableError) as caught, driver_errors(), engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    assert caught.value.retriable
    with driver_errors(), engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_an_idle_connection_that_was_dropped_is_replaced_unnoticed(engine):
    with engine.connect() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    other = make_engine(engine.url)
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.dispose()

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_what_copy_refuses_is_translated_like_any_other_statement(engine):
    with pytest.raises(DatabaseError) as caught, driver_errors(), make_sessions(engine).begin() as session:
        session.execute(text("CREATE TEMP TABLE numbers (number integer) ON COMMIT DROP"))
        copy_rows(session, "numbers", ["number"], [["not a number"]])

    assert "SQLSTATE 22P02" in str(caught.value)
    assert isinstance(caught.value.__cause__, psycopg2.Error)


def test_a_connection_that_breaks_during_copy_is_retriable(engine):
    with pytest.raises(DatabaseUnavailableError), driver_errors(), make_sessions(engine).begin() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        with make_engine(engine.url).connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        copy_rows(session, "documents", ["title"], [["x"]])


def test_errors_of_this_project_pass_through_untouched():
    busy = BusyError("somebody else")

    with pytest.raises(BusyError) as caught, driver_errors():
        raise busy

    assert caught.value is busy


def test_connections_are_named_so_that_an_administrator_knows_them(engine):
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW application_name")) == "resume_pipeline"


@pytest.mark.parametrize("url", ["postgresql://u:p@ssw0rd@localhost/db", "postgresql://u:p@ss%40w0rd@host:5432/db"])
def test_a_password_with_an_at_sign_that_is_not_encoded_is_refused_without_showing_it(url):
    with pytest.raises(ConfigurationError, match="percent-encoded") as failure:
        normalised_url(url)
    assert "ss" not in str(failure.value).replace("password", "")


def test_a_password_given_as_a_parameter_is_masked_like_any_other():
    url = normalised_url("postgresql://host/db?user=u&password=SECRET")
    assert url.password == "SECRET"
    assert "SECRET" not in str(url) and "SECRET" not in repr(url)
