"""The pace: within the limits, shared by processes, believing the newest headers, surviving kills."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.embedding.pacing import LATE_SECONDS, Pace, read_allowances, read_retry_after, read_span
from resume_pipeline.errors import EmbeddingError


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(tmp_path, clock):
    return Pace(tmp_path / "pace.sqlite3", "account", clock=clock)


def headers(*, tokens: int, of: int = 60_000, requests: int = 600) -> dict[str, str]:
    """600 requests and (unless told) 60,000 tokens a minute: 10 requests and 1,000 tokens a second."""
    return {
        "x-ratelimit-limit-requests": "600",
        "x-ratelimit-remaining-requests": str(requests),
        "x-ratelimit-limit-tokens": str(of),
        "x-ratelimit-remaining-tokens": str(tokens),
        "x-ratelimit-reset-tokens": "0ms",
    }


def learn(pace: Pace, **what: int) -> None:
    """One answered request, which brings headers."""
    flight, _ = pace.reserve(1)
    pace.depart(flight)
    pace.arrived(flight, headers(**what))


def test_before_any_header_nobody_waits(pace):
    assert [pace.reserve(300_000)[1] for _ in range(50)] == [0.0] * 50
    assert pace.capacity("tokens") is None


def test_a_server_without_such_headers_is_not_paced(pace):
    flight, _ = pace.reserve(300_000)
    pace.depart(flight)
    pace.arrived(flight, {"content-type": "application/json"})

    assert pace.reserve(300_000)[1] == 0.0


def test_what_remains_may_go_at_once_and_the_rest_waits_for_its_turn(pace):
    learn(pace, tokens=10_000)

    waits = [pace.reserve(5_000)[1] for _ in range(4)]

    assert waits == pytest.approx([0, 0, 5, 10])


def test_a_question_does_not_stand_behind_full_requests(pace):
    learn(pace, tokens=0)
    assert [pace.reserve(30_000)[1] for _ in range(2)] == pytest.approx([30, 60])

    assert pace.reserve(50)[1] == 0
    assert pace.reserve(30_000)[1] == pytest.approx(90.05)


def test_requests_a_minute_are_limited_like_tokens(pace):
    learn(pace, tokens=60_000, requests=2)

    waits = [pace.reserve(1)[1] for _ in range(4)]

    assert waits == pytest.approx([0, 0, 0.1, 0.2])


def test_tokens_come_back_as_time_passes_and_never_above_the_limit(pace, clock):
    learn(pace, tokens=0)
    assert pace.reserve(1_000)[1] == pytest.approx(1)

    clock.now += 3600

    assert pace.reserve(60_000)[1] == 0
    assert pace.reserve(1_000)[1] == pytest.approx(1)


def test_over_an_hour_exactly_the_allowed_tokens_go_out(pace, clock):
    learn(pace, tokens=0)
    begin = clock.now
    sent = 0
    while clock.now < begin + 3600:
        flight, wait = pace.reserve(7_000)
        clock.now += wait
        assert pace.depart(flight) == 0
        sent += 7_000
        pace.lost(flight)

    assert sent == pytest.approx(3600 * 1_000, rel=0.005)


def test_another_instance_stands_in_the_same_line(pace, tmp_path, clock):
    learn(pace, tokens=10_000)
    other = Pace(tmp_path / "pace.sqlite3", "account", clock=clock)

    pace.reserve(10_000)

    assert other.capacity("tokens") == 60_000
    assert other.reserve(5_000)[1] == pytest.approx(5)
    assert pace.reserve(5_000)[1] == pytest.approx(10)


def test_another_account_has_a_line_of_its_own(pace, tmp_path, clock):
    learn(pace, tokens=0)

    assert Pace(tmp_path / "pace.sqlite3", "other", clock=clock).reserve(60_000)[1] == 0


def test_headers_do_not_know_of_requests_that_were_sent_later_or_still_wait(pace, clock):
    learn(pace, tokens=30_000)
    first, _ = pace.reserve(5_000)
    pace.depart(first)
    clock.now += 1
    second, _ = pace.reserve(5_000)
    pace.depart(second)
    pace.reserve(5_000)  # waits still

    pace.arrived(first, headers(tokens=20_000))

    assert pace.reserve(10_000)[1] == pytest.approx(0)
    assert pace.reserve(1_000)[1] == pytest.approx(1)


def test_an_answer_that_comes_late_does_not_bring_old_figures_back(pace, clock):
    learn(pace, tokens=30_000)
    first, _ = pace.reserve(1_000)
    pace.depart(first)
    clock.now += 1
    second, _ = pace.reserve(1_000)
    pace.depart(second)

    pace.arrived(second, headers(tokens=0))
    pace.arrived(first, headers(tokens=50_000))

    assert pace.reserve(1_000)[1] == pytest.approx(1)


def test_somebody_else_using_the_account_shows_in_the_headers_and_slows_everybody(pace):
    learn(pace, tokens=60_000)
    learn(pace, tokens=500)

    assert pace.reserve(1_500)[1] == pytest.approx(1)


def test_a_raised_limit_counts_from_its_first_header_on(pace):
    learn(pace, tokens=0)
    learn(pace, tokens=600_000, of=600_000)

    assert pace.capacity("tokens") == 600_000
    assert pace.reserve(500_000)[1] == 0


def test_a_limit_of_a_day_is_told_by_how_long_it_takes_until_all_is_back(pace):
    day = {
        "x-ratelimit-limit-requests": "200",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "24h0m0s",
    }
    flight, _ = pace.reserve(1)
    pace.depart(flight)
    pace.arrived(flight, day)

    assert pace.reserve(1)[1] == pytest.approx(432)


def test_retry_after_holds_everybody_also_those_whose_turn_had_come(pace, tmp_path, clock):
    flight, wait = pace.reserve(10)
    assert wait == 0

    Pace(tmp_path / "pace.sqlite3", "account", clock=clock).block(7)

    assert pace.depart(flight) == pytest.approx(7)
    assert pace.reserve(10)[1] == pytest.approx(7)
    clock.now += 8
    assert pace.depart(flight) == 0


def test_a_clock_that_was_set_back_does_not_block_for_ever(pace, clock):
    learn(pace, tokens=0)
    pace.block(20)
    clock.now -= 100_000

    flight, wait = pace.reserve(1_000)

    assert wait <= 60
    assert pace.depart(flight) == 0


def test_reservations_of_a_killed_process_are_forgotten(pace, clock):
    learn(pace, tokens=60_000)
    pace.reserve(50_000)  # its process dies before it leaves
    sent, _ = pace.reserve(10_000)
    pace.depart(sent)  # … and this one's before the answer
    clock.now += LATE_SECONDS + 1
    flight, _ = pace.reserve(1)
    pace.depart(flight)

    pace.arrived(flight, headers(tokens=60_000))

    assert pace.reserve(60_000)[1] == 0


def test_a_process_killed_in_the_middle_of_a_transaction_leaves_the_file_usable(tmp_path):
    file = tmp_path / "pace.sqlite3"
    code = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from resume_pipeline.embedding.pacing import Pace
        pace = Pace(Path({str(file)!r}), "account")
        with pace._transaction() as connection:
            connection.execute("INSERT INTO account VALUES ('account', 9e9, 0)")
            print("ready", flush=True)
            sys.stdin.read()
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    assert Pace(file, "account").reserve(10)[1] == 0


def test_a_folder_that_cannot_be_written_leaves_a_pace_of_this_process_alone(tmp_path):
    (tmp_path / "file").write_text("no folder")
    pace = Pace(tmp_path / "file" / "pace.sqlite3", "account")

    learn(pace, tokens=0)

    assert pace.reserve(1_000)[1] > 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("20ms", 0.02), ("6m0s", 360), ("1m2.5s", 62.5), ("24h0m0s", 86_400), ("", 0), ("soon", 0)],
)
def test_spans_are_read_as_openai_writes_them(text, seconds):
    assert read_span(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"retry-after": "2"}, 2),
        ({"retry-after-ms": "150", "retry-after": "1"}, 0.15),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(given, seconds):
    assert read_retry_after(given) == seconds


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"x-ratelimit-limit-tokens": "0", "x-ratelimit-remaining-tokens": "0"},
        {"x-ratelimit-limit-tokens": "many", "x-ratelimit-remaining-tokens": "5"},
        {"x-ratelimit-limit-tokens": "1000"},
        {"x-ratelimit-limit-tokens": "-1", "x-ratelimit-remaining-tokens": "-1"},
    ],
)
def test_headers_that_say_nothing_are_no_limit(given):
    assert read_allowances(given) == {}


def test_a_file_of_another_version_is_begun_anew(tmp_path):
    connection = sqlite3.connect(tmp_path / "pace.sqlite3")
    connection.executescript("CREATE TABLE flight (other TEXT); PRAGMA user_version = 999;")
    connection.close()
    pace = Pace(tmp_path / "pace.sqlite3", "account")

    learn(pace, tokens=0)

    assert pace.capacity("tokens") == 60_000


def test_a_file_that_breaks_meanwhile_is_named_with_the_remedy(tmp_path):
    pace = Pace(tmp_path / "pace.sqlite3", "account")
    other = sqlite3.connect(tmp_path / "pace.sqlite3")
    other.execute("DROP TABLE flight")
    other.commit()
    other.close()

    with pytest.raises(EmbeddingError, match=r"pace\.sqlite3.*Remove it"):
        pace.reserve(1)
