"""The cuts of a long sequence: limits, and how few of them an edit moves, over thousands of edits."""

import random
from itertools import pairwise

from resume_pipeline.domain.partition import PartitionLimits, Strength, partition

LIMITS = PartitionLimits(most=436, least=87)


def piece(choose: random.Random) -> tuple[int, int]:
    """Weight and hash of a paragraph."""
    return max(5, min(250, int(choose.lognormvariate(3.8, 0.7)))), choose.randrange(2**32)


def parts(pieces: list[tuple[int, int]]) -> set[tuple[tuple[int, int], ...]]:
    strengths: list[Strength] = [(0, key) for _, key in pieces]
    return {tuple(pieces[part.start : part.stop]) for part in partition([w for w, _ in pieces], strengths, LIMITS)}


def new_parts(kind: str, trials: int) -> list[int]:
    choose = random.Random(kind)
    counts = []
    for trial in range(trials):
        if trial % 50 == 0:
            pieces = [piece(choose) for _ in range(250)]
            before = parts(pieces)
        place = choose.randrange(1, 249)
        changed = list(pieces)
        if kind == "edit":
            changed[place] = (max(1, pieces[place][0] + choose.randint(-8, 12)), pieces[place][1])
        elif kind == "add":
            changed.insert(place, piece(choose))
        elif kind == "remove":
            del changed[place]
        counts.append(len(parts(changed) - before))
    return counts


def test_the_parts_are_the_whole_in_order_and_none_is_too_heavy():
    choose = random.Random(1)
    weights = [choose.randint(1, 200) for _ in range(500)]
    strengths = [(choose.randint(0, 3), choose.randrange(99)) for _ in weights]

    found = partition(weights, strengths, LIMITS)

    assert found[0].start == 0
    assert found[-1].stop == 500
    assert all(one.stop == two.start for one, two in pairwise(found))
    assert all(sum(weights[part.start : part.stop]) <= LIMITS.most for part in found)


def test_the_strongest_boundary_is_cut_and_a_forbidden_one_only_in_need():
    assert partition([100] * 6, [(0, 9), (0, 1), (0, 2), (-1, 0), (1, 0), (0, 3)], LIMITS) == [range(4), range(4, 6)]
    assert partition([300, 300], [(0, 0), (-1, 0)], LIMITS) == [range(1), range(1, 2)]


def test_equal_boundaries_are_not_cut_off_one_by_one():
    found = partition([5] * 100_000, [(0, 7)] * 100_000, LIMITS)

    assert len(found) < 3000


def test_an_edit_that_leaves_the_boundaries_alone_makes_at_most_two_new_parts():
    assert max(new_parts("edit", 1000)) <= 2


def test_a_piece_added_or_removed_makes_more_than_two_new_parts_once_in_twenty_at_most():
    for kind in ("add", "remove"):
        counts = new_parts(kind, 500)

        assert max(counts) <= 5
        assert sum(count > 2 for count in counts) / len(counts) < 0.05
