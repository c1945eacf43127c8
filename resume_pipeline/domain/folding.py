"""Text folded for comparing: white space, quotes, dashes, markdown and case do not count; letters and digits do.

Each folded word remembers where it stands in the original, so that what is found can be shown and cited by line.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Letters and digits with what may stand inside a word or number (3.5, 7,000, e-mail@host, don't, C++, pg_bruzda).
# Scripts without spaces give one word per character. `_` and `*` at a word's edge are markdown.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(
    rf"[{_UNSPACED}\U00020000-\U0003ffff]"
    rf"|[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}\U00020000-\U0003ffff]|[\u0300-\u036f]|(?<=\d)[.,:](?=\d)"
    rf"|['’_.@-](?=[^\W_{_UNSPACED}]))*(?:\+\+|#(?!\w))?%?"
)
_TARGET = re.compile(
    r"\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)|\]\[[^\]]*\]|<https?://[^>\s]{0,2000}>|</?[a-zA-Z][^>\n]{0,300}>"
)
_SIGNS = str.maketrans({"’": "'", "‘": "'", "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-"})


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word: ``folded`` compares, ``written`` is the original between ``start`` and ``end``."""

    folded: str
    written: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        """Whether it begins with a digit or a sign and a digit."""
        return self.folded[:1].isdigit()

    @property
    def is_name(self) -> bool:
        """Whether it is written like a name: with a capital letter somewhere."""
        return any(character.isupper() for character in self.written)


def words(text: str) -> list[Word]:
    """The words of a text in order; targets of links and tags are not read."""
    return list(_words(text))


def fold(text: str) -> str:
    """The folded words with single spaces; equal for texts that a reader would call the same."""
    return " ".join(word.folded for word in _words(text))


def _words(text: str) -> Iterator[Word]:
    # Blanks of the same length in place of link targets keep every position.
    seen = _TARGET.sub(lambda match: " " * len(match[0]), text)
    for match in _WORD.finditer(seen):
        folded = unicodedata.normalize("NFKC", match[0]).translate(_SIGNS).casefold()
        # Thousands are written 31,000 or 31000.
        if folded[:1].isdigit():
            folded = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", folded)
        yield Word(folded, match[0], match.start(), match.end())
