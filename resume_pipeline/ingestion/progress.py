"""How a stage tells how far it is: one callable that a shell supplies."""

from typing import Protocol


class Progress(Protocol):
    """Called at every committed batch of a stage."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """``done`` of ``total`` units (files, documents, inputs) of ``stage`` are finished and kept."""


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
