"""Paths in a questions file against the paths of the documents: one folder too many or too few is put right.

A file written beside a content root says ``docs/x.md`` where the document is ``x.md``, or the other way round.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from resume_pipeline.domain.ranking_metrics import Relevant
from resume_pipeline.evaluation.questions import GoldenQuestion, LineProblem


@dataclass(frozen=True, slots=True)
class AlignedQuestions:
    """Questions whose paths are the documents' own, what was done for that, and the lines whose paths are unknown."""

    questions: tuple[GoldenQuestion, ...]
    warning: str | None
    unknown: tuple[LineProblem, ...]


def align_paths(questions: Iterable[GoldenQuestion], documents: Collection[str]) -> AlignedQuestions:
    """The questions with a common folder stripped from their paths or added, if only then any names a document.

    As soon as one path is known as it stands, all are left as they stand.
    """
    given = tuple(questions)
    known = set(documents)
    paths = [passage.path for question in given for passage in question.relevant]
    warning = None
    if paths and known.isdisjoint(paths):
        stripped, added = _folder_to_strip(paths, known), _folder_to_add(paths, known)
        if stripped is not None:
            given = tuple(_renamed(question, strip=stripped) for question in given)
            warning = f"No path in the questions file is a document's; without the folder {stripped}/ they are."
        elif added is not None:
            given = tuple(_renamed(question, add=added) for question in given)
            warning = f"No path in the questions file is a document's; below the folder {added}/ they are."
    unknown = tuple(
        LineProblem(question.line, f"no document {passage.path}")
        for question in given
        for passage in question.relevant
        if passage.path not in known
    )
    return AlignedQuestions(given, warning, tuple(dict.fromkeys(unknown)))


def known_only(questions: Iterable[GoldenQuestion], documents: Collection[str]) -> list[GoldenQuestion]:
    """The questions without the passages of documents that are not there, and without those that name only such.

    Whether documents may go is judged when they go; here it is judged whether what is there is found.
    """
    kept = []
    for question in questions:
        passages = tuple(passage for passage in question.relevant if passage.path in documents)
        if passages or not question.relevant:
            kept.append(replace(question, relevant=passages))
    return kept


def _folder_to_strip(paths: list[str], known: set[str]) -> str | None:
    """The shortest leading folder of all paths without which one of them is known."""
    parts = PurePosixPath(paths[0]).parts
    for depth in range(1, len(parts)):
        folder = "/".join(parts[:depth])
        if not all(path.startswith(f"{folder}/") for path in paths):
            return None
        if any(path.removeprefix(f"{folder}/") in known for path in paths):
            return folder
    return None


def _folder_to_add(paths: list[str], known: set[str]) -> str | None:
    """The folder below which most of the paths are known."""
    wanted = set(paths)
    folders: Counter[str] = Counter()
    for document in known:
        parts = document.split("/")
        folders.update("/".join(parts[:n]) for n in range(1, len(parts)) if "/".join(parts[n:]) in wanted)
    return min(folders, key=lambda folder: (-folders[folder], len(folder), folder)) if folders else None


def _renamed(question: GoldenQuestion, *, strip: str = "", add: str = "") -> GoldenQuestion:
    def rename(passage: Relevant) -> Relevant:
        path = passage.path.removeprefix(f"{strip}/") if strip else f"{add}/{passage.path}"
        return replace(passage, path=path)

    return replace(question, relevant=tuple(rename(passage) for passage in question.relevant))
