"""One hostile file: what it holds, what must and must not come out of it, and what the report must say.

Texts are written with three words: ``kept`` must be in a chunk of that path, ``gone`` in no chunk at all (nor in
headings or metadata), ``mute`` in no chunk's text (it may be metadata). ``corpus`` gives each file's words a number of
their own; a letter after the word tells several apart (``keptA``, ``keptB``).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["indexed", "warning", "skipped", "error", "absent"]
"""``absent``: neither indexed nor reported, by the author's wish (hidden and ignored files)."""
Kind = Literal["file", "link", "fifo", "socket"]

WORD = re.compile(r"(?:kept|gone|mute)\d{4}[A-Z]?")
_BARE_WORD = re.compile(r"(kept|gone|mute)(?=[A-Z]?(?![0-9A-Za-z]))")
_BARE_WORD_BYTES = re.compile(_BARE_WORD.pattern.encode())


@dataclass(frozen=True, slots=True)
class Case:
    """``must`` and ``must_not`` are literal strings, beside the words in ``data`` (of a link: its target).

    ``plain``: each line of its chunks stands in the file at the chunk's lines, white space folded.
    """

    family: str
    path: bytes
    data: str | bytes
    outcome: Outcome = "indexed"
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    encoding: str = "utf-8"
    plain: bool = False
    kind: Kind = "file"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A case as it was written to the folder, and what holds for it."""

    case: Case
    must: frozenset[str]
    must_not_in_text: frozenset[str]
    must_not_anywhere: frozenset[str]
    data: bytes
    line_count: int


def numbered(case: Case, number: int) -> Expectation:
    """The case with its words numbered, as bytes, with the words sorted by what they demand."""
    suffix = f"{number:04}"
    if isinstance(case.data, str):
        text = _BARE_WORD.sub(rf"\g<1>{suffix}", case.data)
        data = text.encode(case.encoding)
    else:
        data = _BARE_WORD_BYTES.sub(rb"\g<1>" + suffix.encode(), case.data)
        text = data.decode("latin-1")
    words = frozenset(WORD.findall(text))
    indexed = case.outcome in {"indexed", "warning"}
    return Expectation(
        case,
        must=frozenset(word for word in words if word.startswith("kept")) if indexed else frozenset(),
        must_not_in_text=frozenset(word for word in words if word.startswith("mute") or not indexed),
        must_not_anywhere=frozenset(word for word in words if word.startswith("gone") or not indexed),
        data=data,
        line_count=text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1,
    )


def table(family: str, rows: Sequence[tuple[str, str | bytes, Outcome]], *, plain: bool = False) -> list[Case]:
    """Cases of one family from (name, content, outcome)."""
    return [Case(family, f"{family}/{name}.md".encode(), data, outcome, plain=plain) for name, data, outcome in rows]
