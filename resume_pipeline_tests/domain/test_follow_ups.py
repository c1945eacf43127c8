"""Which questions go on from the one before."""

import pytest

from resume_pipeline.domain.answers import Turn
from resume_pipeline.domain.follow_ups import search_question

HISTORY = [Turn("Has she used Kafka at Skarnholt?", "Yes.")]
SHORT = ["and when?", "why?", "since when?", "what about it", "How big was it?", "Berlin?"]
WHOLE = ["Which programming languages does she speak fluently today?", "Where did Tamsin study mathematics?"]


@pytest.mark.parametrize("question", SHORT)
def test_a_short_or_pronominal_question_takes_the_words_of_the_last(question):
    assert search_question(question, HISTORY) == f"{question} used Kafka Skarnholt"


@pytest.mark.parametrize("question", WHOLE)
def test_a_whole_question_stays_as_it_is(question):
    assert search_question(question, HISTORY) == question


def test_without_a_history_nothing_is_added():
    assert search_question("why?", []) == "why?"
