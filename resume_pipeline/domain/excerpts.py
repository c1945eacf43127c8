"""Small to big: hits and the chunks beside them become one excerpt of their section.

A small chunk is found more exactly; what surrounds it makes it understood. Which chunks are found is ``retrieval``, and
where neighbours are read is ``storage.neighbours``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Place = tuple[int, int]
"""Document id and chunk index."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk where it stands. Lines are 1-based and inclusive."""

    document: int
    chunk_index: int
    kind: str
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    content: str
    tokens: int

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.document, self.chunk_index


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Consecutive chunks of one section as one text. ``hits`` are the indices of the hits within it, best first."""

    document: int
    first_index: int
    last_index: int
    heading_path: tuple[str, ...]
    start_line: int
    end_line: int
    content: str
    hits: tuple[int, ...]


def grow(
    hits: Sequence[Piece],
    load: Callable[[Sequence[Place]], Mapping[Place, Piece]],
    *,
    reach: int = 1,
    max_tokens: int = 900,
) -> list[Excerpt]:
    """Each hit with up to ``reach`` chunks of its section on either side, in the order of the hits.

    Hits whose excerpts would touch share one, at the place of the better. An excerpt has at most ``max_tokens``, unless
    one hit alone has more; the nearest are taken first, what follows before what precedes. Facts stay alone. ``load``
    is called once, and gives the chunks that exist among the places it is asked for.
    """
    wanted = {
        (hit.document, hit.chunk_index + step)
        for hit in hits
        if hit.kind == "body"
        for step in range(-reach, reach + 1)
        if hit.chunk_index + step >= 0
    }
    known = {**load(sorted(wanted - {hit.place for hit in hits})), **{hit.place: hit for hit in hits}}
    excerpts: list[Excerpt] = []
    used: set[Place] = set()
    for number, hit in enumerate(hits):
        if hit.place in used:
            continue
        run = _run(hit, known, used, max_tokens)
        used |= {piece.place for piece in run}
        inside = [other for other in range(number, len(hits)) if hits[other].place in {piece.place for piece in run}]
        excerpts.append(_excerpt(run, inside))
    return excerpts


def _run(hit: Piece, known: Mapping[Place, Piece], used: set[Place], max_tokens: int) -> list[Piece]:
    """Consecutive chunks around a hit that are known, of its section and in no other excerpt."""
    run, tokens = [hit], hit.tokens
    open_ends = [1, -1] if hit.kind == "body" else []
    while open_ends:
        for step in tuple(open_ends):
            end = run[-1] if step > 0 else run[0]
            piece = known.get((hit.document, end.chunk_index + step))
            free = piece is not None and piece.place not in used and _same_section(hit, piece)
            if piece is None or not free or tokens + piece.tokens > max_tokens:
                open_ends.remove(step)
            else:
                run = [*run, piece] if step > 0 else [piece, *run]
                tokens += piece.tokens
    return run


def _same_section(hit: Piece, other: Piece) -> bool:
    return other.kind == "body" and other.heading_path == hit.heading_path


def _excerpt(run: Sequence[Piece], hits: Sequence[int]) -> Excerpt:
    content = run[0].content
    for before, piece in pairwise(run):
        content += "\n\n" + _without_overlap(before.content, piece.content)
    return Excerpt(
        document=run[0].document,
        first_index=run[0].chunk_index,
        last_index=run[-1].chunk_index,
        heading_path=run[0].heading_path,
        start_line=min(piece.start_line for piece in run),
        end_line=max(piece.end_line for piece in run),
        content=content,
        hits=tuple(hits),
    )


def _without_overlap(before: str, after: str) -> str:
    """``after`` without its first paragraph when that repeats the end of ``before``.

    The chunker repeats plain text, while what it repeats stands as markdown: the letters and digits are compared.
    """
    overlap, gap, rest = after.partition("\n\n")
    repeated = _letters(overlap)
    return rest if gap and repeated and _letters(before).endswith(repeated) else after


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)
