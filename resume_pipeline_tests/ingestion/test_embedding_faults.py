"""The embeddings stage over an `openai:` model: full requests, faults outlasted, refused inputs set aside."""

import pytest

from resume_pipeline.embedding.openai_api import RemoteOptions
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.errors import EmbeddingAccessError, EmbeddingDeadlineError, EmbeddingUnavailableError
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline_tests.pipeline import CountingEmbedder, Pipeline, long_text

POISON = "The word xyzzypoison stands here."
REFUSAL = {"kind": "status", "status": 400, "message": "We do not accept this content.", "contains": "xyzzypoison"}
RANDOM_FAULTS = [
    {"kind": "status", "status": 500, "probability": 0.04, "min_inputs": 2},
    {"kind": "rate_limit", "seconds": 0.02, "probability": 0.04, "min_inputs": 2},
    {"kind": "drop_before", "probability": 0.04, "min_inputs": 2},
    {"kind": "drop_after", "probability": 0.04, "min_inputs": 2},
    {"kind": "truncate", "probability": 0.02, "min_inputs": 2},
    {"kind": "nan", "probability": 0.02, "min_inputs": 2},
    {"kind": "reorder", "probability": 0.1, "min_inputs": 2},
]


@pytest.fixture
def remote(engine, content, openai_server, tmp_path):
    """Makes a pipeline over an ``openai:`` model that tries again at once."""

    def make(name: str = "openai:text-embedding-3-small@256", **options: object) -> Pipeline:
        given = {
            "api_key": openai_server.key,
            "base_url": openai_server.url,
            "pace_file": tmp_path / "pace.sqlite3",
            "retry_seconds": 20.0,
            "backoff_seconds": 0.01,
        }
        return Pipeline(engine, content, load_embedder(name, RemoteOptions(**{**given, **options})))

    return make


def portfolio(pipeline: Pipeline, files: int = 12) -> None:
    for number in range(files):
        pipeline.write(f"job-{number:02}.md", f"# Job {number}\n\n{long_text(10, seed=f'firm {number}')}\n")


def needed(pipeline: Pipeline) -> set[str]:
    rows = pipeline.rows("SELECT DISTINCT encode(input_hash, 'hex') FROM document_chunks")
    return {row[0] for row in rows}


def stored(pipeline: Pipeline) -> set[str]:
    rows = pipeline.rows(
        "SELECT DISTINCT encode(c.input_hash, 'hex') FROM chunk_embeddings JOIN document_chunks c USING (chunk_id)"
    )
    return {row[0] for row in rows}


def test_all_inputs_go_in_one_full_request_each_once_and_retrieval_works(remote, openai_server):
    pipeline = remote()
    portfolio(pipeline)
    pipeline.write("bread.md", "# Bread\n\nShe bakes sourdough loaves at home and sells them on Saturdays.\n")

    run = pipeline.run()

    state = openai_server.state()
    assert set(openai_server.inputs()) == needed(pipeline) == stored(pipeline)
    assert state["asked"]["inputs"] == run.embeddings.sent == len(needed(pipeline))
    assert run.embeddings.requests == 1
    assert run.embeddings.tokens == run.embeddings.planned_tokens
    assert pipeline.search("who makes loaves?", mode="vector")[0].path == "bread.md"


@pytest.mark.parametrize("name", ["openai:text-embedding-3-large", "openai:text-embedding-3-large@2048"])
def test_a_model_of_more_than_2000_dimensions_is_stored_indexed_on_halfvec_and_searched(remote, name):
    pipeline = remote(name)
    pipeline.index_kind = "hnsw"
    portfolio(pipeline)
    pipeline.write("bread.md", "# Bread\n\nShe bakes sourdough loaves at home and sells them on Saturdays.\n")

    run = pipeline.run()

    assert (run.index.kind, run.index.used_by_search) == ("hnsw", True)
    assert run.index.recall_at_10 >= 0.95
    assert pipeline.rows("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%hnsw%halfvec%'")
    assert pipeline.search("who makes loaves?", mode="vector")[0].path == "bread.md"


def test_vectors_too_long_for_any_index_are_searched_exactly(remote):
    pipeline = Pipeline(remote().engine, remote().content, CountingEmbedder(4096), index_kind="hnsw")
    portfolio(pipeline)

    run = pipeline.run()

    assert (run.index.kind, run.index.used_by_search) == ("exact", True)
    assert pipeline.search("Paragraph 3 firm 7 says", mode="vector")


