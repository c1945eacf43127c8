"""The golden questions of a content root: one file beside the content, read whole and known by its sha256.

What its lines mean is ``evaluation.questions``; publishing only asks whether there are any, and which.
"""

from dataclasses import dataclass
from pathlib import Path

from resume_pipeline.domain.hashing import sha256_bytes
from resume_pipeline.errors import ContentRootError, QuestionsError

GOLDEN_QUESTIONS = "golden_questions.jsonl"
MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class QuestionsFile:
    """A questions file as it was read: where it lies, its bytes, and the sha256 that tells it from others."""

    path: Path
    data: bytes
    sha256: bytes


def golden_questions(root: Path) -> QuestionsFile | None:
    """The golden questions of a content root; None when it has none.

    Raises:
        ContentRootError: the content root is not there, so nobody can say whether it has any.
        QuestionsError: there is such a file, but it cannot be read.
    """
    path = root / GOLDEN_QUESTIONS
    try:
        if not root.is_dir():
            raise ContentRootError(
                f"The content root {root} is no folder that can be read, so its golden questions cannot be looked for. "
                "Create it, or set RESUME_CONTENT_ROOT."
            )
        if not path.exists():
            return None
    except OSError as error:
        raise ContentRootError(f"The content root {root} cannot be opened: {error.strerror}.") from error
    return read_questions_file(path)


def read_questions_file(path: Path) -> QuestionsFile:
    """A questions file, whole.

    Raises:
        QuestionsError: it is missing, no regular file, too large, or cannot be read.
    """
    try:
        if not path.is_file():
            raise QuestionsError(f"There is no questions file {path}.")
        if path.stat().st_size > MAX_BYTES:
            raise QuestionsError(f"The questions file {path} is larger than {MAX_BYTES // 1_000_000} MB.")
        data = path.read_bytes()
    except OSError as error:
        raise QuestionsError(f"The questions file {path} cannot be read: {error.strerror}.") from error
    return QuestionsFile(path, data, sha256_bytes(data))
