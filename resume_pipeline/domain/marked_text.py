"""A model's text read as it streams: claims, each followed by markers that name a passage and quote it.

``She led five people. [2: "a team of five"]`` is one claim with one marker. Text comes in pieces of any length; a
claim is handed on when its markers are complete and something else follows. What has no complete marker is a claim
without one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_QUOTE = r"\"(?:[^\"\\]|\\.)*\"|“[^”]*”|«[^»]*»|„[^“”]*[“”]|'[^'\]]*'(?=\s*[\];,])"
_PART = rf"\s*(?:source\s+|passage\s+|#)?(\d{{1,4}})\s*(?:[:,]?\s*({_QUOTE}))?\s*"
_MARKER = re.compile(rf"\[{_PART}(?:[;,|]{_PART})*\]", re.IGNORECASE)
_PIECE = re.compile(_PART, re.IGNORECASE)
_MAY_GROW = re.compile(r"\[\s*(?:(?:source|passage|#)?\s*\d[^\]\n]*(?:\"[^\"]*)?)?$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])[\"'”’)*_]*(?:\s+|(?<=[。！？]))(?=\S)|\n+(?=\s*\S)")
_ABBREVIATED = re.compile(r"(?:\b(?:[A-Z]|e\.g|i\.e|Mr|Mrs|Ms|Dr|Prof|St|vs|No|ca|approx)|\s\d{1,3})\.\s*$")
LONGEST_CLAIM = 4000
"""Characters; a model that goes on without a marker is handed on as it is."""


@dataclass(frozen=True, slots=True)
class Marker:
    """The number of a passage, and what the model says stands there; None when it quotes nothing."""

    number: int
    quote: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence without its markers. ``lead`` is the white space, and list sign, before it."""

    text: str
    markers: tuple[Marker, ...]
    lead: str = ""


class MarkedText:
    """Reads pieces; ``feed`` and ``end`` give the claims that are complete."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, piece: str) -> Iterator[Claim]:
        """Claims that are complete now, in order."""
        self._rest += piece
        while (cut := _complete(self._rest)) is not None:
            yield from _claims(self._rest[:cut])
            self._rest = self._rest[cut:]
        if len(self._rest) > LONGEST_CLAIM:
            yield from self.end()

    def end(self) -> Iterator[Claim]:
        """What is left when the text has ended."""
        rest, self._rest = self._rest, ""
        yield from _claims(rest)


def _complete(text: str) -> int | None:
    """The end of the first group of markers that is surely over; None while more may belong to it."""
    marker = _MARKER.search(text)
    while marker is not None:
        after = re.compile(r"[\s.,;!?…]*").match(text, marker.end())
        end = after.end() if after else marker.end()
        following = _MARKER.match(text, end)
        if following is not None:
            marker = following
            continue
        if end == len(text) or _MAY_GROW.match(text, end):
            return None
        gap = re.compile(r"[ \t]*[.,;!?…]*").match(text, marker.end())
        return gap.end() if gap else marker.end()
    return None


def _claims(text: str) -> Iterator[Claim]:
    """The sentences of a text that ends with its markers; each relies on all of those."""
    markers = tuple(Marker(int(number), _bare(quote)) for number, quote in _marked(text))
    last_stop = re.search(r"\]\s*([.!?…])[\s.,;!?…]*$", text)
    said = _MARKER.sub("", text)
    said = re.sub(r"\[[^\]]*$", "", said) if not markers else said
    said = re.sub(r"\s+([.,;!?…])", r"\1", said)
    for sentence in _sentences(said):
        lead = re.match(r"\s*(?:[-*+]\s+|\d{1,2}[.)]\s+|#{1,6}\s+)?", sentence)
        start = lead[0] if lead else ""
        body = " ".join(sentence[len(start) :].split())
        if last_stop and body and body[-1].isalnum() and sentence.strip() == said.strip():
            body += last_stop[1]
        if any(character.isalnum() for character in body):
            yield Claim(body, markers, start)


def _marked(text: str) -> Iterator[tuple[str, str | None]]:
    for marker in _MARKER.finditer(text):
        for part in _PIECE.finditer(marker[0][1:-1]):
            yield part[1], part[2]


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _ABBREVIATED.search(text[start : match.start() + 1]) and "\n" not in match[0]:
            continue
        end = match.end() if "\n" not in match[0] else match.start()
        yield text[start:end]
        start = end
    yield text[start:]


def _bare(quote: str | None) -> str | None:
    return re.sub(r"\\(.)", r"\1", quote[1:-1]).strip() or None if quote else None
