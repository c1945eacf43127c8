"""Where a sequence of weighted pieces is cut so that an edit moves few cuts.

Filling chunks from the front would move every cut behind an edit, and cutting at the middle every cut before it.
Here a range that is too heavy is cut at its strongest boundary, and strength comes from structure and the text at
the boundary alone: the cuts form a treap. A changed piece then changes the one leaf that holds it; a piece added or
taken away, the leaf and rarely its neighbour. What the pieces are is ``domain.atoms``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

Strength = tuple[int, int]
"""Rank of the boundary (higher is a better place to cut; below 0 only in need), then a hash of the text around."""


@dataclass(frozen=True, slots=True)
class PartitionLimits:
    """``most``: the weight that one part may have; ``least``: what a cut leaves on either side where it can."""

    most: int
    least: int


def partition(weights: Sequence[int], strengths: Sequence[Strength], limits: PartitionLimits) -> list[range]:
    """Consecutive ranges of indices, each at most ``limits.most`` heavy or a single piece.

    ``strengths[i]`` is that of the boundary before piece ``i``. Takes time proportional to n log n.
    """
    sums = [0, *accumulate(weights)]
    parts: list[range] = []
    pending = [(0, len(weights))] if weights else []
    while pending:
        start, end = pending.pop()
        if end - start == 1 or sums[end] - sums[start] <= limits.most:
            parts.append(range(start, end))
            continue
        cut = _strongest(sums, strengths, start, end, limits.least)
        pending += [(cut, end), (start, cut)]
    return parts


def _strongest(sums: Sequence[int], strengths: Sequence[Strength], start: int, end: int, least: int) -> int:
    low, high = sums[start] + least, sums[end] - least
    middle = (sums[start] + sums[end]) // 2
    best, found = 0, None
    for index in range(start + 1, end):
        if not low <= sums[index] <= high:
            continue
        strength = strengths[index]
        if found is None or strength > found:
            best, found = index, strength
        # Equal boundaries (the same line again and again) would otherwise be cut off one by one.
        elif strength == found and abs(sums[index] - middle) < abs(sums[best] - middle):
            best = index
    if found is not None and found[0] >= 0:
        return best
    return max(
        range(start + 1, end),
        key=lambda index: (strengths[index][0] >= 0, -abs(sums[index] - middle)),
    )
