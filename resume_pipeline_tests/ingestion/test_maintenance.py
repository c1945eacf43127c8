"""Retention: what no kept generation shows goes, and nothing else."""

import pytest
from sqlalchemy import text

from resume_pipeline.errors import UnknownGenerationError
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.maintenance import Retention, maintain
from resume_pipeline.ingestion.publishing import roll_back
from resume_pipeline.ingestion.writing import stepping, writing
from resume_pipeline.storage.generations import list_generations
from resume_pipeline_tests.pipeline import long_text

COUNTED = ("documents", "document_chunks", "chunk_occurrences", "chunk_embeddings", "lexical_chunks")


def counts(pipeline) -> dict[str, int]:
    with pipeline.engine.connect() as connection:
        return {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in COUNTED}


def age(pipeline, days: int) -> None:
    """Let everything that is there have happened so many days earlier."""
    with pipeline.engine.begin() as connection:
        moved = {"days": days}
        connection.execute(
            text("UPDATE generations SET published_at = published_at - make_interval(days => :days)"), moved
        )
        connection.execute(text("UPDATE documents SET created_at = created_at - make_interval(days => :days)"), moved)


def kept(pipeline, generations: int, days: int):
    return maintain(pipeline.sessions, pipeline.engine, Retention(generations, days))


def record(pipeline) -> None:
    with writing(pipeline.engine, timeout_seconds=10) as sessions:
        record_documents(sessions, pipeline.root, max_loss_share=0.25)


def numbers(pipeline) -> list[int]:
    with pipeline.sessions() as session:
        return [record.generation for record in list_generations(session)]


def live_texts(pipeline) -> list[str]:
    return sorted(chunk.text for chunk in pipeline.live())


@pytest.fixture
def edited(pipeline):
    """Five generations: one file stays, one is rewritten each time."""
    pipeline.write("stays.md", f"# Stays\n\n{long_text(20, seed='stays')}")
    for step in range(5):
        pipeline.write("changes.md", f"# Changes\n\n{long_text(20, seed=str(step))}")
        pipeline.run()
    return pipeline


def test_what_only_forgotten_generations_show_is_deleted_and_the_live_one_stays_as_it_is(edited):
    age(edited, 40)
    before, texts = counts(edited), live_texts(edited)

    report = kept(edited, 2, 30)

    after = counts(edited)
    assert report.generations == [1, 2, 3]
    assert numbers(edited) == [5, 4]
    assert live_texts(edited) == texts
    assert report.documents == 3
    assert before["documents"] - after["documents"] == 3
    assert report.chunks == before["document_chunks"] - after["document_chunks"] > 0
    assert report.vectors == before["chunk_embeddings"] - after["chunk_embeddings"] == report.chunks
    assert after["lexical_chunks"] == after["document_chunks"]


def test_a_rollback_stays_possible_to_what_is_kept_and_to_nothing_else(edited):
    age(edited, 40)
    kept(edited, 2, 30)

    with stepping(edited.engine) as sessions, pytest.raises(UnknownGenerationError, match="there are 4, 5"):
        roll_back(sessions, 2)
    with stepping(edited.engine) as sessions:
        assert roll_back(sessions)[1].generation == 4
    assert edited.search(long_text(20, seed="3")[:60], mode="lexical")[0].path == "changes.md"


def test_generations_younger_than_the_days_are_kept_however_many_they_are(edited):
    before = counts(edited)

    report = kept(edited, 1, 30)

    assert (report.generations, report.documents, report.chunks) == ([], 0, 0)
    assert counts(edited) == before


def test_what_a_rollback_withdrew_is_kept_and_still_held(edited):
    with stepping(edited.engine) as sessions:
        roll_back(sessions, 2)
    age(edited, 40)

    report = kept(edited, 1, 30)

    assert report.generations == [1]
    assert numbers(edited) == [5, 4, 3, 2]
    assert not edited.run().published.published


def test_versions_that_were_never_published_go_after_the_days_unless_they_are_wanted(edited):
    edited.write("changes.md", f"# Changes\n\n{long_text(20, seed='unpublished')}")
    record(edited)
    age(edited, 40)
    edited.write("changes.md", f"# Changes\n\n{long_text(20, seed='wanted')}")
    record(edited)

    report = kept(edited, 10, 30)

    assert report.documents == 1
    assert edited.run().published.published


def test_what_was_deleted_and_is_written_again_is_embedded_again_and_found(edited):
    age(edited, 40)
    kept(edited, 1, 30)
    edited.embedder.inputs.clear()

    edited.write("changes.md", f"# Changes\n\n{long_text(20, seed='0')}")
    run = edited.run()

    assert run.published.published
    assert len(edited.embedder.inputs) == run.embeddings.sent > 0
    assert edited.search(long_text(20, seed="0")[:60], mode="lexical")[0].path == "changes.md"


def test_the_lexical_index_forgets_words_that_no_chunk_has_any_more(edited):
    edited.write("changes.md", "# Changes\n\nThe zyxwvut cursor.")
    edited.run()
    edited.write("changes.md", "# Changes\n\nThe plain cursor.")
    edited.run()
    age(edited, 40)

    report = kept(edited, 1, 30)

    assert report.segments_rewritten > 0
    with edited.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM lexicon WHERE lexeme = 'zyxwvut'")) == 0
        assert connection.scalar(text("SELECT count(*) FROM lexicon_words WHERE word = 'zyxwvut'")) == 0


def test_a_worn_vector_index_is_made_anew_and_finds_what_it_did(edited):
    edited.index_kind = "hnsw"
    edited.write("more.md", f"# More\n\n{long_text(40, seed='more')}")
    edited.run()
    age(edited, 40)
    question = long_text(20, seed="stays")[:80]
    found = [hit.content for hit in edited.search(question, mode="vector")]

    report = kept(edited, 1, 30)

    assert len(report.indexes_rebuilt) == 1
    assert [hit.content for hit in edited.search(question, mode="vector")] == found


def test_a_second_maintenance_finds_nothing_to_do(edited):
    age(edited, 40)
    kept(edited, 2, 30)

    report = kept(edited, 2, 30)

    assert (report.generations, report.documents, report.chunks, report.segments_rewritten) == ([], 0, 0, 0)
