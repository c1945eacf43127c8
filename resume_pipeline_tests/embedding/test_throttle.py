"""Patience, waits between tries, and requests at a time."""

import threading

from resume_pipeline.embedding.throttle import SHRINK_EVERY_SECONDS, Concurrency, Patience, backoff_seconds


def test_requests_at_a_time_grow_by_one_a_round_up_to_the_most():
    concurrency = Concurrency(6)
    seen = [concurrency.allowed]
    for _ in range(40):
        concurrency.answered(paced=False)
        seen.append(concurrency.allowed)

    assert seen[0] == 2
    assert seen == sorted(seen) and seen[-1] == 6
    assert seen.index(3) >= 2 and seen.index(4) - seen.index(3) >= 3


def test_they_do_not_grow_while_the_rate_limit_is_what_holds():
    concurrency = Concurrency(8)
    for _ in range(40):
        concurrency.answered(paced=True)

    assert concurrency.allowed == 2


def test_congestion_halves_them_once_for_requests_that_fail_together():
    now = 100.0
    concurrency = Concurrency(16, clock=lambda: now)
    for _ in range(300):
        concurrency.answered(paced=False)
    assert concurrency.allowed == 16

    for _ in range(16):
        concurrency.congested()
    assert concurrency.allowed == 8

    for _ in range(10):
        now += SHRINK_EVERY_SECONDS
        concurrency.congested()
    assert concurrency.allowed == 1


def test_one_at_a_time_stays_one():
    concurrency = Concurrency(1)
    concurrency.answered(paced=False)

    assert concurrency.allowed == 1


def test_waits_are_spread_over_the_whole_bound_which_doubles_and_ends():
    for attempt, bound in enumerate((0.5, 1, 2, 4)):
        waits = [backoff_seconds(attempt, base=0.5) for _ in range(400)]
        assert 0 <= min(waits) < bound * 0.1
        assert bound * 0.9 < max(waits) <= bound
    assert max(backoff_seconds(50, base=0.5) for _ in range(400)) <= 60


def test_patience_ends_with_its_time_or_when_it_is_told_to():
    stop = threading.Event()
    patience = Patience(stop=stop)
    assert patience.left > 1e6

    stop.set()

    assert patience.left == 0
    patience.sleep(1000)  # comes back at once
    assert Patience.of(-1).left == 0
    assert Patience.of(1000).sooner(5).left <= 5
    assert Patience.of(5).sooner(1000).left <= 5
