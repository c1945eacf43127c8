r"""Characters that harm a database, a search or a reader, and what becomes of them; then NFC.

Add a kind of character here with the reason why it may not stay. Bytes and encodings are ``content.decode``; where
escapes write such characters (``\u202e`` in YAML, ``&#x202e;``), ``domain.front_matter`` and ``domain.inline`` ask.

Line numbers stay an editor's: only ``\n`` ends a line. What only Python's ``splitlines`` or a printer takes for a line
end (form feed, vertical tab, NEL, U+2028, U+2029 …) becomes a space.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from resume_pipeline.domain.documents import Problem

REPLACEMENT = "\ufffd"
_MAX_MARKS = 30
"""Combining marks on one character; no script needs more (UAX #15, Stream-Safe Text Format)."""


@dataclass(frozen=True, slots=True)
class _Unsound:
    """A kind of character that may not stay: a name, the inside of a regex class, what stands in its place, when."""

    name: str
    characters: str
    replacement: str = ""
    condition: str = ""

    def pattern(self) -> re.Pattern[str]:
        """The regex for it (``re`` keeps it compiled)."""
        return re.compile(f"{self.condition}[{self.characters}]")


_TAGS = "\U000e0000-\U000e007f"
_NOT_IN_FLAG = "".join(f"(?<!\U0001f3f4[{_TAGS}]{{{count}}})" for count in range(6))
_UNSOUND = (
    _Unsound("NUL characters", "\x00"),
    _Unsound("halves of surrogate pairs", "\ud800-\udfff", REPLACEMENT),
    _Unsound("page or line separators", "\x0b\x0c\x1c-\x1e\x85\u2028\u2029", " "),
    _Unsound("control characters", "\x01-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"),
    _Unsound("text direction marks", "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"),
    # ZWNJ and ZWJ (U+200C, U+200D) stay: emoji and the scripts of India and Iran need them. Soft hyphens (U+00AD) go:
    # no search finds a word that holds one.
    _Unsound("invisible characters", "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"),
    # Tag letters spell three flags after a black flag (U+1F3F4); anywhere else they are text that nobody sees.
    _Unsound("hidden tag letters", _TAGS, "", _NOT_IN_FLAG),
)
# One class, not alternatives: that is forty times faster, and nearly every file holds none of them.
_ANY_UNSOUND = re.compile("[" + "".join(kind.characters for kind in _UNSOUND) + "]")


def sound_text(text: str) -> tuple[str, list[Problem]]:
    r"""``text`` without unsound characters and in NFC, with one warning for each kind found. Linear in the length.

    The number of lines stays. ``text`` has ``\n`` line ends only.
    """
    problems: list[Problem] = []
    if _ANY_UNSOUND.search(text):
        for kind in _UNSOUND:
            text = _without(kind, text, problems)
    if text.isascii():
        return text, problems
    text = _without_overlong_marks(text, problems)
    return unicodedata.normalize("NFC", text), problems


def without_unsound(text: str) -> str:
    """The same text as ``sound_text`` gives, for text that was written in escapes."""
    return sound_text(text)[0] if _ANY_UNSOUND.search(text) else text


def line_of(text: str, index: int) -> int:
    """The 1-based line of a character."""
    return text.count("\n", 0, index) + 1


def _without(kind: _Unsound, text: str, problems: list[Problem]) -> str:
    pattern = kind.pattern()
    first = pattern.search(text)
    if first is None:
        return text
    outcome = "replaced" if kind.replacement else "removed"
    problems.append(Problem("warning", f"It holds {kind.name}; they were {outcome}.", line_of(text, first.start())))
    return pattern.sub(kind.replacement, text)


def _without_overlong_marks(text: str, problems: list[Problem]) -> str:
    pattern = _overlong_marks()
    first = pattern.search(text)
    if first is None:
        return text
    reason = f"It piles up combining marks; those after the first {_MAX_MARKS} were removed."
    problems.append(Problem("warning", reason, line_of(text, first.start())))
    return pattern.sub("", text)


@cache
def _overlong_marks() -> re.Pattern[str]:
    """Marks beyond ``_MAX_MARKS``. They go before NFC, whose ordering of marks is quadratic in their number."""
    # All combining marks of Unicode 16 lie in this range; finding them takes 10 ms, so not at import.
    marks = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.combining(chr(code)))
    return re.compile(f"(?<=[{marks}]{{{_MAX_MARKS}}})[{marks}]+")