def test_with_a_fifth_of_the_requests_failing_everything_is_embedded_and_no_answer_is_asked_for_twice(
    remote, openai_server
):
    openai_server.configure(max_inputs=4, latency_seconds=0.01)
    openai_server.fault(*RANDOM_FAULTS)
    pipeline = remote()
    portfolio(pipeline, 40)

    run = pipeline.run()

    state = openai_server.state()
    assert run.published.published
    assert stored(pipeline) == needed(pipeline)
    assert sum(state["faults"].values()) >= 8, "too few faults to prove anything"
    assert state["answered"]["distinct"] == run.embeddings.sent
    assert state["answered_twice"] == 0
    assert state["max_in_flight"] > 1


def test_a_server_that_takes_fewer_inputs_is_asked_for_as_many_as_it_takes(remote, openai_server):
    openai_server.configure(max_inputs=8)
    pipeline = remote()
    portfolio(pipeline)

    run = pipeline.run()

    assert run.embeddings.errors == []
    assert run.embeddings.sent == len(needed(pipeline)) > 16
    assert openai_server.state()["asked"]["inputs"] == run.embeddings.sent


@pytest.mark.parametrize("fault", [{"kind": "timeout", "seconds": 1}, {"kind": "drop_before"}], ids=["slow", "drops"])
def test_a_server_that_does_not_manage_large_requests_gets_smaller_ones(remote, openai_server, fault):
    openai_server.fault({**fault, "min_inputs": 10})
    pipeline = remote(timeout_seconds=0.5)
    portfolio(pipeline)

    run = pipeline.run()

    assert run.embeddings.errors == []
    assert run.embeddings.sent == len(needed(pipeline)) > 16


@pytest.mark.parametrize("fault", [REFUSAL, {**REFUSAL, "status": 500}], ids=["400", "500"])
def test_a_refused_input_is_found_and_named_its_neighbours_go_on_and_its_document_stays_as_it_was(
    remote, openai_server, fault
):
    pipeline = remote()
    portfolio(pipeline)
    pipeline.run()
    openai_server.fault(fault)
    body = long_text(10, seed="firm 3").replace("Paragraph 9", f"{POISON}\n\nParagraph 9")
    pipeline.write("job-03.md", f"# Job 3\n\n{body}\n")
    pipeline.write("job-04.md", f"# Job 4\n\nAnother text about job 4.\n\n{long_text(9, seed='firm 44')}\n")
    pipeline.write("new.md", f"# New\n\n{long_text(6, seed='new')}\n")

    run = pipeline.run()

    (error,) = run.embeddings.errors
    assert error.path == "job-03.md" and error.line > 3
    assert "cannot be embedded" in error.reason and "last good version stays" in error.reason
    assert run.published.published and run.published.kept_back == 1
    live = pipeline.live_text()
    assert "Another text about job 4" in live and "xyzzypoison" not in live
    assert "Paragraph 9 firm 3 says" in live
    assert {"job-03.md", "new.md"} <= pipeline.live_paths()
    assert openai_server.state()["answered_twice"] == 0


def test_a_document_that_was_set_aside_is_not_sent_again_until_something_changes(remote, openai_server):
    pipeline = remote()
    portfolio(pipeline)
    pipeline.write("bad.md", f"# Bad\n\n{POISON}\n")
    openai_server.fault(REFUSAL)
    first = pipeline.run()
    assert [error.path for error in first.embeddings.errors] == ["bad.md"]
    assert first.published.published and "bad.md" not in pipeline.live_paths()
    requests = openai_server.state()["asked"]["inputs"]

    second = pipeline.run()

    assert openai_server.state()["asked"]["inputs"] == requests
    assert [error.path for error in second.documents.errors] == ["bad.md"]
    assert not second.published.published


def test_a_document_that_was_set_aside_is_embedded_when_a_day_has_passed(remote, openai_server):
    pipeline = remote()
    portfolio(pipeline)
    pipeline.write("bad.md", f"# Bad\n\n{POISON}\n")
    openai_server.fault(REFUSAL)
    pipeline.run()
    openai_server.fault()
    with pipeline.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE source_files SET error = jsonb_set(error, '{at}', to_jsonb(now() - interval '25 hours')) "
            "WHERE error IS NOT NULL"
        )

    run = pipeline.run()

    assert run.embeddings.sent == 1 and run.embeddings.errors == []
    assert "xyzzypoison" in pipeline.live_text()


