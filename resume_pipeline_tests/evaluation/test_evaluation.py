"""Golden questions asked of a real index: the figures are those worked out by hand, and nothing is asked twice."""

import pytest

from resume_pipeline.content.golden_questions import read_questions_file
from resume_pipeline.embedding.tokens import load_token_counter
from resume_pipeline.errors import PublishError, QuestionsError
from resume_pipeline.evaluation.evaluation import MODES, ask_questions
from resume_pipeline.evaluation.questions import parse_questions
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.storage.visibility import SearchScope
from resume_pipeline_tests.evaluation.conftest import ANIMALS, golden, question


def evaluated(pipeline, **options):
    with pipeline.sessions() as session:
        session.rollback()
    return pipeline.evaluate(pipeline.sessions, **options)


def test_a_state_that_is_half_made_is_not_measured(animals):
    animals.run()
    animals.write("wolf.md", "# Wolf\n\nThe wolf howls.\n")
    with writing(animals.engine, timeout_seconds=10) as sessions:
        record_documents(sessions, animals.root, max_loss_share=0.25)
        chunk_documents(sessions, load_token_counter())
        before = animals.rows("SELECT count(*) FROM retrieval_evaluations")
        with pytest.raises(PublishError, match="1 documents are not chunked and embedded yet"):
            animals.evaluate(sessions)

    assert animals.rows("SELECT count(*) FROM retrieval_evaluations") == before
    assert animals.run().published.published


def test_each_question_is_embedded_once_for_all_modes(animals):
    animals.run()

    for text in ("Who hunts at dusk?", "favourite pebble"):
        assert animals.embedder.inputs.count(text) == 1


def test_figures_are_those_of_a_corpus_whose_ranking_is_known(animals):
    animals.run()
    file = golden(
        animals.content,
        question("savanna", "zebra.md"),
        question("stripe", "tiger.md"),
        question("pebble", "heron.md"),
        question("giraffe", None),
    )
    questions = parse_questions(read_questions_file(file)).questions

    (lexical,) = ask_questions(animals.retriever, questions, scope=None, modes=["lexical"])

    figures = lexical.figures
    assert (figures.questions, figures.answerable) == (4, 3)
    assert lexical.ranks == {"savanna": 1, "stripe": 2, "pebble": None}
    assert figures.hit_at_1 == pytest.approx(1 / 3)
    assert figures.hit_at_5 == figures.hit_at_10 == pytest.approx(2 / 3)
    assert figures.mrr_at_10 == pytest.approx((1 + 1 / 2) / 3)
    assert 0 < figures.p50_ms <= figures.p95_ms
    (failure,) = lexical.failures
    assert (failure.id, failure.line, failure.rank) == ("pebble", 3, None)
    assert failure.expected[0].path == "heron.md"
    assert failure.found[0].path == "otter.md" and failure.found[0].start_line >= 1


def test_each_mode_has_its_figures_and_the_candidate_is_asked_before_it_is_published(animals):
    report = animals.run() and evaluated(animals)
    assert set(report.candidate) == set(MODES)
    assert report.verdict.passed and report.hybrid.figures.hit_at_5 == 1.0

    animals.write("otter.md", f"# Otter\n\nNothing is known of it.\n\n{ANIMALS['otter'][:20]}\n")
    animals.bar = animals.bar.__class__(0.0, 1.0)
    seen = animals.run()
    assert seen.published.generation == 2
    stored = animals.rows("SELECT mode, generation, hit_at_5 FROM retrieval_evaluations WHERE mode = 'hybrid'")
    assert sorted(hit for _, _, hit in stored) == [0.75, 1.0]
    assert {generation for _, generation, _ in stored} == {None}


def test_the_same_content_questions_and_ranking_are_not_asked_twice(animals):
    animals.run()
    rows = "SELECT retrieval_evaluation_id, ctid::text, xmin::text FROM retrieval_evaluations ORDER BY 1"
    before = animals.rows(rows)

    assert evaluated(animals).asked == 0
    animals.run()
    assert animals.rows(rows) == before

    golden(animals.content, question("savanna", "zebra.md"))
    assert evaluated(animals).asked == 3
    animals.write("new.md", "# New\n\nA fifth animal.\n")
    animals.run()
    assert len(animals.rows(rows)) == len(before) + 2 * 3


def test_what_is_live_is_asked_as_well_and_a_withdrawn_state_is_what_it_was(animals):
    animals.run()
    animals.write("new.md", "# New\n\nA fifth animal.\n")
    animals.run()
    golden(animals.content, question("savanna", "zebra.md"), question("a fifth animal", "new.md"))
    animals.roll_back()

    report = evaluated(animals)

    assert report.live_generation == 1
    assert report.hybrid.figures.answerable == 2
    assert report.live["hybrid"].figures.answerable == 1, "generation 1 has no new.md"
    assert report.asked == 3 * (2 + 1)


def test_a_scope_searches_its_own_generation(animals):
    animals.run()
    (animals.content / "otter.md").unlink()
    animals.run(confirm_deletions=True)
    questions = parse_questions(
        read_questions_file(golden(animals.content, question("favourite pebble", "otter.md")))
    ).questions

    def ranks(generation):
        scope = SearchScope(animals.embedder.name, generation)
        return ask_questions(animals.retriever, questions, scope=scope, modes=["lexical"])[0].ranks

    assert ranks(1) == {"favourite pebble": 1}
    assert ranks(2) == ranks(None) == {"favourite pebble": None}


def test_questions_about_documents_that_were_removed_hold_nothing_back_and_are_named(animals):
    animals.run()
    for name in ("zebra", "tiger", "heron"):
        (animals.content / f"{name}.md").unlink()

    assert animals.run(confirm_deletions=True).published.generation == 2
    report = evaluated(animals)
    assert report.hybrid.figures.answerable == 1
    assert [problem.line for problem in report.problems] == [1, 2, 3]


def test_a_content_root_without_golden_questions_passes_and_says_so(animals):
    (animals.content / "golden_questions.jsonl").unlink()
    assert animals.run().published.published
    report = evaluated(animals)
    assert report.verdict.passed and "golden_questions.jsonl" in report.verdict.reason and report.candidate == {}


def test_golden_questions_that_cannot_be_read_stop_the_publish(animals):
    (animals.content / "golden_questions.jsonl").write_text("not one line of JSON\n")
    with pytest.raises(QuestionsError, match="line 1"):
        animals.run()
    assert animals.live() == []
