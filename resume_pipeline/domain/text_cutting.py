"""Places where a text too long for one chunk may be cut: sentences, then words, then characters.

Every place is chosen by the text around it, never by a count from the beginning, so an edit moves only the cuts
beside it. Which of these pieces share a chunk is ``domain.partition``.
"""

import re
import unicodedata
from collections.abc import Iterator
from zlib import crc32

from resume_pipeline.domain.documents import TokenCounter

_SENTENCE_END = re.compile(r"""[.!?…]["'”’)\]*_]*\s+|[。！？．][”’」』）]*\s*|\n[ \t]*\n\s*""")
_LINE_END = re.compile(r"\n")
_WORD = re.compile(r"\s*\S+\s*")
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f", "\u20e3"}
_CJK_STOPS = "、，；：。！？）」』"


def cut_text(text: str, *, max_tokens: int, count_tokens: TokenCounter) -> Iterator[str]:
    """Pieces of at most ``max_tokens`` whose concatenation is ``text``: sentences where they fit."""
    for sentence in _split_after(text, _SENTENCE_END):
        # No token is shorter than a byte, so a short sentence needs no count.
        if len(sentence) * 4 <= max_tokens or count_tokens(sentence) <= max_tokens:
            yield sentence
        else:
            yield from _word_groups(sentence, max_tokens, count_tokens)


def cut_lines(text: str, *, max_tokens: int, count_tokens: TokenCounter) -> Iterator[str]:
    """The same, but whole lines (with their ends) where they fit."""
    for line in _split_after(text, _LINE_END):
        if len(line) * 4 <= max_tokens or count_tokens(line) <= max_tokens:
            yield line
        else:
            yield from _word_groups(line, max_tokens, count_tokens)


def _split_after(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    start = 0
    for match in pattern.finditer(text):
        yield text[start : match.end()]
        start = match.end()
    if start < len(text):
        yield text[start:]


def _word_groups(text: str, max_tokens: int, count_tokens: TokenCounter) -> Iterator[str]:
    """Runs of words; one in eight words ends a run by its own hash, so that runs begin again after an edit."""
    group: list[str] = []
    size = 0
    for match in _WORD.finditer(text):
        word = match[0]
        if group and size + len(word) > max_tokens:
            yield from _fitting("".join(group), max_tokens, count_tokens)
            group, size = [], 0
        group.append(word)
        size += len(word)
        if crc32(word.strip().encode()) % 8 == 0:
            yield from _fitting("".join(group), max_tokens, count_tokens)
            group, size = [], 0
    if group:
        yield from _fitting("".join(group), max_tokens, count_tokens)


def _fitting(text: str, max_tokens: int, count_tokens: TokenCounter) -> Iterator[str]:
    if len(text) * 4 <= max_tokens or (len(text) <= 8 * max_tokens and count_tokens(text) <= max_tokens):
        yield text
        return
    if len(text) == 1:
        yield text  # A single character of more tokens than the limit cannot be cut.
        return
    longest = max(1, min(len(text) // 2, max_tokens))
    start = 0
    while start < len(text):
        end = _cut_between(text, start + max(1, longest // 2), min(start + longest, len(text)))
        yield from _fitting(text[start:end], max_tokens, count_tokens)
        start = end


def _cut_between(text: str, low: int, high: int) -> int:
    """The place in ``low..high`` whose neighbourhood hashes highest, after punctuation if there is any."""
    if high >= len(text):
        return len(text)
    places = [place for place in range(min(low, high), high + 1) if _may_cut(text, place)]
    if not places:
        return high
    return max(
        places,
        key=lambda place: (text[place - 1] in _CJK_STOPS, crc32(text[place - 2 : place + 2].encode())),
    )


def _may_cut(text: str, place: int) -> bool:
    """Whether no combining mark, joiner or modifier is torn off its character."""
    following = text[place]
    if following in _JOINERS or text[place - 1] == "\u200d" or "\U0001f3fb" <= following <= "\U0001f3ff":
        return False
    return unicodedata.category(following)[0] != "M"
