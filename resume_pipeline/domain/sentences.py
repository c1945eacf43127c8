"""Markdown to the sentences that may be quoted: what is shown, what is written, and on which lines it stands.

A sentence never spans two paragraphs, list items, table rows or facts. Headings, the head of a table and code
are no sentences.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from resume_pipeline.domain.inline import plain_text

_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_RULE = re.compile(r"\s*(?:[-=*_]\s*){3,}$|\s*\|?[\s:|-]+\|[\s:|-]*$")
_ITEM = re.compile(r"\s*(?:>\s?)*(?:[-*+]|\d{1,4}[.)])\s+(?:\[[ xX]\]\s+)?")
_QUOTED = re.compile(r"\s*(?:>\s?)+")
_FACT = re.compile(r"[^\W\d_][\w /&()'-]{0,60}: \S.*[.!?…]$")
# Abbreviations after which a sentence goes on; longer ones end in a lower-case word and are found by that.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|[eE]\.g|[iI]\.e|[Nn]o|vs|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|ca|cf|etc|approx)\.$"
)
_END = re.compile(r"[.!?…](?:\s?(?:''|[\"'”’)\]*_]))*(?=\s)|[。！？．][”’」』）]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` is what a reader sees, ``written`` the markdown as it stands, white space folded.

    ``first_line`` and ``last_line`` count from 0 at the beginning of the markdown, inclusive.
    """

    text: str
    written: str
    first_line: int
    last_line: int


def sentences(markdown: str) -> list[Sentence]:
    """The sentences of a passage in reading order; those without a letter or digit are left out."""
    found = (piece for first, lines in _blocks(markdown) for piece in _split(first, lines))
    return [sentence for sentence in found if any(character.isalnum() for character in sentence.text)]


def _blocks(markdown: str) -> Iterator[tuple[int, list[str]]]:
    """(first line, lines) of what belongs together: a paragraph, an item, a row."""
    block: list[str] = []
    start, fence = 0, ""
    lines = markdown.split("\n")
    for number, line in enumerate(lines):
        marker = _FENCE.match(line)
        inside = bool(fence)
        if marker and (not fence or marker[1].startswith(fence)):
            fence = "" if fence else marker[1]
            inside = True
        row = line.lstrip().startswith("|")
        head = row and number + 1 < len(lines) and bool(_RULE.match(lines[number + 1]))
        breaks = inside or head or not line.strip() or _HEADING.match(line) or _RULE.match(line)
        alone = row or bool(_FACT.fullmatch(line))
        if block and (breaks or alone or _ITEM.match(line)):
            yield start, block
            block = []
        if breaks:
            continue
        if not block:
            start = number
        block.append(line)
        if alone:
            yield start, block
            block = []
    if block:
        yield start, block


def _split(first: int, lines: list[str]) -> Iterator[Sentence]:
    if lines[0].lstrip().startswith("|"):
        row = " ".join(lines[0].split())
        cells = [plain_text(cell) for cell in row.strip("|").split("|")]
        yield Sentence(" · ".join(cell for cell in cells if cell), row, first, first)
        return
    text = "\n".join(
        _without(_QUOTED, _without(_ITEM, line) if place == 0 else line) for place, line in enumerate(lines)
    )
    start = 0
    for end in _ends(text):
        piece = text[start:end]
        written = " ".join(piece.split())
        if written:
            lead = len(piece) - len(piece.lstrip())
            line = first + text.count("\n", 0, start + lead)
            yield Sentence(plain_text(written), written, line, first + text.count("\n", 0, start + len(piece.rstrip())))
        start = end


def _without(opening: re.Pattern[str], line: str) -> str:
    match = opening.match(line)
    return line[match.end() :] if match else line


def _ends(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        before, after = text[: match.end()], text[match.end() :].lstrip()
        if match[0][0] == "." and (_ABBREVIATION.search(before[-12:]) or after[:1].islower()):
            continue
        yield match.end()
    yield len(text)
