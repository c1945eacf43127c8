"""Embedding models side by side: filled beside the served one, served in one step, taken back, removed."""

import pytest

from resume_pipeline.embedding.base import CANARY_TEXT
from resume_pipeline.errors import EmbeddingError, EmbeddingSpaceError, PublishError, UnknownGenerationError
from resume_pipeline.ingestion.indexing import IndexWish
from resume_pipeline.ingestion.models import add_model, describe_models, fill_model, plan_fill, remove_model
from resume_pipeline.ingestion.serving import model_in_use, serve_model
from resume_pipeline.ingestion.spending import Spending, SpendingRules
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline.storage.generations import list_generations, live_generation
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline, long_text


class Models:
    """Two models over one pipeline: ``first`` is the one that ingests use, ``second`` comes beside it."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline, self.sessions = pipeline, pipeline.sessions
        self.first, self.second = pipeline.embedder, CountingEmbedder(32)
        self.by_name = {"hashing:64": self.first, "hashing:32": self.second}

    def fill(self, embedder):
        spending = Spending(self.sessions, SpendingRules(), embedder.name)
        return fill_model(self.sessions, embedder, IndexWish(), spending=spending)

    def serve(self, embedder, configured: str = "hashing:64"):
        return serve_model(self.sessions, embedder, configured=configured)

    def search(self, question: str):
        return Retriever(self.sessions, self.by_name.__getitem__).search(question, mode="vector")

    def live(self):
        with self.sessions() as session:
            return live_generation(session)

    def states(self) -> dict[int, str]:
        with self.sessions() as session:
            return {record.generation: record.state for record in list_generations(session)}

    def in_use(self, configured: str = "hashing:64"):
        with self.sessions() as session:
            return model_in_use(session, configured)

    def reports(self):
        return {report.model: report for report in describe_models(self.sessions, "hashing:64")}


@pytest.fixture
def models(pipeline) -> Models:
    for number in range(3):
        pipeline.write(f"note-{number}.md", f"# Note {number}\n\n{long_text(24, seed=str(number))}")
    pipeline.run()
    return Models(pipeline)


def test_a_second_model_is_filled_beside_the_served_one_and_served_in_one_step(models):
    before = models.search("planner cursor")
    chunks = models.live().chunks

    filled = models.fill(models.second)

    assert filled.embeddings.sent == len(models.second.inputs) == chunks
    assert filled.index.vectors == chunks and filled.index.used_by_search
    assert models.search("planner cursor").hits == before.hits and models.live().generation == 1
    served = models.serve(models.second)
    assert served.served and (served.previous_generation, served.generation) == (1, 2)
    assert models.live().embedding_model == "hashing:32" and models.live().chunks == chunks
    after = models.search("planner cursor")
    assert after.generation == 2 and {hit.path for hit in after.hits} and after.hits != before.hits


def test_the_plan_of_a_fill_is_what_the_fill_does_and_writes_nothing(models):
    add_model(models.sessions, models.second)
    planned = plan_fill(models.sessions, models.second, SpendingRules())
    assert models.pipeline.rows("SELECT count(*) FROM chunk_embeddings_m2") == [(0,)]

    filled = models.fill(models.second).embeddings

    assert (planned.sent, planned.tokens, planned.cost_usd) == (filled.sent, filled.tokens, filled.cost_usd)
    assert plan_fill(models.sessions, models.second, SpendingRules()).sent == 0


def test_going_back_sends_nothing_whether_served_again_or_rolled_back(models):
    before = models.search("planner cursor").hits
    models.fill(models.second)
    models.serve(models.second)
    models.first.inputs.clear()
    models.second.inputs.clear()

    models.pipeline.roll_back()
    assert models.live().embedding_model == "hashing:64"
    models.serve(models.second)
    models.serve(models.first)

    assert models.live().generation == 4 and models.live().embedding_model == "hashing:64"
    assert models.first.inputs == models.second.inputs == []
    assert models.search("planner cursor").hits == before
    assert models.states() == {1: "superseded", 2: "withdrawn", 3: "superseded", 4: "live"}


def test_filling_goes_on_where_it_was_interrupted_and_a_filled_model_is_sent_nothing(models):
    class Interrupted(CountingEmbedder):
        batch_inputs = 4

        def embed(self, inputs):
            if len(self.inputs) >= 8:
                raise KeyboardInterrupt
            return super().embed(inputs)

    interrupted = Interrupted(32)
    with pytest.raises(KeyboardInterrupt):
        models.fill(interrupted)

    rest = models.fill(models.second)

    assert len(interrupted.inputs) == 8 and not set(interrupted.inputs) & set(models.second.inputs)
    assert rest.embeddings.sent == models.live().chunks - 8
    assert models.fill(models.second).embeddings.sent == 0


def test_a_model_without_all_vectors_or_without_a_measured_index_is_not_served(models):
    with pytest.raises(EmbeddingError, match="models add hashing:32"):
        models.serve(models.second)
    add_model(models.sessions, models.second)
    with pytest.raises(PublishError, match="models fill hashing:32"):
        models.serve(models.second)
    models.fill(models.second)
    with models.sessions.begin() as session:
        from sqlalchemy import text

        session.execute(text("UPDATE embedding_models SET index_settings = '{}' WHERE name = 'hashing:32'"))
    with pytest.raises(EmbeddingError, match="index"):
        models.serve(models.second)

    assert models.states() == {1: "live"}


def test_another_model_behind_the_name_is_not_served(models):
    models.fill(models.second)

    class Changed(CountingEmbedder):
        def embed(self, inputs):
            return super().embed([text[::-1] for text in inputs])

    with pytest.raises(EmbeddingSpaceError, match="hashing:32 has changed"):
        models.serve(Changed(32))
    assert models.live().embedding_model == "hashing:64"


def test_the_served_model_holds_until_it_is_rolled_back_and_a_setting_that_differs_is_told(models):
    assert models.in_use().name == "hashing:64" and models.in_use().notice is None
    assert models.in_use("hashing:32").name == "hashing:32", "a setting rules where nothing was served by choice"
    models.fill(models.second)
    models.serve(models.second)

    in_use = models.in_use()
    assert in_use.name == "hashing:32"
    assert "RESUME_EMBEDDING_MODEL" in in_use.notice and "models serve hashing:64" in in_use.notice
    models.pipeline.embedder = models.second
    models.pipeline.write("new.md", "# New\n\nSomething new.\n")
    models.pipeline.run()
    assert models.live().generation == 3 and models.in_use().name == "hashing:32"

    models.pipeline.roll_back(1)
    assert models.in_use().name == "hashing:64" and models.in_use().notice is None


def test_serving_what_is_served_already_makes_no_generation(models):
    assert models.serve(models.first).served is False
    models.fill(models.second)
    models.serve(models.second)
    assert models.serve(models.second).served is False
    assert models.states() == {1: "superseded", 2: "live"}


def test_serving_after_a_rollback_shows_the_rolled_back_documents_and_keeps_what_was_withdrawn_back(models):
    pipeline = models.pipeline
    original = pipeline.live_text()
    pipeline.write("note-0.md", "# Note 0\n\nRewritten by mistake.\n")
    (pipeline.content / "note-1.md").unlink()
    pipeline.write("note-3.md", "# Note 3\n\nAdded by mistake.\n")
    pipeline.run(confirm_deletions=True)
    pipeline.roll_back()
    assert pipeline.live_text() == original

    models.fill(models.second)
    models.serve(models.second)

    assert pipeline.live_text() == original and models.live().generation == 3
    assert {hit.path for hit in models.search("planner cursor").hits} <= {"note-0.md", "note-1.md", "note-2.md"}
    pipeline.embedder = models.second
    held = pipeline.run(confirm_deletions=True)
    assert not held.published.published and "rolled back" in held.published.reason
    assert pipeline.live_text() == original
    pipeline.roll_back(1)
    assert pipeline.live_text() == original
    pipeline.roll_back(3)

    forward = pipeline.publish_forward()

    assert forward.published and pipeline.live_paths() == {"note-0.md", "note-2.md", "note-3.md"}
    assert "by mistake" in pipeline.live_text()
    pipeline.roll_back()
    assert pipeline.live_text() == original and models.live().generation == 3


def test_the_live_model_is_not_removed_and_one_that_earlier_generations_need_only_on_confirmation(models):
    models.fill(models.second)
    with pytest.raises(EmbeddingError, match="live generation"):
        remove_model(models.sessions, "hashing:64")
    models.serve(models.second)
    with pytest.raises(EmbeddingError, match="--yes"):
        remove_model(models.sessions, "hashing:64")

    assert remove_model(models.sessions, "hashing:64", confirmed=True) == [1]

    assert set(models.reports()) == {"hashing:32"}
    assert models.pipeline.rows("SELECT to_regclass('chunk_embeddings_m1')") == [(None,)]
    assert models.search("planner cursor").hits
    assert models.states() == {1: "superseded", 2: "live"}
    for target in (None, 1):
        with pytest.raises(UnknownGenerationError):
            models.pipeline.roll_back(target)
    assert models.fill(models.first).embeddings.sent == models.live().chunks, "a removed model begins anew"


def test_a_model_that_nothing_needs_is_removed_without_confirmation(models):
    models.fill(models.second)
    assert remove_model(models.sessions, "hashing:32") == []
    with pytest.raises(EmbeddingError, match="no model hashing:32"):
        remove_model(models.sessions, "hashing:32")


def test_models_are_described_with_what_each_lacks(models):
    add_model(models.sessions, models.second)
    reports = models.reports()
    assert reports["hashing:64"].live and reports["hashing:64"].generations == [1]
    assert reports["hashing:64"].chunks_with_vector == reports["hashing:64"].chunks == models.live().chunks
    assert (reports["hashing:32"].chunks_with_vector, reports["hashing:32"].index) == (0, "none")
    assert CANARY_TEXT not in models.second.inputs
