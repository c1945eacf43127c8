"""`db` and `doctor`: the embedded server, migrations, and what is wrong when something is."""

import dataclasses
from typing import Annotated

import typer
from rich.markup import escape

from resume_pipeline import bootstrap
from resume_pipeline.cli.output import AsJson, out, print_json
from resume_pipeline.errors import ConfigurationError, SchemaError
from resume_pipeline.ingestion.diagnosis import diagnose
from resume_pipeline.settings import load_settings
from resume_pipeline.storage import migrations
from resume_pipeline.storage.embedded import EmbeddedPostgres

db = typer.Typer(help="The embedded Postgres, and migrations.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(db, name="db")
    app.command()(doctor)


def _embedded() -> EmbeddedPostgres:
    server = bootstrap.embedded_postgres(load_settings())
    if server is None:
        raise ConfigurationError("DATABASE_URL is set, so there is no embedded server to start or stop.")
    return server


@db.command()
def start() -> None:
    """Start the embedded server (every command does so when it needs it)."""
    out.print("Started." if _embedded().start() else "It runs already.")


@db.command()
def stop() -> None:
    """Stop the embedded server."""
    out.print("Stopped." if _embedded().stop() else "It did not run.")


@db.command()
def url() -> None:
    """Print the database's URL, for psql and other tools; a password is not shown."""
    out.print(escape(bootstrap.database_url(load_settings()).set(drivername="postgresql").render_as_string()))


@db.command()
def upgrade(revision: Annotated[str, typer.Argument()] = "head") -> None:
    """Apply the migrations that are missing."""
    settings = load_settings()
    migrations.upgrade(bootstrap.migration_engine(settings), revision)
    state = migrations.schema_state(bootstrap.engine(settings))
    if revision == "head" and not state.at_head:
        raise SchemaError(f"{state.explanation()} Does MIGRATION_DATABASE_URL lead to the database of DATABASE_URL?")
    out.print(f"The schema is at {state.current or 'none (empty)'}; head is {state.head}.")


# Without this, -1 would be taken for an option.
@db.command(context_settings={"ignore_unknown_options": True})
def downgrade(revision: Annotated[str, typer.Argument(help="A revision, -1 for one step, or base.")]) -> None:
    """Take migrations back. Going to base drops every table with its data."""
    state = migrations.downgrade(bootstrap.migration_engine(load_settings()), revision)
    out.print(f"The schema is at {state.current or 'none (empty)'}; head is {state.head}.")


@db.command()
def current(as_json: AsJson = False) -> None:
    """Say which revision the schema is at, and which the code needs."""
    state = migrations.schema_state(bootstrap.engine(load_settings()))
    if as_json:
        print_json({"current": state.current, "head": state.head, "at_head": state.at_head})
    else:
        out.print(f"The schema is at {state.current or 'none (empty)'}; head is {state.head}.")


def doctor(as_json: AsJson = False) -> None:
    """Check every part, and say what to do about each that fails. Exit code 1 if one fails."""
    settings = load_settings()
    findings = diagnose(
        lambda: bootstrap.engine(settings),
        lambda: bootstrap.embedder_in_use(settings),
        bootstrap.content_root(settings),
        state_dir=settings.state_dir,
        separate_migrations=settings.migration_database_url is not None,
    )
    if as_json:
        print_json({"ok": all(f.ok for f in findings), "checks": [dataclasses.asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            mark = "[green]ok  [/]" if finding.ok else "[bold red]FAIL[/]"
            out.print(f"{mark} {finding.name:<14} {escape(finding.detail)}")
            if not finding.ok:
                out.print(f"     → {escape(finding.remedy)}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)
