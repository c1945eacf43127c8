"""What the pipeline promises, promise by promise (docs/architecture.md)."""

import pytest

from resume_pipeline.domain.documents import ChunkLimits
from resume_pipeline.errors import ContentLossError, ContentRootError
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline, long_text

TABLES = (
    "documents",
    "document_chunks",
    "chunk_occurrences",
    "chunk_embeddings",
    "generations",
    "source_files",
    "embedding_models",
)


def portfolio(pipeline: Pipeline, files: int = 6) -> None:
    for number in range(files):
        pipeline.write(
            f"jobs/job-{number}.md",
            f"---\ntitle: Engineer {number}\ncompany: Firm {number}\nstart_date: 201{number}-03\n---\n\n"
            f"# Work at firm {number}\n\n{long_text(8, seed=f'firm {number}')}\n",
        )


def row_versions(pipeline: Pipeline) -> dict[str, list[tuple[object, ...]]]:
    """The physical place and writer of every row: both differ when a row is rewritten."""
    return {table: pipeline.rows(f"SELECT ctid::text, xmin::text FROM {table} ORDER BY ctid") for table in TABLES}


def test_ingesting_unchanged_content_a_second_time_embeds_nothing_and_rewrites_no_row(pipeline, embedder):
    portfolio(pipeline)
    first = pipeline.run()
    before, sent = row_versions(pipeline), len(embedder.inputs)

    second = pipeline.run()

    assert first.published.published and first.published.generation == 1
    assert second.embeddings.sent == 0 and len(embedder.inputs) == sent
    assert second.chunks.new == 0
    assert not second.published.published and second.published.generation == 1
    assert row_versions(pipeline) == before


def test_editing_one_paragraph_sends_exactly_the_chunks_that_contain_it(pipeline, embedder):
    portfolio(pipeline)
    pipeline.run()
    file = pipeline.content / "jobs/job-3.md"
    file.write_text(file.read_text().replace("Paragraph 5 firm 3 says", "Paragraph five of firm three tells"))
    embedder.inputs.clear()

    run = pipeline.run()

    assert run.documents.files.changed == 1
    assert embedder.inputs, "the edit must be embedded"
    assert all("five of firm three tells" in given for given in embedder.inputs)
    assert run.embeddings.sent == len(embedder.inputs) == run.chunks.new
    assert run.published.published
    assert "five of firm three tells" in pipeline.live_text()
    assert "Paragraph 5 firm 3 says" not in pipeline.live_text()


def test_reverting_an_edit_sends_nothing(pipeline, embedder):
    portfolio(pipeline)
    pipeline.run()
    file = pipeline.content / "jobs/job-1.md"
    original = file.read_text()
    file.write_text(original.replace("Paragraph 2", "Paragraph two"))
    pipeline.run()
    embedder.inputs.clear()

    file.write_text(original)
    run = pipeline.run()

    assert embedder.inputs == [] and run.embeddings.sent == 0
    assert run.published.generation == 3
    assert "Paragraph two" not in pipeline.live_text()


def test_renaming_moving_and_copying_files_sends_nothing(pipeline, embedder):
    portfolio(pipeline)
    pipeline.run()
    embedder.inputs.clear()
    (pipeline.content / "jobs/job-0.md").rename(pipeline.content / "jobs/renamed.md")
    (pipeline.content / "jobs/job-1.md").rename(pipeline.content / "moved.md")
    pipeline.write("copy.md", (pipeline.content / "jobs/job-2.md").read_text())

    run = pipeline.run()

    files = run.documents.files
    assert (files.renamed, files.added, files.removed) == (2, 1, 0)
    assert embedder.inputs == []
    assert {"jobs/renamed.md", "moved.md", "copy.md"} <= pipeline.live_paths()
    assert not {"jobs/job-0.md", "jobs/job-1.md"} & pipeline.live_paths()


def test_swapping_the_contents_of_two_files_sends_nothing(pipeline, embedder):
    portfolio(pipeline)
    pipeline.run()
    embedder.inputs.clear()
    one, other = pipeline.content / "jobs/job-0.md", pipeline.content / "jobs/job-1.md"
    text_of_one, text_of_other = one.read_text(), other.read_text()
    one.write_text(text_of_other)
    other.write_text(text_of_one)

    pipeline.run()

    assert embedder.inputs == []
    texts = {chunk.path: chunk.text for chunk in pipeline.live() if "Firm" in chunk.text}
    assert "Firm 1" in texts["jobs/job-0.md"] and "Firm 0" in texts["jobs/job-1.md"]


