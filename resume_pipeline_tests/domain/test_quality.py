"""The verdict on a candidate: the bar, the live generation, and a person who accepts less."""

import pytest

from resume_pipeline.domain.quality import QualityBar, StateQuality, judge_quality

BAR = QualityBar(min_hit_at_5=0.8, max_drop=0.05)


def state(found: int, missed: int, *, accepted: bool = False) -> StateQuality:
    """A state in which the first ``found`` questions are found and the next ``missed`` are not."""
    ranks = {f"q{n}": (1 if n < found else None) for n in range(found + missed)}
    return StateQuality(ranks, accepted)


def test_a_state_at_the_bar_passes_and_one_below_it_does_not():
    assert judge_quality(state(8, 2), None, BAR).passed
    verdict = judge_quality(state(7, 2), None, BAR)
    assert not verdict.passed
    for part in ("0.778", "0.800", "RESUME_MIN_HIT_AT_5"):
        assert part in verdict.reason


def test_a_hit_at_rank_six_is_none_among_five():
    assert not judge_quality(StateQuality({"a": 6}), None, BAR).passed
    assert judge_quality(StateQuality({"a": 5}), None, BAR).passed


def test_a_state_that_finds_less_than_the_live_one_by_more_than_the_margin_is_held():
    assert judge_quality(state(95, 5), state(100, 0), BAR).passed
    verdict = judge_quality(state(94, 6), state(100, 0), BAR)
    assert not verdict.passed
    for part in ("0.940", "1.000", "0.050", "RESUME_MAX_QUALITY_DROP"):
        assert part in verdict.reason


def test_only_questions_that_both_states_can_answer_are_compared():
    live = StateQuality({"easy": 1, "removed": 1, "kept": 1})
    candidate = StateQuality({"easy": 1, "kept": 1, "new": None, "new too": 1, "new as well": 1})

    assert judge_quality(candidate, live, BAR).passed
    assert judge_quality(candidate, StateQuality({"something else": 1}), BAR).passed


@pytest.mark.parametrize("bar", [QualityBar(0.0, 0.05), QualityBar(0.8, 1.0), QualityBar(0.0, 1.0)])
def test_either_demand_can_be_switched_off(bar):
    assert judge_quality(state(0, 9), None, bar).passed is (bar.min_hit_at_5 == 0)
    assert judge_quality(state(9, 1), state(10, 0), bar).passed is (bar.max_drop == 1)
    assert bar.demands_nothing is (bar == QualityBar(0.0, 1.0))


def test_what_a_person_accepted_passes_and_says_so():
    verdict = judge_quality(state(1, 9, accepted=True), state(10, 0), BAR)
    assert verdict.passed and "accepted" in verdict.reason and "0.100" in verdict.reason


def test_with_nothing_to_ask_there_is_nothing_to_hold():
    assert judge_quality(StateQuality({}), state(10, 0), BAR).passed
