"""Quotes and minus signs mean something, everything else is the question."""

import pytest

from resume_pipeline.domain.question import Question, parse_question


@pytest.mark.parametrize(
    ("written", "question"),
    [
        ("who ran it?", Question("who ran it?")),
        ('"zero downtime" migrations', Question("zero downtime migrations", ("zero downtime",))),
        ("“zero  downtime”", Question("zero downtime", ("zero downtime",))),
        ("jobs -java", Question("jobs", (), ("java",))),
        ('jobs -"team lead" now', Question("jobs now", (), ("team lead",))),
        ("jobs -C++ -node.js", Question("jobs", (), ("C++", "node.js"))),
        ("state-of-the-art e-mail", Question("state-of-the-art e-mail")),
        ("2019 - 2021", Question("2019 - 2021")),
        ("at -40 degrees", Question("at -40 degrees")),
        ("-java", Question("-java")),
        ('an unclosed "quote', Question('an unclosed "quote')),
        ('""', Question('""')),
        ('"?!"', Question('"?!"')),
    ],
)
def test_a_question_is_taken_apart(written, question):
    assert parse_question(written) == question
