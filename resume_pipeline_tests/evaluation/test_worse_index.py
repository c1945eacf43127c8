"""A worse index is not published: not by the graph, not by the asset alone; unless a person says so.

The chunker is broken by its own limits: chunks of 16 tokens cut every sentence that the questions ask for.
"""

import dagster as dg
import pytest
from sqlalchemy import text

from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.domain.quality import QualityBar
from resume_pipeline.errors import QualityError
from resume_pipeline.ingestion.publishing import publish
from resume_pipeline.settings import load_settings
from resume_pipeline_tests.defs.conftest import dagster_settings as dagster_settings
from resume_pipeline_tests.defs.conftest import instance as instance
from resume_pipeline_tests.defs.test_graph import failure_of, materialize, metadata_of
from resume_pipeline_tests.evaluation.conftest import ANIMALS, golden, question
from resume_pipeline_tests.pipeline import Pipeline

BROKEN = ChunkLimits(16, 16, 0)
SPANS = {"zebra": "more stripe", "tiger": "tiger hunts", "heron": "The heron", "otter": "The otter"}
"""Words that stand in one sentence, and in two chunks when there are 16 tokens to a chunk, heading included."""


def about(name: str) -> dict:
    """A question whose answer is such words."""
    return question(f"What does the {name} do?", f"{name}.md", SPANS[name])


@pytest.fixture
def passages(animals: Pipeline) -> Pipeline:
    """Golden questions that whole sentences answer."""
    golden(animals.content, *(about(name) for name in ANIMALS))
    return animals


def test_a_broken_chunker_publishes_nothing_and_what_was_live_stays(passages):
    pipeline = passages
    assert pipeline.run().published.generation == 1
    before = pipeline.live_text()
    pipeline.limits = BROKEN

    with pytest.raises(QualityError) as caught:
        pipeline.run()

    for part in ("0.000", "0.800", "RESUME_MIN_HIT_AT_5", "1.000", "stays", "--accept-lower-quality"):
        assert part in str(caught.value)
    assert pipeline.live_text() == before
    assert pipeline.rows("SELECT generation, state FROM generations") == [(1, "live")]


def test_a_candidate_that_was_never_asked_is_not_published_either(passages):
    pipeline = passages
    pipeline.run()
    pipeline.write("new.md", "# New\n\nA fifth animal.\n")
    pipeline.run()
    pipeline.roll_back()
    golden(pipeline.content, about("zebra"))

    with pytest.raises(QualityError, match="not asked"):
        publish(pipeline.sessions, pipeline.embedder.name, min_coverage=0.9, quality=pipeline.quality, forward=True)
    assert pipeline.publish_forward().generation == 3


def test_the_bar_can_be_switched_off_and_so_can_the_comparison(passages):
    pipeline = passages
    pipeline.run()
    pipeline.limits = BROKEN
    for bar, held in ((QualityBar(0.0, 0.05), True), (QualityBar(0.8, 1.0), True), (QualityBar(0.0, 1.0), False)):
        pipeline.bar = bar
        if held:
            with pytest.raises(QualityError):
                pipeline.run()
        else:
            assert pipeline.run().published.generation == 2


def outcome(result: dg.ExecuteInProcessResult, check: str) -> dg.AssetCheckEvaluation:
    (evaluation,) = [e for e in result.get_asset_check_evaluations() if e.check_name == check]
    return evaluation


def generations(engine) -> list[tuple[int, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT generation, state FROM generations ORDER BY 1"))
        return [tuple(row) for row in rows]


def test_the_graph_holds_it_the_asset_alone_refuses_it_and_a_person_may_accept_it(
    dagster_settings, instance, passages, engine, monkeypatch
):
    first = materialize(instance)
    assert first.success and metadata_of(first, "retrieval_evaluation")["hit_at_5_hybrid"] == 1.0
    monkeypatch.setenv("RESUME_CHUNK_TOKENS", "16")
    monkeypatch.setenv("RESUME_CHUNK_MAX_TOKENS", "16")
    load_settings.cache_clear()

    held = materialize(instance)
    check = outcome(held, "retrieval_quality")
    assert not held.success and not check.passed and check.blocking
    assert "0.800" in check.description and "accept_lower_quality" in check.description
    assert not held.asset_materializations_for_node("published_generation")
    metadata = metadata_of(held, "retrieval_evaluation")
    assert metadata["hit_at_5_hybrid"] == 0.0 and metadata["live_hit_at_5_hybrid"] == 1.0
    assert len(metadata["failures"].records) == len(ANIMALS)

    alone = materialize(instance, "published_generation")
    assert not alone.success and "hit@5 is 0.000" in failure_of(alone) and "RESUME_MIN_HIT_AT_5" in failure_of(alone)
    assert generations(engine) == [(1, "live")]

    config = {"ops": {"retrieval_evaluation": {"config": {"accept_lower_quality": True}}}}
    accepted = materialize(instance, "retrieval_evaluation", "published_generation", config=config)
    assert accepted.success
    assert metadata_of(accepted, "retrieval_evaluation")["searches"] == 0, "the figures were there"
    assert generations(engine) == [(1, "superseded"), (2, "live")]


def test_what_is_live_already_cannot_be_held_and_only_warns(dagster_settings, instance, passages, monkeypatch):
    assert materialize(instance).success
    golden(passages.content, question("Who plays the violin?", "zebra.md", "plays the violin"))

    result = materialize(instance)

    check = outcome(result, "retrieval_quality")
    assert result.success and not check.passed and check.severity == dg.AssetCheckSeverity.WARN


def test_golden_questions_with_bad_lines_or_unknown_paths_warn(dagster_settings, instance, passages):
    file = passages.content / "golden_questions.jsonl"
    file.write_text(file.read_text() + '{"question": "x", "relevant": [{"path": "gone.md"}]}\n{"oops"\n')

    result = materialize(instance)

    check = outcome(result, "golden_questions_are_sound")
    assert result.success and not check.passed and check.metadata["problems"].value == 2
    assert outcome(result, "search_is_fast").metadata["max_p95_ms"].value == 500