def test_front_matter_outside_every_embedding_input_costs_nothing(pipeline, embedder):
    portfolio(pipeline)
    pipeline.run()
    embedder.inputs.clear()
    file = pipeline.content / "jobs/job-2.md"
    file.write_text(file.read_text().replace("title:", "layout: wide\nweight: 4\ntitle:"))

    run = pipeline.run()

    assert run.documents.files.changed == 1
    assert embedder.inputs == []


def test_a_deleted_file_is_gone_after_the_publish_and_back_after_a_rollback(pipeline, embedder):
    portfolio(pipeline)
    pipeline.run()
    (pipeline.content / "jobs/job-4.md").unlink()

    run = pipeline.run()

    assert run.documents.files.removed == 1
    assert "jobs/job-4.md" not in pipeline.live_paths()
    sent = len(embedder.inputs)
    assert pipeline.roll_back() == 1
    assert "jobs/job-4.md" in pipeline.live_paths()
    assert len(embedder.inputs) == sent


def test_a_rollback_holds_until_the_content_changes_or_someone_publishes(pipeline):
    portfolio(pipeline)
    pipeline.run()
    pipeline.write("jobs/job-5.md", "# Firm 5\n\nA mistake that nobody should see.\n")
    pipeline.run()
    pipeline.roll_back()

    held = pipeline.run()

    assert not held.published.published and held.published.generation == 1
    assert "rolled back" in held.published.reason and "resume-pipeline publish" in held.published.reason
    assert "A mistake" not in pipeline.live_text()

    pipeline.write("jobs/job-5.md", "# Firm 5\n\nThe mistake, mended.\n")
    changed = pipeline.run()
    assert changed.published.published and changed.published.generation == 3
    assert "mended" in pipeline.live_text()
    assert len(pipeline.live_paths()) == 6


def test_publishing_by_hand_goes_forward_over_a_rollback(pipeline):
    portfolio(pipeline)
    pipeline.run()
    pipeline.write("new.md", "# New\n\nSomething new.\n")
    pipeline.run()
    pipeline.roll_back()

    report = pipeline.publish_forward()

    assert report.published and report.generation == 3
    assert "new.md" in pipeline.live_paths()
    assert not pipeline.publish_forward().published


def test_content_reverted_after_a_rollback_is_what_is_live_already(pipeline):
    portfolio(pipeline)
    pipeline.run()
    file = pipeline.content / "jobs/job-0.md"
    original = file.read_text()
    file.write_text(original.replace("Paragraph 1", "Paragraph one"))
    pipeline.run()
    pipeline.roll_back()
    file.write_text(original)

    same = pipeline.run()
    assert not same.published.published and same.published.generation == 1

    file.write_text(original.replace("Paragraph 2", "Paragraph two"))
    later = pipeline.run()
    assert later.published.generation == 3
    text = pipeline.live_text()
    assert "Paragraph two" in text and "Paragraph one" not in text
    assert len(pipeline.live_paths()) == 6


@pytest.mark.parametrize("what", ["missing", "a file"])
def test_a_content_root_that_is_no_folder_deletes_nothing(pipeline, what):
    portfolio(pipeline)
    pipeline.run()
    before = pipeline.live()
    pipeline.content.rename(pipeline.content.with_name("elsewhere"))
    if what == "a file":
        pipeline.content.write_text("not a folder")

    with pytest.raises(ContentRootError, match="content"):
        pipeline.run()

    assert pipeline.live() == before


def test_an_emptied_content_root_deletes_nothing_until_it_is_confirmed(pipeline):
    portfolio(pipeline)
    pipeline.run()
    before = pipeline.live()
    for file in pipeline.content.rglob("*.md"):
        file.unlink()

    with pytest.raises(ContentLossError, match="--yes"):
        pipeline.run()
    assert pipeline.live() == before
    with pytest.raises(ContentLossError):
        pipeline.plan()

    run = pipeline.run(confirm_deletions=True)
    assert run.published.published and pipeline.live() == []
    pipeline.roll_back()
    assert pipeline.live() == before


def test_losing_more_than_a_quarter_at_once_is_held_but_a_renamed_folder_is_no_loss(pipeline):
    portfolio(pipeline)
    pipeline.run()
    (pipeline.content / "jobs").rename(pipeline.content / "work")
    assert pipeline.run().documents.files.renamed == 6

    for number in (0, 1, 2):
        (pipeline.content / f"work/job-{number}.md").unlink()
    with pytest.raises(ContentLossError, match="3 of 6"):
        pipeline.run()
    assert len(pipeline.live_paths()) == 6


