"""Quotes and claims: what stands there, and what only looks as if it did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_pipeline.domain.citations import find_quote, unsupported

TEXT = """## Lumenfeld Energy

I moved **31 billion** meter readings into a [compressed schema](x.md) in nine days,
without a maintenance window — the team had six people. I have no direct reports.

| C++ | Rust |
Kafka
東京で五年間働きました。"""

STANDS = [
    "I moved 31 billion meter readings into a compressed schema in nine days",
    "MOVED 31 BILLION METER READINGS",
    "in nine days, without a maintenance window - the team had six people",
    "meter   readings\ninto a “compressed schema”",
    "I moved 31 billion meter readings to a compressed schema in nine days, without a maintenance window",
    "C++",
    "Kafka",
    "東京で五年間働きました",
]
DOES_NOT = [
    "I moved 32 billion meter readings into a compressed schema in nine days",
    "I moved 31 million meter readings into a compressed schema in nine days",
    "I moved 31 billion meter readings into a compressed schema in ten days, without a maintenance window",
    "I moved 31 billion meter readings into a compressed schema in nine days, with a maintenance window and Google",
    "I have direct reports",
    "C#",
    "Rus",
    "moved",
    "days of a team that moved all of its people into six schemas",
    "東京で六年間働きました",
    "",
    "—",
]


@pytest.mark.parametrize("quote", STANDS)
def test_a_quote_is_found_whatever_its_white_space_typography_and_markup(quote):
    assert find_quote(quote, TEXT) is not None


@pytest.mark.parametrize("quote", DOES_NOT)
def test_a_quote_with_another_number_name_or_negation_is_not_found(quote):
    assert find_quote(quote, TEXT) is None


def test_the_lines_of_a_quote_are_those_it_stands_on():
    span = find_quote("in nine days, without a maintenance window", TEXT)

    assert span is not None
    assert (span.first_line, span.last_line, span.exact) == (2, 3, True)
    assert TEXT[span.start : span.end].startswith("in nine days")


HOLDS = [
    ("She moved 31 billion readings in 9 days.", TEXT),
    ("The team had 6 people.", TEXT),
    ("She has no direct reports.", TEXT),
    ("There was no maintenance window.", TEXT),
    ("She became Staff Engineer in April 2021.", "Promoted: role: Staff Engineer; date: 2021-04."),
    ("Duplicates fell from 7.3 % to 0.02 %.", "It took the duplicate rate from 7.3 % to 0.02 %: duplicates fell."),
]
FAILS = [
    ("She moved 32 billion readings in 9 days.", TEXT, "number"),
    ("She moved 31 million readings.", TEXT, "number"),
    ("She moved 31 billion readings at Google.", TEXT, "name Google"),
    ("She worked at Pennyfold Systems with meter readings.", TEXT, "name Pennyfold"),
    ("She has direct reports.", TEXT, "negation"),
    ("She never moved readings.", TEXT, "negation"),
    ("She moved readings with a maintenance window.", TEXT, "negation"),
    ("She plays the violin in an orchestra.", TEXT, "other words"),
    ("She became Staff Engineer in May 2021.", "Promoted: role: Staff Engineer; date: 2021-04.", "number"),
    ("She became Staff Engineer in April 2022.", "Promoted: role: Staff Engineer; date: 2021-04.", "number"),
    ("Rust", "", "nothing is cited"),
]


@pytest.mark.parametrize(("claim", "evidence"), HOLDS)
def test_a_claim_in_other_words_holds(claim, evidence):
    assert unsupported(claim, [evidence]) is None


@pytest.mark.parametrize(("claim", "evidence", "reason"), FAILS)
def test_a_claim_with_another_number_name_or_sense_does_not(claim, evidence, reason):
    found = unsupported(claim, [evidence])

    assert found is not None
    assert found.startswith(reason)


def test_title_and_headings_carry_names_but_not_a_claim():
    assert (
        unsupported("At Lumenfeld the team had six people.", ["The team had six people."], ["Lumenfeld Energy"]) is None
    )
    assert unsupported("She worked on energy.", ["The door opens at dawn."], ["Energy"]) is not None


WORDS = st.lists(st.from_regex(r"[a-z]{3,9}", fullmatch=True), min_size=10, max_size=30)


@given(WORDS, st.integers(1, 9999), st.integers(1, 9999), st.integers(0, 9))
def test_no_quote_with_another_number_is_ever_found(words, number, other, place):
    there = " ".join([*words[:place], str(number), *words[place:]])
    quote = " ".join([*words[:place], str(other), *words[place:]])

    assert (find_quote(quote, there) is not None) == (number == other)


@given(WORDS, st.data())
def test_every_run_of_words_of_a_text_is_found_in_it(words, data):
    start = data.draw(st.integers(0, len(words) - 3))
    end = data.draw(st.integers(start + 2, len(words)))

    assert find_quote(" ".join(words[start:end]), "\n".join(words)) is not None


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_can_be_compared_and_a_span_lies_within(text, quote):
    span = find_quote(quote, text)
    unsupported(quote, [text])

    assert span is None or 0 <= span.start < span.end <= len(text)
