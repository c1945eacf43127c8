"""A question as it is typed: what is asked, what must stand in a passage word for word, and what must not.

Only quotes and a minus sign before a word mean something; everything else is a question in a person's words.
"""

import re
from dataclasses import dataclass

MAX_CHARACTERS = 4000
"""Of a question; the rest of a longer one is not looked at."""
_QUOTED = re.compile(r'(?P<minus>(?<!\S)-)?["“„](?P<phrase>[^"“”„]+)["”“]')
_EXCLUDED = re.compile(r"(?<!\S)-(?P<word>[^\W\d_][\w.+#/-]*)")


@dataclass(frozen=True, slots=True)
class Question:
    """``text`` is what is looked for; every one of ``phrases`` stands in each hit, none of ``excluded`` does."""

    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether it says what must or must not stand in a passage."""
        return bool(self.phrases or self.excluded)


def parse_question(written: str) -> Question:
    """Take ``"exact phrases"`` and ``-excluded`` words (or ``-"phrases"``) out of a question.

    The words of phrases stay part of the text; a question of nothing but exclusions keeps its minus signs as text.
    Only the first 4,000 characters count.
    """
    phrases: list[str] = []
    excluded: list[str] = []

    def quoted(match: re.Match[str]) -> str:
        phrase = " ".join(match["phrase"].split())
        if not any(character.isalnum() for character in phrase):
            return match[0]
        (excluded if match["minus"] else phrases).append(phrase)
        return " " if match["minus"] else f" {phrase} "

    def minus(match: re.Match[str]) -> str:
        excluded.append(match["word"])
        return " "

    text = " ".join(_EXCLUDED.sub(minus, _QUOTED.sub(quoted, written[:MAX_CHARACTERS])).split())
    if not text:
        return Question(written[:MAX_CHARACTERS].strip())
    return Question(text, tuple(phrases), tuple(excluded))
