"""The metadata that opens a file (YAML between ``---``, TOML between ``+++``, or a JSON object), and the rest.

What cannot be read never costs the body: it is a ``Problem`` with its line. The YAML block with all its ways to be
broken is ``domain.metadata_block``; what keys are called, ``domain.metadata_keys``.
"""

import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import takewhile
from typing import cast

from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.documents import Json, Problem
from resume_pipeline.domain.metadata_block import (
    MAX_CHARACTERS,
    MetadataBlock,
    closing_line,
    entries,
    read_yaml_block,
    salvage,
)
from resume_pipeline.domain.metadata_keys import canonical_metadata
from resume_pipeline.domain.visibility import contradictions, hidden_reason, value_that_counts
from resume_pipeline.domain.yaml_values import MAX_DEPTH

_YAML_OPEN = re.compile(r"---[ \t]*\Z")
_TOML_FENCE = re.compile(r"\+\+\+[ \t]*\Z")
_USED = "the last one (where only one hides the file, that one)"
_TOML_KEY = re.compile(r"^([\w-]+)[ \t]*=[ \t]*")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The metadata of a file and where its body begins. Lines are 1-based; without metadata ``end_line`` is 0."""

    metadata: dict[str, Json] = field(default_factory=dict)
    body: str = ""
    body_start_line: int = 1
    start_line: int = 1
    end_line: int = 0
    problems: tuple[Problem, ...] = ()


def split_front_matter(text: str) -> FrontMatter:
    """What ``text`` says about itself in its head, and its body. It never raises."""
    start = len(text) - len(text.lstrip("\n"))
    first = text[start : start + 200].split("\n", 1)[0]
    lines = text.split("\n") if first[:1] in {"-", "+", "{"} else []
    if _YAML_OPEN.match(first):
        block = read_yaml_block(lines, start)
    elif _TOML_FENCE.match(first):
        block = _read_toml(lines, start)
    elif first.startswith("{") and not first.startswith(("{{", "{%", "{/")):
        block = _read_json(text, start)
    else:
        return FrontMatter(body=text)
    if block.metadata is None:
        return FrontMatter(body=text, problems=tuple(block.problems))
    sound = _sound_values(block.metadata)
    if sound != block.metadata:
        reason = "The front matter writes characters that nobody sees, as escapes; they were removed."
        escapes = [Problem("warning", reason, start + 1)]
    else:
        escapes = []
    metadata, clashes = canonical_metadata(sound, line=start + 1)
    if hidden_reason(metadata):
        head = lines[start : block.last + 1]
        if first.startswith("{"):
            head = [line.strip(" \t{},") for line in head]
        clashes.extend(contradictions(entries([_TOML_KEY.sub(r"\1: ", line) for line in head], start + 1)))
    return FrontMatter(
        metadata=metadata,
        body="\n".join(lines[block.last + 1 :]),
        body_start_line=block.last + 2,
        start_line=start + 1,
        end_line=block.last + 1,
        problems=(*block.problems, *escapes, *clashes),
    )


def _sound_values(metadata: dict[str, Json]) -> dict[str, Json]:
    return {without_unsound(key): _sound_value(value) for key, value in metadata.items()}


def _sound_value(value: Json) -> Json:
    if isinstance(value, str):
        return without_unsound(value)
    if isinstance(value, list):
        return [_sound_value(item) for item in value]
    return _sound_values(value) if isinstance(value, dict) else value


def _read_toml(lines: Sequence[str], opening: int) -> MetadataBlock:
    close = closing_line(lines, opening + 1, _TOML_FENCE)
    if close is None:
        reason = "The front matter opened by '+++' is never closed; its lines are read as text, too."
        keys = list(takewhile(_TOML_KEY.match, lines[opening + 1 :]))
        return _as_text(_salvage_toml(keys), opening, reason, opening + 1) if keys else MetadataBlock(None)
    inner = lines[opening + 1 : close]
    problems: list[Problem] = []
    try:
        if sum(map(len, inner)) > MAX_CHARACTERS:
            raise ValueError(f"it is longer than {MAX_CHARACTERS // 1024} KB")
        return MetadataBlock(_json_object(tomllib.loads("\n".join(inner)), problems, opening + 1), close, problems)
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        reason = f"The front matter is no valid TOML: {error}. Its simple lines are read one by one."
        problem = Problem("warning", reason, opening + 1 + (int(found[1]) if found else 0))
        return MetadataBlock(_salvage_toml(inner), close, [problem])


def _salvage_toml(inner: Sequence[str]) -> dict[str, Json]:
    return salvage([_TOML_KEY.sub(r"\1: ", line) for line in inner])


def _as_text(metadata: dict[str, Json], opening: int, reason: str, line: int) -> MetadataBlock:
    """Metadata that could be saved (a ``draft`` above all) while the lines themselves stay in the body."""
    return MetadataBlock(metadata, opening - 1, [Problem("warning", reason, line)])


def _read_json(text: str, start: int) -> MetadataBlock:
    problems: list[Problem] = []
    try:
        value, end = json.JSONDecoder(object_pairs_hook=_last_of(problems, start + 1)).raw_decode(
            text[: start + MAX_CHARACTERS], start
        )
        metadata = _json_object(value, problems, start + 1) if isinstance(value, dict) else {}
    except (ValueError, RecursionError) as error:
        if not re.match(r"\{\s*\"[^\"\n]*\"\s*:", text[start : start + 200]):
            return MetadataBlock(None)
        reason = f"The JSON front matter cannot be read ({error}); its lines are read as text, too."
        head = re.split(r"\n\}|\n[ \t]*\n", text[start : start + MAX_CHARACTERS], maxsplit=1)[0]
        pairs = [line.strip(" \t{},") for line in head.split("\n")]
        return _as_text(salvage(pairs), start, reason, getattr(error, "lineno", start + 1))
    if not metadata or text[end:].split("\n", 1)[0].strip():
        return MetadataBlock(None)
    return MetadataBlock(metadata, text.count("\n", 0, end), problems)


def _last_of(problems: list[Problem], line: int) -> Callable[[list[tuple[str, object]]], dict[str, object]]:
    """How the decoder makes an object of its pairs: the last of equal keys counts (or what hides), with a warning."""

    def to_dict(pairs: list[tuple[str, object]]) -> dict[str, object]:
        result: dict[str, object] = {}
        for key, value in pairs:
            result[key] = value_that_counts(key, cast(Json, result.get(key)), cast(Json, value))
        for key in {key for key, _ in pairs} if len(result) < len(pairs) else ():
            if sum(name == key for name, _ in pairs) > 1:
                problems.append(Problem("warning", f"The key {key!r} stands twice; {_USED} is used.", line))
        return result

    return to_dict


def _json_object(value: Mapping[str, object], problems: list[Problem], line: int) -> dict[str, Json]:
    return {key: _as_json(item, key, problems, line) for key, item in value.items()}


def _as_json(value: object, key: str, problems: list[Problem], line: int, depth: int = 1) -> Json:
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