def test_a_file_that_can_no_longer_be_read_as_text_keeps_its_last_good_version(pipeline):
    portfolio(pipeline)
    pipeline.run()
    (pipeline.content / "jobs/job-2.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    pipeline.write("jobs/job-3.md", "# Firm 3\n\nWritten anew.\n")

    run = pipeline.run()

    assert [note.path for note in run.documents.errors] == ["jobs/job-2.md"]
    assert "Paragraph 5 firm 2" in pipeline.live_text()
    assert "Written anew" in pipeline.live_text()
    again = pipeline.run()
    assert [note.path for note in again.documents.errors] == ["jobs/job-2.md"]
    assert again.documents.files.changed == 0


def test_drafts_and_private_files_are_never_embedded_and_a_document_made_private_disappears(pipeline, embedder):
    portfolio(pipeline, files=4)
    pipeline.write("draft.md", "---\ndraft: true\n---\n\nSecret plans.\n")
    pipeline.write("unpublished.md", "---\npublished: false\n---\n\nSecret numbers.\n")
    pipeline.write("private.md", "---\nvisibility: private\n---\n\nSecret names.\n")

    run = pipeline.run()

    assert {note.path for note in run.documents.skipped} == {"draft.md", "unpublished.md", "private.md"}
    assert not any("Secret" in given for given in embedder.inputs)
    assert pipeline.rows("SELECT count(*) FROM document_chunks WHERE content LIKE '%Secret%'") == [(0,)]

    file = pipeline.content / "jobs/job-1.md"
    file.write_text(file.read_text().replace("title:", "draft: true\ntitle:"))
    pipeline.run()
    assert "jobs/job-1.md" not in pipeline.live_paths()


def test_another_chunk_size_cuts_everything_anew_and_going_back_sends_nothing(pipeline, embedder):
    portfolio(pipeline, files=3)
    pipeline.run()
    pipeline.limits = ChunkLimits(target_tokens=120, max_tokens=200)
    smaller = pipeline.run()
    assert smaller.published.generation == 2
    assert max(chunk.tokens for chunk in pipeline.live()) <= 200
    embedder.inputs.clear()

    pipeline.limits = ChunkLimits()
    assert pipeline.run().published.generation == 3
    assert embedder.inputs == []


def test_the_plan_is_what_the_run_does(pipeline, embedder):
    def hold_plan_against_run() -> None:
        plan = pipeline.plan()
        sent_before = len(embedder.inputs)
        run = pipeline.run()
        assert plan.files == run.documents.files
        assert (plan.chunks_total, plan.chunks_new) == (run.chunks.total, run.chunks.new)
        assert (plan.embeddings.sent, plan.embeddings.tokens, plan.embeddings.reused, plan.embeddings.cost_usd) == (
            run.embeddings.sent,
            run.embeddings.tokens,
            run.embeddings.reused,
            run.embeddings.cost_usd,
        )
        assert plan.embeddings.sent == len(embedder.inputs) - sent_before
        assert plan.nothing_to_do == (not run.published.published)

    portfolio(pipeline)
    pipeline.write("draft.md", "---\ndraft: true\n---\nno\n")
    hold_plan_against_run()
    hold_plan_against_run()
    file = pipeline.content / "jobs/job-3.md"
    file.write_text(file.read_text().replace("Paragraph 5", "Paragraph five"))
    (pipeline.content / "jobs/job-1.md").rename(pipeline.content / "jobs/job-one.md")
    (pipeline.content / "jobs/job-0.md").unlink()
    pipeline.write("copy.md", (pipeline.content / "jobs/job-2.md").read_text())
    pipeline.write("new.md", "# New\n\n" + long_text(12, seed="new"))
    hold_plan_against_run()
    hold_plan_against_run()
    pipeline.roll_back()
    hold_plan_against_run()


def test_a_plan_over_a_database_without_a_schema_writes_nothing(empty_engine, content, embedder):
    pipeline = Pipeline(empty_engine, content, embedder)
    portfolio(pipeline, files=3)

    plan = pipeline.plan()

    assert plan.files.added == 3 and plan.embeddings.sent == plan.chunks_new == plan.chunks_total > 3
    assert not plan.nothing_to_do
    assert pipeline.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    assert embedder.inputs == []


def test_documents_without_vectors_block_the_publish_and_the_live_generation_stays(pipeline, embedder):
    from resume_pipeline.errors import EmbeddingError

    class Broken(CountingEmbedder):
        def embed(self, inputs):
            if any("broken" in given for given in inputs):
                raise EmbeddingError("the model does not answer")
            return super().embed(inputs)

    portfolio(pipeline)
    pipeline.run()
    before = pipeline.live()
    pipeline.write("jobs/job-9.md", "# Nine\n\nThis input is broken.\n")
    pipeline.embedder = Broken()

    with pytest.raises(EmbeddingError):
        pipeline.run()
    assert pipeline.live() == before

    pipeline.embedder = CountingEmbedder()
    assert pipeline.run().embeddings.sent == 1
    assert "jobs/job-9.md" in pipeline.live_paths()
