"""`dev`, and the Dagster instance that `ingest` and the UI share."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    import dagster as dg


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(dev)


def dev(context: typer.Context) -> None:
    """Open the Dagster UI with a history that lasts; options go to `dagster dev`, as in `dev --port 3001`."""
    home = dagster_home(load_settings())
    with dagster_instance(home):
        pass  # made here, where two processes cannot make it at once
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(PROJECT_ROOT / "workspace.yaml"), *context.args]
    # Not from the project root: Dagster would complain about the dagster.yaml there, which the home has a copy of.
    os.chdir(home)
    os.execve(sys.executable, command, {**os.environ, "DAGSTER_HOME": str(home)})  # noqa: S606  (no shell is meant)


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME as it is, or a folder in the state folder, with the project's ``dagster.yaml``."""
    home = settings.dagster_home or settings.state_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    file, shipped = home / "dagster.yaml", (PROJECT_ROOT / "dagster.yaml").read_bytes()
    own = settings.dagster_home is None
    if not file.exists() or (own and file.read_bytes() != shipped):
        # In one step: another process may be reading it.
        with tempfile.NamedTemporaryFile(dir=home, delete=False) as written:
            written.write(shipped)
        Path(written.name).chmod(0o644)
        Path(written.name).replace(file)
    return home


@contextlib.contextmanager
def dagster_instance(home: Path) -> "Iterator[dg.DagsterInstance]":
    """The Dagster instance of a home; its SQLite files are made one process at a time, as two would collide."""
    import dagster as dg  # noqa: PLC0415  (1.2 s)

    with _alone(home / "making.lock"):
        instance = dg.DagsterInstance.from_config(str(home))
    with instance:
        yield instance


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    try:
        import fcntl  # noqa: PLC0415  (Unix only)
    except ImportError:
        yield
        return
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
