"""Which asterisks, underscores and tildes are markup: the delimiter runs of CommonMark 0.31, section 6.2.

Only how many characters of each run remain as text is found here; what is bold does not matter to a reader's words.
"""

import unicodedata
from dataclasses import dataclass


@dataclass(slots=True)
class Delimiter:
    """A run of one character; ``left`` counts what no pair has taken yet."""

    char: str
    length: int
    opens: bool
    closes: bool
    left: int


def delimiter(source: str, start: int, end: int) -> Delimiter:
    """The run ``source[start:end]``, and by its neighbours whether it may open or close."""
    char = source[start]
    before, after = source[start - 1] if start else " ", source[end] if end < len(source) else " "
    space_before, space_after = before.isspace(), after.isspace()
    punctuation_before, punctuation_after = _is_punctuation(before), _is_punctuation(after)
    left = not space_after and (not punctuation_after or space_before or punctuation_before)
    right = not space_before and (not punctuation_before or space_after or punctuation_after)
    length = end - start
    if char == "_":
        opens, closes = left and (not right or punctuation_before), right and (not left or punctuation_after)
    elif char == "~":
        # A single tilde is "about" far more often than it is markup.
        opens, closes = left and length == 2, right and length == 2
    else:
        opens, closes = left, right
    return Delimiter(char, length, opens, closes, length)


def leftovers(runs: list[Delimiter]) -> list[str]:
    """What remains of each run as text once pairs are taken ("process emphasis" in the specification)."""
    openers: list[int] = []
    # Lowest place in ``openers`` worth a look, per kind of closer: this is what keeps it linear.
    bottoms: dict[tuple[str, bool, int], int] = {}
    for index, closer in enumerate(runs):
        while closer.closes and closer.left:
            kind = (closer.char, closer.opens, closer.length % 3)
            place = _find_opener(runs, openers, closer, bottoms.get(kind, 0))
            if place is None:
                bottoms[kind] = len(openers)
                break
            opener = runs[openers[place]]
            taken = 2 if closer.char == "~" or (opener.left >= 2 and closer.left >= 2) else 1
            opener.left -= taken
            closer.left -= taken
            del openers[place + (1 if opener.left else 0) :]
            for known, bottom in bottoms.items():
                bottoms[known] = min(bottom, len(openers))
        if closer.opens and closer.left:
            openers.append(index)
    return [run.char * run.left for run in runs]


def _find_opener(runs: list[Delimiter], openers: list[int], closer: Delimiter, bottom: int) -> int | None:
    for place in range(len(openers) - 1, bottom - 1, -1):
        opener = runs[openers[place]]
        if opener.char != closer.char:
            continue
        both = opener.closes or closer.opens
        # The "multiple of 3" rule of the specification (17.9 and 17.10 in 6.2).
        if both and (opener.length + closer.length) % 3 == 0 and (opener.length % 3 or closer.length % 3):
            continue
        return place
    return None


def _is_punctuation(char: str) -> bool:
    return not char.isalnum() and unicodedata.category(char)[0] in "PS"
