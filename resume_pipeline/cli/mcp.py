"""`mcp`: the portfolio as tools of an assistant."""

import typer

from resume_pipeline.bootstrap.serving import serving
from resume_pipeline.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(mcp)


def mcp() -> None:
    """Serve `search`, `ask` and `read_document` to an assistant (Model Context Protocol, standard input and output)."""
    parts = serving(load_settings())
    from resume_pipeline.mcp.server import make_server  # noqa: PLC0415  (half a second, and only here)

    make_server(parts).run("stdio")
