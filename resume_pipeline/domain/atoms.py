"""The pieces that chunks are put together from: blocks, or the items, rows, lines and sentences of long blocks.

A new kind of block that can be cut gets its rule here. Which pieces share a chunk is ``domain.partition``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from resume_pipeline.domain.documents import Block, Section, TokenCounter
from resume_pipeline.domain.inline import plain_text
from resume_pipeline.domain.partition import Strength
from resume_pipeline.domain.text_cutting import cut_lines, cut_text

_FENCE = re.compile(r"^(?P<indent>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<fence>`{3,}|~{3,})[^\n]*$")
_BLOCK_RANK, _LEAD_IN_RANK, _PART_RANK, _PIECE_RANK, _NEVER = 3, 2, 1, 0, -1
_HEADING_RANKS = 10  # A heading of level 1 ranks 9, one of level 6 ranks 4.


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What surrounds the lines of a cut code block or table, and is repeated around each piece of it."""

    opening: str
    closing: str
    text: str


@dataclass(slots=True)
class Atom:
    """A piece that is never cut again. ``joint`` stands between it and the piece before, in one chunk.

    ``weight`` is the tokens of its markdown and one for the joint; 0 while nobody has counted them.
    """

    markdown: str
    text: str
    start_line: int
    end_line: int
    weight: int
    rank: int
    heading_path: tuple[str, ...] = ()
    joint: str = "\n\n"
    frame: Frame | None = None
    is_heading: bool = False

    def strength(self, before: "Atom") -> Strength:
        """How good a place to cut there is between ``before`` and this piece."""
        if before.is_heading:
            return _NEVER, 0
        if self.is_heading:
            return self.rank, crc32("\n".join(self.heading_path).encode())
        if self.rank == _BLOCK_RANK:
            return (_LEAD_IN_RANK if before.text.endswith(":") else self.rank), _opening_hash(self.text)
        if self.frame and not self.frame.text:
            # Lines of code repeat ("}"), so the line before counts too.
            return self.rank, crc32(self.text.encode(), crc32(before.text.encode()))
        return self.rank, _opening_hash(self.text) if self.rank == _PIECE_RANK else crc32(self.text.encode())


