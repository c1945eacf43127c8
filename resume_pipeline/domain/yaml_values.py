"""YAML text to JSON values by the rules of YAML 1.2, with bounds, and without running anything.

PyYAML resolves by YAML 1.1 (``no`` is false, ``012`` is ten, ``2023-02-31`` raises), so only its event stream is
used, in its C form where there is one. Events also need no recursion. What front matter is, and what happens when
this fails, is ``domain.front_matter``.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import yaml

from resume_pipeline.domain.documents import Json, Problem
from resume_pipeline.domain.visibility import value_that_counts

MAX_DEPTH = 32
MAX_VALUES = 20_000
"""Values that one front matter may hold once its aliases are written out."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.inf|\.nan)\Z", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:\Z|[T ])")
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge")}
# Beyond it Python refuses to write an integer as text, and Postgres' numeric and most readers stop earlier.
_LARGEST_INTEGER = 2**63


class UnreadableYamlError(ValueError):
    """The text is no YAML, or more than the bounds allow. ``line`` counts from 0 within the text."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def load_yaml(text: str, *, first_line: int) -> tuple[Json, list[Problem]]:
    """The value of the first YAML document in ``text``; ``first_line`` is the number of its first line in the file.

    Raises:
        UnreadableYamlError: there is a syntax error, or depth, aliases or size exceed the bounds.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(first_line)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableYamlError(error.problem or "it cannot be parsed", mark.line if mark else 0) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, UnreadableYamlError):
            raise
        raise UnreadableYamlError(str(error).split("\n")[0], 0) from error
    return builder.result, builder.problems


@dataclass(slots=True)
class _Open:
    """A collection that is being read; ``key`` is set between a key and its value."""

    value: list[Json] | dict[str, Json]
    anchor: str | None
    size: int = 1
    key: str | None = None
    merged: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class _Builder:
    first_line: int
    result: Json = None
    problems: list[Problem] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Json, int]] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    values: int = 0
    done: bool = False

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line if event.start_mark else 0
        if isinstance(event, yaml.DocumentEndEvent):
            self.done = True
        if self.done:
            return
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, line)
            if event.anchor:
                self.anchors[event.anchor] = (value, 1)
            self._add(value, 1, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(line)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor or "", line)

    def _warn(self, reason: str, line: int) -> None:
        self.problems.append(Problem("warning", reason, self.first_line + line))

    def _open(self, event: yaml.CollectionStartEvent, line: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise UnreadableYamlError(f"it is nested more than {MAX_DEPTH} levels deep", line)
        if event.tag and event.tag not in _KNOWN_TAGS:
            self._warn(f"The YAML tag {event.tag!r} is not known; its value is kept as it is written.", line)
        if event.anchor:
            self.pending.add(event.anchor)
        self.stack.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, event.anchor))

    def _close(self, line: int) -> None:
        closed = self.stack.pop()
        if isinstance(closed.value, dict):
            for source in _mappings(closed.merged):
                for key, value in source.items():
                    closed.value.setdefault(key, value)
        if closed.anchor:
            self.pending.discard(closed.anchor)
            self.anchors[closed.anchor] = (closed.value, closed.size)
        self._add(closed.value, closed.size, line, counted=True)

    def _alias(self, anchor: str, line: int) -> None:
        if anchor in self.pending:
            raise UnreadableYamlError(f"the anchor {anchor!r} contains itself", line)
        if anchor not in self.anchors:
            raise UnreadableYamlError(f"the alias {anchor!r} has no anchor", line)
        value, size = self.anchors[anchor]
        self._add(value, size, line)

    def _add(self, value: Json, size: int, line: int, *, counted: bool = False) -> None:
        self.values += 0 if counted else size
        if self.values > MAX_VALUES:
            raise UnreadableYamlError(f"it holds more than {MAX_VALUES} values", line)
        if not self.stack:
            self.result = value
            return
        parent = self.stack[-1]
        parent.size += size
        if isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is None:
            parent.key = _key_text(value)
        elif parent.key == "<<":
            parent.merged.append(value)
            parent.key = None
        else:
            if parent.key in parent.value:
                before = parent.value[parent.key]
                after, value = value, value_that_counts(parent.key, before, value)
                used = "one that hides the file" if value is before is not after else "last one"
                self._warn(f"The key {parent.key!r} stands twice; the {used} is used.", line)
            parent.value[parent.key] = value
            parent.key = None

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Json:
        text: str = event.value
        if event.tag and event.tag != "!":
            if event.tag not in _KNOWN_TAGS:
                self._warn(f"The YAML tag {event.tag!r} is not known; its value is kept as it is written.", line)
                return text
            return text if event.tag == _TAG + "str" else self._plain(text, line)
        is_key = bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None
        return text if is_key or not event.implicit[0] else self._plain(text, line)

    def _plain(self, text: str, line: int) -> Json:
        if text in _NULLS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _NOT_FINITE.match(text):
            self._warn(f"{text!r} is no finite number; it is kept as text.", line)
        elif (found := _DATE.match(text)) and not _is_date(*found.groups()):
            self._warn(f"{text!r} is no date of the calendar; it is kept as text.", line)
        return _number(text)


def _number(text: str) -> Json:
    if _INTEGER.match(text) and len(text) < 20:
        number = int(text)
        return number if abs(number) < _LARGEST_INTEGER else text
    if _FLOAT.match(text) and not _LEADING_ZERO.match(text):
        value = float(text)
        return value if math.isfinite(value) and not _INTEGER.match(text) else text
    return text


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _key_text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _mappings(values: list[Json]) -> Iterator[dict[str, Json]]:
    for value in values:
        if isinstance(value, dict):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, dict))
