"""`serve`: the HTTP API and the page."""

import os
from typing import Annotated

import typer

from resume_pipeline.cli.output import err
from resume_pipeline.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; RESUME_HOST unless given.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port; RESUME_PORT unless given.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes; RESUME_WORKERS unless given.")] = None,
) -> None:
    """Serve the page and the HTTP API until stopped."""
    given = {"RESUME_HOST": host, "RESUME_PORT": port, "RESUME_WORKERS": workers}
    # By the environment, because every worker process makes its own settings.
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    load_settings.cache_clear()
    settings = load_settings()
    from resume_pipeline.api.server import run_server  # noqa: PLC0415  (FastAPI is loaded only where it is needed)

    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    err.print(f"Serving on http://{shown}:{settings.port} (Ctrl-C stops it); the API is described at /docs.")
    run_server(settings)
