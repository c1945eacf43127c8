"""Phrases, exclusions and filters: every hit meets them, and none that could be shown is missing."""

import pytest

from resume_pipeline.domain.filters import parse_filter
from resume_pipeline.errors import InvalidFilterError
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline.storage import narrowing
from resume_pipeline_tests.conftest import published

NOTES = {
    "jobs/acme.md": "---\ncompany: Acme\nstart: 2019-03\nend: 2021-06\nteam: 7\ntags: [python, postgres]\n---\n"
    "# Acme\n\nZero downtime migrations in Postgres.\n",
    "jobs/birch.md": "---\nemployer: Birch & Sons\nstart: 2021-07-01\nteam: 12\nremote: true\n---\n"
    "# Birch\n\nDowntime was never zero. We ran migrations in MySQL.\n",
    "posts/c.md": "---\ndate: 2022\ntags: python\nmeta: {level: deep}\n---\n# C++ notes\n\nC++ and .NET, CI/CD.\n",
    "posts/d.md": "---\ndate: 2023-05-04\ntags: [go]\n---\n# Go notes\n\nGo replaced C in our migrations.\n",
}


@pytest.fixture(scope="module")
def notes(server, tmp_path_factory):
    with published(server, tmp_path_factory.mktemp("content"), NOTES) as pipeline:
        yield pipeline


def paths(pipeline, question: str, *filters: str, mode: str = "hybrid") -> set[str]:
    retriever = Retriever(pipeline.sessions, lambda _: pipeline.embedder)
    narrowed = [parse_filter(written) for written in filters]
    return {hit.path for hit in retriever.search(question, limit=50, mode=mode, filters=narrowed).hits}


ACME, BIRCH, C, D = NOTES


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("company=Acme", {ACME}),
        ("employer=Acme", {ACME}),
        ("company!=Acme", {BIRCH, C, D}),
        ("tags=python", {ACME, C}),
        ("team>=10", {BIRCH}),
        ("team<10", {ACME}),
        ("team=7", {ACME}),
        ("remote=true", {BIRCH}),
        ("start<=2019", {ACME}),
        ("start>2019", {BIRCH}),
        ("start>=2021-07", {BIRCH}),
        ("end<=2021-06", {ACME}),
        ("date>2022", {D}),
        ("date>=2022", {C, D}),
        ("date<=2023-05", {C, D}),
        ("date<2023", {C}),
        ("meta.level=deep", {C}),
        ("path=posts/*", {C, D}),
        ("path!=posts/*", {ACME, BIRCH}),
        ("path=*/?.md", {C, D}),
        ("company='; DROP TABLE documents; --", set()),
        ('company=") || true', set()),
        ("nobody=has this", set()),
    ],
)
def test_a_filter_keeps_what_it_says(notes, mode, filter_, expected):
    question = "migrations notes Acme Birch C++ Go"

    assert paths(notes, question, filter_, mode=mode) == expected


def test_filters_add_up(notes):
    assert paths(notes, "notes", "path=posts/*", "tags=go") == {D}


def test_a_kind_filter_gives_facts_or_body(notes):
    retriever = Retriever(notes.sessions, lambda _: notes.embedder)
    for kind in ("facts", "body"):
        hits = retriever.search("migrations", limit=50, filters=[parse_filter(f"kind={kind}")]).hits
        assert hits and {hit.kind for hit in hits} == {kind}


@pytest.mark.parametrize("written", ["", "company", "=Acme", "kind=chapter", "path>=a", "a" * 600 + "=b", "a=\0"])
def test_what_is_no_filter_is_refused_with_an_example(written):
    with pytest.raises(InvalidFilterError):
        parse_filter(written)


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical"])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ('"zero downtime"', {ACME}),
        ('migrations "zero downtime"', {ACME}),
        ("“zero downtime” migrations", {ACME}),
        ('"downtime zero"', set()),
        ('"no such words anywhere"', set()),
        ("migrations -mysql -go", {ACME}),
        ('migrations -"zero downtime" -go', {BIRCH}),
    ],
)
def test_phrases_stand_in_each_hit_and_excluded_words_in_none(notes, mode, question, expected):
    found = paths(notes, question, "kind=body", mode=mode)

    assert found & {ACME, BIRCH, D} == expected


def test_the_wide_way_finds_the_same_as_the_narrow_one(notes, monkeypatch):
    asked = [("migrations", "tags=python"), ("notes", "date>=2022"), ('"zero downtime"', "company=Acme")]
    narrow = [paths(notes, question, filter_) for question, filter_ in asked]

    monkeypatch.setattr(narrowing, "SMALL", 0)

    assert [paths(notes, question, filter_) for question, filter_ in asked] == narrow


def test_an_equality_is_answered_by_the_index_on_metadata(notes):
    with notes.sessions() as session:
        for name in ("enable_seqscan", "enable_indexscan"):
            session.execute(narrowing.text(f"SET LOCAL {name} = off"))
        parameters: dict[str, object] = {}
        condition = narrowing.filter_conditions([parse_filter("tags=python")], parameters).removeprefix(" AND ")
        plan = "\n".join(
            session.scalars(narrowing.text(f"EXPLAIN SELECT FROM documents d WHERE {condition}"), parameters)
        )

    assert "ix_documents_metadata" in plan
