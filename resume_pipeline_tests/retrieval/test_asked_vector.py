"""A question whose model does not answer is searched by its words and says so; the model is left alone for a while."""

import re
from dataclasses import replace

import pytest

from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.embedding.remote import RemoteOptions
from resume_pipeline.errors import EmbeddingAccessError, EmbeddingUnavailableError
from resume_pipeline.evaluation.remembered import remembering
from resume_pipeline.retrieval import asked_vector
from resume_pipeline.retrieval.asked_vector import ModelMemory
from resume_pipeline.retrieval.retriever import Retriever

MODEL = "openai:text-embedding-3-small"
REFUSED = {"kind": "status", "status": 401}
BROKEN = {"kind": "status", "status": 503}


@pytest.fixture
def remote(pipeline, openai_server, tmp_path):
    """A published folder by a remote model that gives up soon."""
    options = RemoteOptions(
        api_key=openai_server.key,
        base_url=openai_server.url,
        pace_file=tmp_path / "pace.sqlite3",
        retry_seconds=0.3,
        backoff_seconds=0.01,
    )
    pipeline.embedder = load_embedder(MODEL, options)
    pipeline.write("clusters.md", "# Clusters\n\nThree regions, upgraded twice a year.\n")
    pipeline.write("databases.md", "# Databases\n\nReplication with logical slots, and what broke.\n")
    pipeline.run()
    return pipeline


@pytest.fixture
def retriever(remote) -> Retriever:
    """Its searches, the first of them done: the model is known."""
    made = remote.retriever
    assert made.search("logical replication").notice is None
    return made


def requests(server) -> int:
    return sum(server.state()["requests"].values())


@pytest.mark.parametrize("fault", [REFUSED, BROKEN])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_hybrid_search_goes_on_by_words_and_says_why(remote, retriever, openai_server, fault, is_first):
    by_words = retriever.search("logical replication", mode="lexical")
    openai_server.fault(fault)

    result = replace(retriever, memory=ModelMemory() if is_first else retriever.memory).search("logical replication")

    assert result.hits == by_words.hits
    assert result.hits[0].path == "databases.md"
    assert result.notice is not None and MODEL in result.notice
    assert result.cause and openai_server.key not in result.notice + result.cause
    assert not re.search(r"https?://", result.notice)


@pytest.mark.parametrize(("fault", "error"), [(REFUSED, EmbeddingAccessError), (BROKEN, EmbeddingUnavailableError)])
def test_a_search_by_vectors_and_a_measured_one_fail(retriever, openai_server, fault, error):
    openai_server.fault(fault)

    with pytest.raises(error):
        retriever.search("logical replication", mode="vector")
    with pytest.raises(error):
        remembering(retriever, ["logical replication"]).search("logical replication")


def test_it_is_left_alone_for_a_while(retriever, openai_server):
    openai_server.fault(BROKEN)
    assert retriever.search("upgrades").notice
    asked = requests(openai_server)

    assert retriever.search("upgrades").notice
    assert requests(openai_server) == asked


def test_after_that_while_it_is_asked_again_and_answers(retriever, openai_server, monkeypatch):
    monkeypatch.setattr(asked_vector, "SILENT_SECONDS", 0.0)
    openai_server.fault(BROKEN)
    assert retriever.search("upgrades").notice

    openai_server.fault()
    result = retriever.search("upgrades")

    assert result.notice is None
    assert result.hits[0].vector_score is not None


def test_a_remote_model_is_asked_before_a_connection_is_taken(remote, retriever):
    taken = []
    embed = remote.embedder.embed

    class Watching:
        name, dimensions = remote.embedder.name, remote.embedder.dimensions

        def embed(self, inputs):
            taken.append(remote.engine.pool.checkedout())
            return embed(inputs)

    replace(retriever, load_embedder=lambda _: Watching()).search("upgrades")

    assert taken == [0]
