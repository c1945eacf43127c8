"""Questions that were not found, in groups, as the last answer was."""

import datetime as dt

import pytest

from resume_pipeline.domain.content_gaps import AskedQuestion, find_gaps, normalised_question
from resume_pipeline.domain.hashing import visitor_hash

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def asked(question: str, *, hits: int = 5, coverage: float | None = 0.1, minute: int = 0, where: tuple = ()):
    return AskedQuestion(question, where, hits, coverage, "near.md" if hits else None, NOON.replace(minute=minute))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("COBOL?", "  cobol", True),
        ("Świnoujście", "swinoujscie!", True),
        ("C++", "C#", False),
        ("C++?", "c++", True),
        ("Ｋafka", "kafka", True),
        ("遅延", "遅延？", True),
        ("work permit", "permit work", False),
    ],
)
def test_writings_of_one_question_are_one_question(one, other, same):
    assert (normalised_question(one) == normalised_question(other)) is same


def test_gaps_are_counted_and_told_as_they_were_last_asked_most_often_first():
    gaps = find_gaps(
        [
            asked("salary", minute=1),
            asked("COBOL", minute=2),
            asked("Can she COBOL?", minute=3),
            asked("cobol!", hits=0, coverage=None, minute=9),
            asked("kafka", coverage=1.0, minute=4),
        ]
    )

    assert [(gap.question, gap.times) for gap in gaps] == [("cobol!", 2), ("Can she COBOL?", 1), ("salary", 1)]
    assert gaps[0].last_asked == NOON.replace(minute=9) and gaps[0].nearest is None
    assert gaps[2].nearest == "near.md"


def test_what_was_found_the_last_time_is_no_gap_any_more_and_the_other_way_round():
    assert find_gaps([asked("bees", minute=1), asked("Bees?", coverage=0.9, minute=2)]) == []
    (gap,) = find_gaps([asked("bees", coverage=0.9, minute=1), asked("bees", minute=2)])
    assert gap.times == 1


def test_hits_without_a_measure_count_as_found_and_no_hits_never_do():
    assert find_gaps([asked("who is she", coverage=None)]) == []
    assert len(find_gaps([asked("who is she", hits=0, coverage=None)])) == 1


def test_the_same_words_narrowed_to_something_are_another_question():
    assert len(find_gaps([asked("bees", where=("company=Acme",)), asked("bees")])) == 2


def test_a_visitor_is_the_same_under_one_key_and_nobody_under_another():
    assert visitor_hash(b"key", "203.0.113.7") == visitor_hash(b"key", "203.0.113.7")
    assert visitor_hash(b"key", "203.0.113.7") != visitor_hash(b"key", "203.0.113.8")
    assert visitor_hash(b"key", "203.0.113.7") != visitor_hash(b"another", "203.0.113.7")
    assert len(visitor_hash(b"key", "x")) == 32
