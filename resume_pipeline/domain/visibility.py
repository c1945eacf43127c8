"""Whether an author wants a file published, by what its front matter says.

In doubt a value that is not understood leaves the file visible; every spelling of "not public" that people use
belongs here.
"""

import re
from collections.abc import Iterable, Iterator

from resume_pipeline.domain.documents import Json, Problem
from resume_pipeline.domain.metadata_keys import canonical_key, squeeze_key

_HIDING_WHEN_TRUE = {
    *("draft", "isdraft", "private", "isprivate", "hidden", "hide", "unlisted", "unpublished", "secret"),
    *("confidential", "isconfidential", "internal", "isinternal"),
}
_HIDING_WHEN_FALSE = {"published", "ispublished", "publish", "public", "ispublic", "visible", "isvisible"}
_NAMING = {"visibility", "access", "status", "state", "audience"}
_HIDDEN_NAMES = {
    "private",
    "hidden",
    "unlisted",
    "secret",
    "internal",
    "draft",
    "confidential",
    "unpublished",
    "restricted",
}
_SECOND = re.compile(r"_\d+\Z")
"""What a second spelling of a key ends in when both are kept (``draft``, ``draft_2``)."""
_SECOND = re.compile(r"_\d+\Z")
"""What a second spelling of a key ends in when both are kept (``draft``, ``draft_2``)."""
_TRUE = {"true", "yes", "y", "on", "1"}
_FALSE = {"false", "no", "n", "off", "0", "never"}


def value_that_counts(key: str, first: Json, second: Json) -> Json:
    """Of two values under one key the later; but the one that hides the file where only one does."""
    return first if _value_hides(key, first) and not _value_hides(key, second) else second


def contradictions(entries: Iterable[tuple[int, str, Json]]) -> Iterator[Problem]:
    """A warning for each key that hides the file on one line and not on another; keys in two spellings are one.

    ``entries`` are line, key and value.
    """
    said: dict[str, dict[bool, int]] = {}
    for line, key, value in entries:
        squeezed = squeeze_key(key)
        if squeezed in _HIDING_WHEN_TRUE | _HIDING_WHEN_FALSE | _NAMING:
            name = canonical_key(key) if canonical_key(key) != key else squeezed.removeprefix("is")
            said.setdefault(name, {}).setdefault(_value_hides(key, value), line)
    for key, lines in said.items():
        if len(lines) == 2:
            first, last = sorted(lines.values())
            reason = f"Lines {first} and {last} contradict each other about {key!r}; the file is hidden."
            yield Problem("warning", f"{reason} Remove the one that is not meant.", last)


def hidden_reason(metadata: dict[str, Json]) -> str | None:
    """The key and value that keep the file back (``draft: true``); None when nothing does."""
    for key, value in metadata.items():
        for word in _words(value):
            if _hides(squeeze_key(_SECOND.sub("", key)), word):
                return f"{key}: {word}"
    return None


def _value_hides(key: str, value: Json) -> bool:
    return any(_hides(squeeze_key(key), word) for word in _words(value))


def _words(value: Json) -> Iterator[str]:
    return map(_word, value if isinstance(value, list) else [value])


def _hides(key: str, word: str) -> bool:
    if key in _HIDING_WHEN_TRUE:
        return word in _TRUE
    if key in _HIDING_WHEN_FALSE:
        return word in _FALSE or (key in {"published", "publish"} and word in _HIDDEN_NAMES)
    return key in _NAMING and word in (
        _HIDDEN_NAMES if key != "state" else {"draft", "private", "hidden", "unpublished"}
    )


def _word(value: Json) -> str:
    return "" if value is None or isinstance(value, list | dict) else str(value).strip().lower()
