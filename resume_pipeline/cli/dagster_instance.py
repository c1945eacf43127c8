"""`dev`, and the Dagster instance that `ingest` and the UI share."""

import os
import shutil
import sys
from pathlib import Path

import typer

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.settings import Settings, load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(dev)


def dev(context: typer.Context) -> None:
    """Open the Dagster UI with a history that lasts; options go to `dagster dev`, as in `dev --port 3001`."""
    home = dagster_home(load_settings())
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(PROJECT_ROOT / "workspace.yaml"), *context.args]
    # Not from the project root: Dagster would complain about the dagster.yaml there, which the home has a copy of.
    os.chdir(home)
    os.execve(sys.executable, command, {**os.environ, "DAGSTER_HOME": str(home)})  # noqa: S606  (no shell is meant)


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME as it is, or a folder in the state folder, with the project's ``dagster.yaml``."""
    home = settings.dagster_home or settings.state_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    own = settings.dagster_home is None
    if own or not (home / "dagster.yaml").exists():
        shutil.copyfile(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    return home
