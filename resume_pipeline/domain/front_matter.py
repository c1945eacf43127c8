"""The metadata block that opens a file (YAML between ``---``, TOML between ``+++``, or a JSON object) and the rest.

What cannot be read never costs the body: it is a ``Problem`` with its line, and the simple lines of a broken block
are saved one by one. YAML's own rules are ``domain.yaml_values``; what the keys are called, ``domain.metadata_keys``.
"""

import json
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from resume_pipeline.domain.documents import Json, Problem
from resume_pipeline.domain.metadata_keys import canonical_metadata
from resume_pipeline.domain.yaml_values import MAX_DEPTH, UnreadableYamlError, load_yaml

MAX_CHARACTERS = 64 * 1024

_YAML_OPEN = re.compile(r"---[ \t]*\Z")
_YAML_CLOSE = re.compile(r"(?:---|\.\.\.)[ \t]*\Z")
_TOML_FENCE = re.compile(r"\+\+\+[ \t]*\Z")
_KEY_LINE = re.compile(
    r"""(?P<key>"[^"]+"|'[^']+'|[^\s\-#>|!&*{\[\]}"':`<][^:#]{0,80}?)[ \t]*:(?:[ \t]+(?P<value>.*)|[ \t]*\Z)"""
)
_ITEM_LINE = re.compile(r"[ \t]*-[ \t]+(?P<item>.*)")
_PLACEHOLDER = re.compile(r"^([ \t]*(?:- )?[\w.-]+:[ \t]+)(\{\{.*\}\}.*|\{%.*%\}.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The metadata of a file and where its body begins. Lines are 1-based; without a block ``end_line`` is 0."""

    metadata: dict[str, Json] = field(default_factory=dict)
    body: str = ""
    body_start_line: int = 1
    start_line: int = 1
    end_line: int = 0
    problems: tuple[Problem, ...] = ()


def split_front_matter(text: str) -> FrontMatter:
    """What ``text`` says about itself in its head, and its body. It never raises."""
    start = len(text) - len(text.lstrip("\n"))
    opening = text[start : start + 200].split("\n", 1)[0]
    first_line = start + 1
    if _YAML_OPEN.match(opening):
        return _yaml(text, first_line)
    if _TOML_FENCE.match(opening):
        return _toml(text, first_line)
    if opening.startswith("{") and not opening.startswith(("{{", "{%", "{/")):
        return _json(text, start)
    return FrontMatter(body=text)


def _yaml(text: str, first_line: int) -> FrontMatter:
    lines = text.split("\n")
    close = _closing(lines, first_line, _YAML_CLOSE)
    if close is None:
        return _unterminated(text, lines, first_line)
    block = "\n".join(lines[first_line:close])
    has_key = any(_KEY_LINE.match(line.lstrip("# ")) for line in lines[first_line:close])
    if len(block) > MAX_CHARACTERS:
        reason = f"The front matter is longer than {MAX_CHARACTERS // 1024} KB; only its simple lines are read."
        return _finish(
            lines, first_line, close, _salvage(lines[first_line:close]), [Problem("warning", reason, first_line)]
        )
    try:
        value, problems = _load(block, first_line)
    except UnreadableYamlError as error:
        if not has_key:
            return FrontMatter(body=text)
        return _broken(text, lines, first_line, close, error)
    if value is None and (has_key or not block.strip()):
        value = {}
    if isinstance(value, dict):
        return _finish(lines, first_line, close, value, problems)
    if isinstance(value, list):
        reason = "The front matter is a list, not keys with values; it is read as text."
        return FrontMatter(body=text, problems=(Problem("warning", reason, first_line),))
    return FrontMatter(body=text)  # "---" was a line across the page


def _load(block: str, first_line: int) -> tuple[Json, list[Problem]]:
    # A template's placeholder is no flow mapping: {{ page.title }} stays text.
    quoted = _PLACEHOLDER.sub(lambda m: m[1] + "'" + m[2].replace("'", "''") + "'", block)
    try:
        return load_yaml(quoted, first_line=first_line + 1)
    except UnreadableYamlError:
        if "\t" not in quoted:
            raise
    value, problems = load_yaml(quoted.replace("\t", "  "), first_line=first_line + 1)
    line = first_line + 1 + quoted[: quoted.index("\t")].count("\n")
    return value, [
        Problem("warning", "The front matter has tabs, which YAML forbids; they count as two spaces.", line),
        *problems,
    ]


def _broken(text: str, lines: list[str], first_line: int, close: int, error: UnreadableYamlError) -> FrontMatter:
    block_lines = lines[first_line:close]
    end = _prose_start(block_lines)
    if end is not None:
        return _unterminated(text, lines, first_line)
    reason = f"The front matter is no valid YAML: {error.reason}. Its simple lines are read one by one."
    problem = Problem("warning", reason, min(first_line + 1 + error.line, close + 1))
    return _finish(lines, first_line, close, _salvage(block_lines), [problem])


def _prose_start(block_lines: list[str]) -> int | None:
    """Where the body begins in a block whose end is missing: a heading or prose after an empty line."""
    for index, line in enumerate(block_lines[1:], start=1):
        if block_lines[index - 1].strip() or not line.strip():
            continue
        if not line[0].isspace() and not _KEY_LINE.match(line) and not _ITEM_LINE.match(line) and line[0] not in "}]":
            return index
    return None


def _unterminated(text: str, lines: list[str], first_line: int) -> FrontMatter:
    following = lines[first_line : first_line + 1]
    if not following or not _KEY_LINE.match(following[0]):
        return FrontMatter(body=text)
    end = first_line
    while end < len(lines) and (
        _KEY_LINE.match(lines[end]) or _ITEM_LINE.match(lines[end]) or (lines[end][:1].isspace() and lines[end].strip())
    ):
        end += 1
    block = lines[first_line:end]
    reason = "The front matter opened by '---' is never closed; the lines up to the first that is no key are read."
    problem = Problem("warning", reason, first_line)
    try:
        value, problems = _load("\n".join(block)[:MAX_CHARACTERS], first_line)
    except UnreadableYamlError:
        value, problems = None, []
    metadata = value if isinstance(value, dict) else _salvage(block)
    return _finish(lines, first_line, end - 1, metadata, [problem, *problems])


def _salvage(block_lines: list[str]) -> dict[str, Json]:
    """The top-level ``key: value`` lines, and lists below a key, each read for itself."""
    metadata: dict[str, Json] = {}
    key = ""
    for line in block_lines[:2000]:
        if found := _KEY_LINE.match(line):
            key = found["key"].strip("\"' ")
            metadata[key] = _salvaged_value(found["value"] or "")
        elif key and (item := _ITEM_LINE.match(line)):
            items = metadata[key]
            metadata[key] = [*(items if isinstance(items, list) else []), _salvaged_value(item["item"])]
        elif not line[:1].isspace():
            key = ""
    return metadata


def _salvaged_value(raw: str) -> Json:
    raw = raw.strip()
    try:
        value, _ = load_yaml(raw, first_line=1)
    except UnreadableYamlError:
        return raw.strip("\"'")
    return raw if isinstance(value, dict) else value


def _toml(text: str, first_line: int) -> FrontMatter:
    lines = text.split("\n")
    close = _closing(lines, first_line, _TOML_FENCE)
    if close is None:
        return FrontMatter(
            body=text,
            problems=(
                Problem("warning", "The front matter opened by '+++' is never closed; it is read as text.", first_line),
            )
            if "=" in "".join(lines[first_line : first_line + 1])
            else (),
        )
    block = "\n".join(lines[first_line:close])
    problems: list[Problem] = []
    try:
        if len(block) > MAX_CHARACTERS:
            raise ValueError(f"it is longer than {MAX_CHARACTERS // 1024} KB")
        return _finish(lines, first_line, close, _json_object(tomllib.loads(block), problems, first_line), problems)
    except (ValueError, RecursionError) as error:
        reason = f"The front matter is no valid TOML: {error or 'it is nested too deeply'}."
        found = re.search(r"at line (\d+)", str(error))
        problem = Problem("warning", reason, first_line + (int(found[1]) if found else 0))
        return _finish(
            lines, first_line, close, _salvage([_toml_as_yaml(line) for line in lines[first_line:close]]), [problem]
        )


def _toml_as_yaml(line: str) -> str:
    return re.sub(r"^([\w-]+)[ \t]*=[ \t]*", r"\1: ", line)


def _json(text: str, start: int) -> FrontMatter:
    first_line = start + 1
    problems: list[Problem] = []
    try:
        value, end = json.JSONDecoder().raw_decode(text[: start + MAX_CHARACTERS], start)
    except (ValueError, RecursionError) as error:
        if not re.match(r"\{\s*\"", text[start : start + 200]):
            return FrontMatter(body=text)
        line = first_line + getattr(error, "lineno", 1) - 1 - start
        reason = f"The JSON front matter cannot be read ({error or 'nested too deeply'}); it is read as text."
        return FrontMatter(body=text, problems=(Problem("warning", reason, line),))
    rest = text[end:].split("\n", 1)
    if rest[0].strip() or not isinstance(value, dict) or not value:
        return FrontMatter(body=text)
    close = text.count("\n", 0, end)
    return _finish(text.split("\n"), first_line, close, _json_object(value, problems, first_line), problems)


def _json_object(value: dict[str, object], problems: list[Problem], line: int) -> dict[str, Json]:
    return {key: _as_json(item, key, problems, line) for key, item in value.items()}


def _as_json(value: object, key: str, problems: list[Problem], line: int, depth: int = 0) -> Json:
    if depth > MAX_DEPTH:
        raise ValueError(f"{key!r} is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        return {str(name): _as_json(item, str(name), problems, line, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item, key, problems, line, depth + 1) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        problems.append(Problem("warning", f"{key!r} is no finite number; it is kept as text.", line))
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return hex(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _closing(lines: list[str], first_line: int, pattern: re.Pattern[str]) -> int | None:
    """Index of the closing line."""
    return next((index for index in range(first_line, len(lines)) if pattern.match(lines[index])), None)


def _finish(
    lines: list[str],
    first_line: int,
    close: int,
    metadata: dict[str, Json],
    problems: Iterator[Problem] | list[Problem],
) -> FrontMatter:
    """``close`` is the index of the block's last line."""
    canonical, clashes = canonical_metadata(metadata, line=first_line)
    return FrontMatter(
        metadata=canonical,
        body="\n".join(lines[close + 1 :]),
        body_start_line=close + 2,
        start_line=first_line,
        end_line=close + 1,
        problems=(*problems, *clashes),
    )
