"""What is half done is never published, never forgotten by the plan, and never mistaken for something else."""

import numpy as np
import pytest

from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.errors import ContentLossError, EmbeddingError, EmbeddingSpaceError, PublishError
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.indexing import build_vector_index
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.storage.vector_index import index_name
from resume_pipeline_tests.ingestion.test_promises import portfolio
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline, long_text


class Dying(CountingEmbedder):
    """Answers so many requests of one input each, then dies."""

    batch_inputs = 1

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.answers = answers

    def embed(self, inputs):
        if self.answers == 0:
            raise EmbeddingError("the model is gone")
        self.answers -= 1
        return super().embed(inputs)


def test_an_edit_that_is_embedded_in_part_is_not_published_by_anybody(pipeline):
    for number in range(20):
        pipeline.write(f"{number:02}.md", f"# File {number}\n\nBefore, {number}.\n")
    pipeline.run()
    for number in range(4):
        pipeline.write(f"{number:02}.md", f"# File {number}\n\nAfter, {number}.\n")
    pipeline.embedder = Dying(answers=4)  # the canary and three inputs
    with pytest.raises(EmbeddingError):
        pipeline.run()

    with pytest.raises(PublishError, match="1 of 20"):
        pipeline.publish_forward()

    assert "After" not in pipeline.live_text()


def test_the_plan_knows_what_an_interrupted_run_left_to_do(pipeline, embedder):
    portfolio(pipeline, files=3)
    with writing(pipeline.engine, timeout_seconds=5) as sessions:
        record_documents(sessions, pipeline.root, max_loss_share=0.25)

    plan = pipeline.plan()
    run = pipeline.run()

    assert not plan.nothing_to_do
    assert plan.embeddings.sent == run.embeddings.sent == len(embedder.inputs) > 0
    assert (plan.chunks_total, plan.chunks_new) == (run.chunks.total, run.chunks.new)


def test_files_emptied_all_at_once_are_a_loss(pipeline):
    portfolio(pipeline)
    pipeline.run()
    before = pipeline.live()
    for file in pipeline.content.rglob("*.md"):
        file.write_text("")

    with pytest.raises(ContentLossError, match="6 of 6"):
        pipeline.run()

    assert pipeline.live() == before


def test_a_second_rollback_does_not_return_to_what_was_withdrawn(pipeline):
    for text in ("first", "second", "a bad third"):
        pipeline.write("a.md", f"# A\n\n{text}\n")
        pipeline.run()
    assert pipeline.roll_back() == 2
    pipeline.write("a.md", "# A\n\nthe fourth\n")
    assert pipeline.run().published.generation == 4

    assert pipeline.roll_back() == 2
    assert "a bad third" not in pipeline.live_text()


def test_a_rollback_holds_when_only_the_chunk_limits_change(pipeline):
    portfolio(pipeline, files=3)
    pipeline.run()
    pipeline.write("mistake.md", "# Mistake\n\nNobody should see this.\n")
    pipeline.run()
    pipeline.roll_back()

    pipeline.limits = ChunkLimits(target_tokens=120, max_tokens=200)
    run = pipeline.run()

    assert not run.published.published and "rolled back" in run.published.reason
    assert "Nobody should see" not in pipeline.live_text()


def test_a_rollback_does_not_wait_for_a_stage_that_writes(pipeline):
    portfolio(pipeline)
    pipeline.run()
    pipeline.write("new.md", "# New\n\nText.\n")
    pipeline.run()
    with writing(pipeline.engine, timeout_seconds=5):
        assert pipeline.roll_back() == 1


def test_renaming_a_file_without_a_title_sends_nothing(pipeline, embedder):
    file = pipeline.write("notes.md", "Just some text without a heading, about otters.\n")
    pipeline.write("other.md", "# Other\n\nText.\n")
    pipeline.run()
    embedder.inputs.clear()
    file.rename(pipeline.content / "renamed.md")

    run = pipeline.run()

    assert run.documents.files.renamed == 1 and embedder.inputs == []
    assert "renamed.md" in pipeline.live_paths()


def test_a_file_that_was_broken_for_a_while_and_is_itself_again_is_no_change(pipeline):
    portfolio(pipeline, files=3)
    pipeline.run()
    file = pipeline.content / "jobs/job-1.md"
    good = file.read_bytes()
    file.write_bytes(bytes(range(256)) * 50)
    pipeline.run()
    file.write_bytes(good)

    plan, run = pipeline.plan(), pipeline.run()

    assert plan.nothing_to_do and plan.files == run.documents.files
    assert (run.documents.files.changed, run.documents.errors) == (0, [])
    assert not run.published.published


def test_a_table_of_somebody_else_is_left_alone(pipeline):
    with pipeline.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE candidate (name text)")
    portfolio(pipeline, files=2)
    pipeline.run()
    pipeline.run()
    assert pipeline.rows("SELECT count(*) FROM public.candidate") == [(0,)]


def test_a_search_refuses_a_model_that_changed_behind_its_name(pipeline):
    class Rolled(CountingEmbedder):
        def embed(self, inputs):
            return np.roll(super().embed(inputs), 7, axis=1)

    portfolio(pipeline, files=2)
    pipeline.run()
    pipeline.embedder = Rolled()
    with pytest.raises(EmbeddingSpaceError, match="has changed"):
        pipeline.search("engineer")
    with pytest.raises(EmbeddingSpaceError, match="has changed"):
        pipeline.run()


@pytest.mark.parametrize("wrong", ["one row", "zeros"])
def test_an_answer_that_is_no_embedding_is_not_stored(pipeline, wrong):
    class Wrong(CountingEmbedder):
        def embed(self, inputs):
            answer = super().embed(inputs)
            if len(inputs) > 1:
                return answer[:1] if wrong == "one row" else answer * 0
            return answer

    portfolio(pipeline, files=3)
    pipeline.embedder = Wrong()
    with pytest.raises(EmbeddingError, match="Nothing of this answer was stored"):
        pipeline.run()
    assert pipeline.rows("SELECT count(*) FROM chunk_embeddings") == [(0,)]


def test_searches_are_full_while_one_index_replaces_another(pipeline):
    for number in range(60):
        pipeline.write(f"{number}.md", f"# File {number}\n\n{long_text(12, seed=str(number))}\n")
    pipeline.index_kind = "hnsw"
    pipeline.run()
    # The moment between building the other index and measuring it, as a killed run leaves it.
    with pipeline.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP INDEX {index_name_of(pipeline, 'hnsw')}")
        connection.exec_driver_sql(
            f"CREATE INDEX {index_name_of(pipeline, 'ivfflat')} ON chunk_embeddings_m1 USING ivfflat "
            "((embedding::halfvec(64)) halfvec_cosine_ops) WITH (lists = 20)"
        )
    assert len(pipeline.search("vector index latency", limit=100, mode="vector")) == 100

    with writing(pipeline.engine, timeout_seconds=5) as sessions:
        report = build_vector_index(
            sessions, pipeline.embedder.name, kind="hnsw", exact_limit=20_000, recall_target=0.95
        )
    assert report.built and report.kind == "hnsw"
    assert len(pipeline.search("vector index latency", limit=100, mode="vector")) == 100


def index_name_of(pipeline: Pipeline, kind: str) -> str:
    from resume_pipeline.storage.embedding_models import find_model

    with pipeline.sessions() as session:
        model = find_model(session, pipeline.embedder.name)
    return index_name(model, kind)