@dataclass(frozen=True, slots=True)
class AtomCutter:
    """Makes pieces of at most ``max_tokens`` (as ``count_tokens`` counts their markdown)."""

    max_tokens: int
    count_tokens: TokenCounter

    def atoms(self, section: Section) -> Iterator[Atom]:
        """The pieces of a section in reading order."""
        for block in section.blocks:
            rank = _HEADING_RANKS - block.level if block.level else _BLOCK_RANK
            for atom in self._of_block(block, rank, "\n\n"):
                atom.heading_path = section.heading_path
                yield atom

    def recut(self, atom: Atom) -> list[Atom]:
        """A piece that does not fit after all in smaller ones (one only, where it cannot be cut)."""
        pieces = cut_text(atom.markdown, max_tokens=max(4, self.max_tokens // 4), count_tokens=self.count_tokens)
        atoms = list(self._pieces(pieces, atom.start_line))
        for index, piece in enumerate(atoms):
            piece.heading_path, piece.frame = atom.heading_path, atom.frame
            piece.joint = piece.joint if index else atom.joint
        return atoms

    def _of_block(self, block: Block, rank: int, joint: str) -> Iterator[Atom]:
        if atom := self._whole(block, rank, joint):
            yield atom
        elif block.kind == "table" and block.parts:
            yield from self._of_table(block, rank)
        elif block.parts:
            end_line = block.parts[0].end_line
            for index, part in enumerate(block.parts):
                between = "\n" if part.start_line == end_line + 1 else "\n\n"
                yield from self._of_block(part, _PART_RANK if index else rank, between if index else joint)
                end_line = part.end_line
        elif block.kind == "code":
            yield from self._of_code(block, rank, joint)
        else:
            yield from self._of_text(block, rank, joint)

    def _whole(self, block: Block, rank: int, joint: str) -> Atom | None:
        """The block as one piece, if it is short enough."""
        size, weight = len(block.markdown), 0
        # No token is shorter than a byte, and none of cl100k_base is longer than 128: many blocks need no count.
        if size > 128 * self.max_tokens:
            return None
        if size > self.max_tokens or not block.markdown.isascii():
            weight = self.count_tokens(block.markdown) + 1
            if weight > self.max_tokens:
                return None
        is_heading = block.kind == "heading"
        lines = block.start_line, block.end_line
        return Atom(block.markdown, block.text, *lines, weight, rank, joint=joint, is_heading=is_heading)

    def _of_table(self, block: Block, rank: int) -> Iterator[Atom]:
        head, *rows = block.parts
        frame: Frame | None = Frame(head.markdown, "", head.text)
        if self.count_tokens(head.markdown) > self.max_tokens // 3:
            frame = None
            yield from self._of_text(head, rank, "\n\n")
        for index, row in enumerate(rows):
            for atom in self._of_text(row, _PART_RANK if index or not frame else rank, "\n"):
                atom.frame = frame
                if frame and index == 0:
                    atom.start_line = block.start_line
                yield atom

    def _of_code(self, block: Block, rank: int, joint: str) -> Iterator[Atom]:
        lines = block.markdown.split("\n")
        start, frame = block.start_line, None
        opening = _FENCE.match(lines[0])
        if opening and self.count_tokens(lines[0]) <= self.max_tokens // 3:
            closed = len(lines) > 1 and lines[-1].lstrip(" \t>").startswith(opening["fence"])
            closing = lines[-1] if closed else re.sub(r"[^\s>]", " ", opening["indent"]) + opening["fence"]
            frame = Frame(lines[0], closing, "")
            lines = lines[1:-1] if closed else lines[1:]
            start += 1
        pieces = cut_lines("\n".join(lines), max_tokens=self._piece_tokens, count_tokens=self.count_tokens)
        atoms = list(self._pieces(pieces, start))
        for index, atom in enumerate(atoms):
            atom.text, atom.frame = atom.markdown, frame
            atom.rank, atom.joint = (_PIECE_RANK, atom.joint) if index else (rank, joint)
        if atoms:
            atoms[0].start_line, atoms[-1].end_line = block.start_line, block.end_line
        yield from atoms

    @property
    def _piece_tokens(self) -> int:
        return max(4, self.max_tokens // 2)

    def _of_text(self, block: Block, rank: int, joint: str) -> Iterator[Atom]:
        if atom := self._whole(block, rank, joint):
            yield atom
            return
        cut = cut_text if block.kind in {"paragraph", "heading", "table"} else cut_lines
        pieces = cut(block.markdown, max_tokens=self._piece_tokens, count_tokens=self.count_tokens)
        for index, atom in enumerate(self._pieces(pieces, block.start_line)):
            atom.rank, atom.joint = (_PIECE_RANK, atom.joint) if index else (rank, joint)
            yield atom

    def _pieces(self, pieces: Iterator[str], line: int) -> Iterator[Atom]:
        """Atoms with lines; the white space between two pieces becomes the joint of the second."""
        joint = ""
        for piece in pieces:
            body = piece.strip()
            leading = piece[: len(piece) - len(piece.lstrip())]
            if not body:
                joint += piece
                line += piece.count("\n")
                continue
            start = line + leading.count("\n")
            end = start + body.count("\n")
            line += piece.count("\n")
            text = plain_text(body, keep_lines=True) or body
            yield Atom(body, text, start, end, self.count_tokens(piece) + 1, _PIECE_RANK, joint=joint + leading)
            joint = piece[len(piece.rstrip()) :]


def _opening_hash(text: str) -> int:
    """A hash of the first word, then of the first three: most edits of a paragraph leave them as they are."""
    words = text[:200].split()[:3]
    return crc32("".join(words[:1]).encode()) << 32 | crc32(" ".join(words).encode())
