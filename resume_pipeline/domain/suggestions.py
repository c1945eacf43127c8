"""Questions that a reader may begin with, made of what documents say about themselves.

Whether the content answers one is asked elsewhere (``api.suggesting``); here is only how they read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_TITLE = 60
SKILL_KEYS = ("stack", "skills", "technologies", "tags")


@dataclass(frozen=True, slots=True)
class Described:
    """A document by its path, title and front matter (canonical keys)."""

    path: str
    title: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, the words that the content must have for it, and the document that made it (None: several did)."""

    question: str
    words: str
    path: str | None


def suggestions(documents: Sequence[Described], *, person: str | None) -> list[Suggestion]:
    """Questions, best first, each once: of the kinds that there are in turn, newest documents first within a kind.

    ``person`` is whom the documents are about; without, the name that one of them has in its front matter.
    """
    who = (person or _name(documents) or "").split()[:1]
    subject = who[0] if who else None
    newest = sorted(documents, key=lambda one: (_date(one), one.path), reverse=True)
    kinds = (
        _employers(newest, subject),
        _projects(newest),
        _education(newest, subject),
        _skills(newest, subject),
        _texts(newest),
    )
    found: dict[str, Suggestion] = {}
    for one in _in_turn([list(kind) for kind in kinds]):
        found.setdefault(one.question, one)
    return list(found.values())


def _in_turn(kinds: Sequence[Sequence[Suggestion]]) -> Iterator[Suggestion]:
    for place in range(max((len(kind) for kind in kinds), default=0)):
        yield from (kind[place] for kind in kinds if place < len(kind))


def _employers(documents: Iterable[Described], subject: str | None) -> Iterator[Suggestion]:
    for one in documents:
        company = _words(one.metadata.get("company"))
        if company:
            asked = f"What did {subject} do at {company}?" if subject else f"What was the work at {company}?"
            yield Suggestion(asked, company, one.path)


def _projects(documents: Iterable[Described]) -> Iterator[Suggestion]:
    for one in documents:
        title = _short_title(one)
        if title and "company" not in one.metadata and ({"repository", "stack", "project"} & one.metadata.keys()):
            yield Suggestion(f"What is {title} about?", title, one.path)


def _education(documents: Iterable[Described], subject: str | None) -> Iterator[Suggestion]:
    for one in documents:
        entries = one.metadata.get("education")
        first = entries[0] if isinstance(entries, list) and entries else entries
        known = list(first.values()) if isinstance(first, dict) else [first]
        words = next((text for value in known if (text := _words(value))), None)
        if words:
            yield Suggestion(f"What did {subject} study?" if subject else "Which education is there?", words, one.path)


def _skills(documents: Iterable[Described], subject: str | None) -> Iterator[Suggestion]:
    counted: Counter[str] = Counter()
    for one in documents:
        named = {word for key in SKILL_KEYS[:3] for word in _members(one.metadata.get(key))}
        counted.update(named)
    for skill, times in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
        if times > 1:
            asked = f"What has {subject} done with {skill}?" if subject else f"Where was {skill} used?"
            yield Suggestion(asked, skill, None)


def _texts(documents: Iterable[Described]) -> Iterator[Suggestion]:
    for one in documents:
        title = _short_title(one)
        if title and "date" in one.metadata and "company" not in one.metadata:
            yield Suggestion(f"What does “{title}” say?", title, one.path)


def _name(documents: Iterable[Described]) -> str | None:
    return next((name for one in documents if (name := _words(one.metadata.get("name")))), None)


def _date(one: Described) -> str:
    return max((str(one.metadata.get(key) or "") for key in ("start_date", "date", "updated")), default="")


def _short_title(one: Described) -> str | None:
    title = _words(re.split(r":\s", one.title, maxsplit=1)[0])
    return title if title and title.count(" ") < 9 else None


def _words(value: Any) -> str | None:
    """A text that can stand in a question; None when it cannot."""
    if not isinstance(value, str):
        return None
    text = " ".join(value.split()).strip(" .?!\"'“”")
    return text if 0 < len(text) <= MAX_TITLE else None


def _members(value: Any) -> Iterator[str]:
    for member in value if isinstance(value, list) else [value]:
        if word := _words(member):
            yield word
