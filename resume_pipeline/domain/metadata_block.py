"""The YAML metadata block at the head of a file, also when it is broken, never closed, or none after all.

YAML's rules are ``domain.yaml_values``. What the body is once the block is known is ``domain.front_matter``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from textwrap import dedent

from resume_pipeline.domain.documents import Json, Problem
from resume_pipeline.domain.visibility import value_that_counts
from resume_pipeline.domain.yaml_values import UnreadableYamlError, load_yaml

MAX_CHARACTERS = 64 * 1024

_CLOSE = re.compile(r"(?:---|\.\.\.)[ \t]*\Z")
_KEY_LINE = re.compile(
    r"""(?P<key>"[^"]+"|'[^']+'|[^\s\-#>|!&*{\[\]}"':`<][^:#]{0,80}?)[ \t]*:(?:[ \t]+(?P<value>.*)|[ \t]*\Z)"""
)
_ITEM_LINE = re.compile(r"[ \t]*-[ \t]+(?P<item>.*)")
_PLACEHOLDER = re.compile(r"^([ \t]*(?:- )?[\w.-]+:[ \t]+)(\{\{.*\}\}.*|\{%.*%\}.*)$", re.MULTILINE)
_SALVAGED_LINES = 2000


@dataclass(frozen=True, slots=True)
class MetadataBlock:
    """``metadata`` is None when the lines are no metadata after all; ``last`` is the index of the block's last line."""

    metadata: dict[str, Json] | None
    last: int = 0
    problems: Sequence[Problem] = field(default=())


def read_yaml_block(lines: Sequence[str], opening: int) -> MetadataBlock:
    """The block whose ``---`` is line ``opening`` (an index). Whatever cannot be read is a problem, not an error."""
    close = closing_line(lines, opening + 1, _CLOSE)
    if close is None:
        return _unterminated(lines, opening)
    inner = lines[opening + 1 : close]
    if sum(map(len, inner)) + len(inner) > MAX_CHARACTERS:
        reason = f"The front matter is longer than {MAX_CHARACTERS // 1024} KB; only its simple lines are read."
        return MetadataBlock(salvage(inner), close, [Problem("warning", reason, opening + 1)])
    has_key = any(_KEY_LINE.match(line.lstrip("# ")) for line in inner)
    try:
        value, problems = _load("\n".join(inner), opening + 2)
    except UnreadableYamlError as error:
        return _broken(lines, opening, close, error) if has_key else MetadataBlock(None)
    if isinstance(value, dict):
        return MetadataBlock(value, close, problems)
    if isinstance(value, list):
        reason = "The front matter is a list, not keys with values; it is read as text."
        return MetadataBlock(None, problems=[Problem("warning", reason, opening + 1)])
    # Empty, or only comments: metadata all the same. Prose between two lines of hyphens: part of the page.
    is_metadata = value is None and (has_key or not "".join(inner).strip())
    return MetadataBlock({} if is_metadata else None, close)


def closing_line(lines: Sequence[str], start: int, pattern: re.Pattern[str]) -> int | None:
    """The index of the first line from ``start`` on that matches, or None."""
    return next((index for index in range(start, len(lines)) if pattern.match(lines[index])), None)


def salvage(inner: Sequence[str]) -> dict[str, Json]:
    """The top-level ``key: value`` lines, and the list items below a key, each read for itself."""
    metadata: dict[str, Json] = {}
    key = ""
    for line in dedent("\n".join(inner[:_SALVAGED_LINES])).split("\n"):
        if found := _KEY_LINE.match(line):
            key = found["key"].strip("\"' ")
            value = _salvaged_value(found["value"] or "")
            metadata[key] = value_that_counts(key, metadata.get(key), value)
        elif key and (item := _ITEM_LINE.match(line)):
            value = metadata[key]
            items = value if isinstance(value, list) else [] if value is None else [value]
            metadata[key] = [*items, _salvaged_value(item["item"])]
        elif not line[:1].isspace():
            key = ""
    return metadata


def entries(lines: Sequence[str], first_line: int) -> Iterator[tuple[int, str, Json]]:
    """Line, key and value of the lines that look like a key at the top level."""
    for number, line in enumerate(dedent("\n".join(lines[:_SALVAGED_LINES])).split("\n"), start=first_line):
        if found := _KEY_LINE.match(line):
            yield number, found["key"].strip("\"' "), _salvaged_value(found["value"] or "")


def _load(text: str, first_line: int) -> tuple[Json, list[Problem]]:
    # A template's placeholder is no flow mapping: {{ page.title }} stays text.
    quoted = _PLACEHOLDER.sub(lambda m: m[1] + "'" + m[2].replace("'", "''") + "'", text)
    try:
        return load_yaml(quoted, first_line=first_line)
    except UnreadableYamlError:
        if "\t" not in quoted:
            raise
    value, problems = load_yaml(quoted.replace("\t", "  "), first_line=first_line)
    reason = "The front matter has tabs, which YAML forbids; they count as two spaces."
    line = first_line + quoted[: quoted.index("\t")].count("\n")
    return value, [Problem("warning", reason, line), *problems]


def _broken(lines: Sequence[str], opening: int, close: int, error: UnreadableYamlError) -> MetadataBlock:
    inner = lines[opening + 1 : close]
    if _holds_prose(inner):
        return _unterminated(lines, opening)
    reason = f"The front matter is no valid YAML: {error.reason}. Its simple lines are read one by one."
    problem = Problem("warning", reason, min(opening + 2 + error.line, close + 1))
    return MetadataBlock(salvage(inner), close, [problem])


def _holds_prose(inner: Sequence[str]) -> bool:
    """Whether the body begins within the block, whose end is then missing: a heading or prose after an empty line."""
    for before, line in pairwise(inner):
        if before.strip() or not line.strip() or line[0].isspace() or line[0] in "}]":
            continue
        if not _KEY_LINE.match(line) and not _ITEM_LINE.match(line):
            return True
    return False


def _unterminated(lines: Sequence[str], opening: int) -> MetadataBlock:
    start = end = opening + 1
    if start >= len(lines) or not _KEY_LINE.match(lines[start]):
        return MetadataBlock(None)
    while end < len(lines) and _goes_on(lines[end]):
        end += 1
    inner = lines[start:end]
    end += end < len(lines) and bool(_CLOSE.match(lines[end].strip()))  # an indented '---' was meant to close it
    reason = "The front matter opened by '---' is never closed; it is read up to the first line that is no key."
    problem = Problem("warning", reason, opening + 1)
    try:
        value, problems = _load("\n".join(inner[:_SALVAGED_LINES])[:MAX_CHARACTERS], start + 1)
    except UnreadableYamlError:
        value, problems = None, []
    metadata = value if isinstance(value, dict) else salvage(inner)
    return MetadataBlock(metadata, end - 1, [problem, *problems])


def _goes_on(line: str) -> bool:
    """Whether a block that is never closed may hold this line: a key, an item, or the rest of a value."""
    if _CLOSE.match(line.strip()):
        return False
    return bool(_KEY_LINE.match(line) or _ITEM_LINE.match(line) or (line.strip() and line[0].isspace()))


def _salvaged_value(raw: str) -> Json:
    raw = raw.strip()
    try:
        value, _ = load_yaml(raw, first_line=1)
    except UnreadableYamlError:
        return raw.strip("\"'")
    return raw if isinstance(value, dict) else value