def test_another_model_gets_what_the_first_refused(remote, openai_server, embedder):
    pipeline = remote()
    portfolio(pipeline)
    pipeline.write("bad.md", f"# Bad\n\n{POISON}\n")
    openai_server.fault(REFUSAL)
    pipeline.run()
    pipeline.embedder = embedder

    run = pipeline.run()

    assert run.embeddings.errors == []
    assert "bad.md" in pipeline.live_paths()


def test_an_input_that_another_model_refuses_of_a_live_document_takes_it_out_and_says_so(
    remote, openai_server, embedder
):
    first = Pipeline(remote().engine, remote().content, embedder)
    portfolio(first, 20)
    first.write("bad.md", f"# Bad\n\n{POISON}\n")
    first.run()
    openai_server.fault(REFUSAL)
    second = remote()

    run = second.run()

    assert [error.path for error in run.embeddings.errors] == ["bad.md"]
    assert run.published.published
    assert second.live_paths() == {f"job-{number:02}.md" for number in range(20)}


def test_an_input_over_the_models_limit_is_never_sent_and_names_its_document(remote, openai_server):
    pipeline = remote(max_input_tokens=200)
    for number in range(12):
        pipeline.write(f"short-{number}.md", f"# Short {number}\n\nA short text about release {number}.\n")
    pipeline.write("long.md", f"# Long\n\n{long_text(1)} {'many more words ' * 80}\n")

    run = pipeline.run()

    (error,) = run.embeddings.errors
    assert error.path == "long.md" and "takes 200" in error.reason and "RESUME_CHUNK_MAX_TOKENS" in error.reason
    assert run.published.published and len(pipeline.live_paths()) == 12
    assert set(openai_server.inputs()) == stored(pipeline)


def test_filling_for_a_generation_only_reports_a_refused_input(remote, openai_server, embedder):
    pipeline = Pipeline(remote().engine, remote().content, embedder)
    portfolio(pipeline)
    pipeline.write("bad.md", f"# Bad\n\n{POISON}\n")
    pipeline.run()
    openai_server.fault(REFUSAL)

    report = embed_chunks(pipeline.sessions, remote().embedder, also_of=1)

    assert [error.path for error in report.errors] == ["bad.md"]
    assert report.sent == len(needed(pipeline)) - 1
    assert pipeline.rows("SELECT count(*) FROM source_files WHERE error IS NOT NULL") == [(0,)]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "quota"}, EmbeddingAccessError),
        ({"kind": "status", "status": 503}, EmbeddingUnavailableError),
    ],
    ids=["quota", "outage"],
)
def test_what_was_answered_before_the_provider_failed_is_kept_and_the_next_run_sends_the_rest(
    remote, openai_server, fault, error
):
    openai_server.configure(max_inputs=2, latency_seconds=0.02)
    pipeline = remote(retry_seconds=1.0)
    portfolio(pipeline)
    openai_server.fault({**fault, "after": 12})

    with pytest.raises(error):
        pipeline.run()

    kept = stored(pipeline)
    assert 0 < len(kept) < len(needed(pipeline))
    answered = {key for key, times in openai_server.inputs().items() if times["answered"]}
    assert kept == answered
    openai_server.fault()
    run = pipeline.run()
    assert run.embeddings.sent == len(needed(pipeline)) - len(kept)
    assert openai_server.state()["answered_twice"] == 0


def test_a_deadline_ends_the_stage_and_the_next_run_goes_on(remote, openai_server):
    openai_server.configure(max_inputs=2, latency_seconds=0.3)
    pipeline = remote(concurrency=1)
    portfolio(pipeline)
    with pytest.raises(EmbeddingDeadlineError, match="RESUME_EMBEDDING_DEADLINE_SECONDS"):
        pipeline.run(deadline_seconds=1.5)
    kept = stored(pipeline)
    openai_server.configure(max_inputs=2048, latency_seconds=0)

    run = pipeline.run()

    assert run.embeddings.sent == len(needed(pipeline)) - len(kept)
    assert openai_server.state()["answered_twice"] == 0


def test_pages_of_pending_inputs_join_without_gap_or_overlap(remote, openai_server, monkeypatch):
    monkeypatch.setattr("resume_pipeline.ingestion.embeddings.PAGE_INPUTS", 7)
    pipeline = remote()
    portfolio(pipeline)

    run = pipeline.run()

    assert run.embeddings.sent == len(needed(pipeline)) > 14
    assert openai_server.state()["asked"]["inputs"] == run.embeddings.sent
