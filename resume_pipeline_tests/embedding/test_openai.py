"""``openai:`` models against the OpenAI-compatible server: vectors, faults, refusals, and a key that never shows."""

import threading
import traceback

import numpy as np
import pytest

from resume_pipeline.embedding.base import CANARY_TEXT, RemoteEmbedder
from resume_pipeline.embedding.openai_answers import redacted
from resume_pipeline.embedding.openai_api import OpenAIEmbedder, RemoteOptions
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.embedding.throttle import Patience
from resume_pipeline.errors import (
    ConfigurationError,
    EmbeddingAccessError,
    EmbeddingError,
    EmbeddingInputError,
    EmbeddingUnavailableError,
)

TEXTS = ["Ran the migration in Kraków", "A poison pill", "He bakes bread on Sundays"]
WRONG_KEY = "sk-proj-Zx81QwErTyUiOpLkJhGf-5nM2"


@pytest.fixture
def remote(openai_server, tmp_path):
    """Makes a model that tries again at once, for up to 20 seconds."""

    def make(name: str = "openai:text-embedding-3-small", **options: object) -> OpenAIEmbedder:
        given = {
            "api_key": openai_server.key,
            "base_url": openai_server.url,
            "pace_file": tmp_path / "pace.sqlite3",
            "timeout_seconds": 10.0,
            "retry_seconds": 20.0,
            "backoff_seconds": 0.01,
        }
        model = load_embedder(name, RemoteOptions(**{**given, **options}))
        assert isinstance(model, OpenAIEmbedder)
        return model

    return make


def send(model: RemoteEmbedder, texts: list[str] = TEXTS, seconds: float = 20) -> np.ndarray:
    return model.embed_within(texts, Patience.of(seconds))


def cosines(vectors: np.ndarray) -> np.ndarray:
    return vectors @ vectors.T


@pytest.mark.parametrize(
    ("name", "dimensions"),
    [
        ("openai:text-embedding-3-small", 1536),
        ("openai:text-embedding-3-large", 3072),
        ("openai:text-embedding-3-small@512", 512),
        ("openai:text-embedding-3-large@1024", 1024),
        ("openai:text-embedding-ada-002", 1536),
        ("openai:other-model", 384),
    ],
)
def test_a_model_gives_vectors_of_its_dimensions_in_the_order_of_the_inputs(remote, name, dimensions):
    model = remote(name)

    vectors = model.embed(TEXTS)

    assert (model.name, model.dimensions) == (name, dimensions)
    assert vectors.shape == (3, dimensions) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(cosines(vectors), cosines(load_embedder("local:wordllama-256").embed(TEXTS)), atol=1e-4)


def test_the_dimensions_of_an_unknown_model_are_found_by_one_probe(remote, openai_server):
    model = remote("openai:other-model")
    assert [model.dimensions, model.dimensions] == [384, 384]

    state = openai_server.state()

    assert (state["canaries"], state["asked"]["inputs"], state["requests"]["embeddings"]) == (1, 0, 1)


def test_the_dimensions_of_a_known_model_need_no_request(remote, openai_server):
    assert remote().dimensions == 1536
    assert openai_server.state()["requests"] == {}


def test_no_input_is_no_request(remote, openai_server):
    assert remote().embed([]).shape == (0, 1536)
    assert openai_server.state()["requests"] == {}


def test_a_remote_model_is_known_by_what_it_can_do_and_a_local_one_too(remote):
    assert isinstance(remote(), RemoteEmbedder)
    assert not isinstance(load_embedder("hashing:64"), RemoteEmbedder)


def test_a_request_is_at_most_half_of_what_the_account_may_send_in_a_minute(remote, openai_server):
    openai_server.configure(tokens_per_minute=40_000, requests_per_minute=100)
    model = remote()
    assert model.batch_tokens == 285_000

    model.embed(TEXTS)

    assert model.batch_tokens == 20_000
    assert model.batch_inputs == 2048


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500, "times": 2},
        {"kind": "status", "status": 502, "times": 2},
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "status", "status": 408, "times": 2},
        {"kind": "rate_limit", "seconds": 0.05, "times": 6},
        {"kind": "drop_before", "times": 2},
        {"kind": "drop_after", "times": 2},
        {"kind": "truncate", "times": 2},
        {"kind": "not_json", "times": 2},
        {"kind": "wrong_count", "times": 2},
        {"kind": "wrong_dimensions", "times": 2},
        {"kind": "nan", "times": 2},
        {"kind": "zeros", "times": 2},
    ],
    ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}",
)
def test_a_fault_that_passes_is_outlasted_and_nothing_of_it_is_handed_on(remote, openai_server, fault):
    model = remote()
    right = model.embed(TEXTS)
    openai_server.fault({**fault, "min_inputs": 2})

    vectors = send(model)

    np.testing.assert_array_equal(vectors, right)
    assert openai_server.state()["faults"] == {fault["kind"]: fault["times"]}


def test_a_server_that_does_not_answer_is_left_after_the_time_out(remote, openai_server):
    model = remote(timeout_seconds=1.0)
    model.embed(TEXTS)
    openai_server.fault({"kind": "timeout", "seconds": 3, "times": 1, "min_inputs": 2})

    assert send(model).shape == (3, 1536)
    assert openai_server.state()["faults"] == {"timeout": 1}


def test_a_request_that_was_too_slow_is_given_longer_before_it_is_paid_for_again(remote, openai_server):
    model = remote(timeout_seconds=1.5)
    model.embed(TEXTS)
    openai_server.configure(latency_seconds=1.8)

    assert send(model).shape == (3, 1536)
    assert openai_server.state()["requests"]["embeddings"] == 3


def test_vectors_in_another_order_are_put_back_by_their_index(remote, openai_server):
    model = remote()
    right = model.embed(TEXTS)
    openai_server.fault({"kind": "reorder"})

    np.testing.assert_array_equal(model.embed(TEXTS), right)
    assert openai_server.state()["faults"] == {"reorder": 1}


@pytest.mark.parametrize("kind", ["wrong_dimensions", "wrong_count", "not_json", "nan", "zeros"])
def test_answers_that_are_never_embeddings_are_refused_and_no_retry_is_promised(remote, openai_server, kind):
    model = remote()
    openai_server.fault({"kind": kind})

    with pytest.raises(EmbeddingError, match="not with embeddings that can be used") as caught:
        send(model)

    assert not caught.value.retriable
    assert "RESUME_EMBEDDING_MODEL" in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "status", "status": 503}, "status 503"),
        ({"kind": "rate_limit", "seconds": 0.1}, "429"),
        ({"kind": "drop_before"}, "connection"),
    ],
    ids=["503", "429", "drop"],
)
def test_a_fault_that_stays_is_given_up_when_the_patience_ends_and_a_retry_may_help(remote, openai_server, fault, said):
    openai_server.fault(fault)

    with pytest.raises(EmbeddingUnavailableError, match=said) as caught:
        send(remote(), seconds=1)

    assert caught.value.retriable
    assert "RESUME_EMBEDDING_RETRY_SECONDS" in str(caught.value)


def test_a_wait_longer_than_the_patience_is_not_begun(remote, openai_server):
    openai_server.fault({"kind": "rate_limit", "seconds": 3000})

    with pytest.raises(EmbeddingUnavailableError, match="50m0s"):
        send(remote(), seconds=100)

    assert openai_server.state()["requests"]["embeddings"] == 1


def test_a_server_that_is_not_there_is_named_as_that(remote):
    with pytest.raises(EmbeddingUnavailableError, match="connection failed"):
        send(remote(base_url="http://127.0.0.1:9/v1"), seconds=0.5)


def test_a_call_that_is_told_to_stop_comes_back_at_once(remote, openai_server):
    openai_server.fault({"kind": "rate_limit", "seconds": 500})
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()

    with pytest.raises(EmbeddingUnavailableError):
        remote().embed_within(TEXTS, Patience(stop=stop))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 400, "message": "Your input contains content we do not accept."}, "status 400"),
        ({"status": 500}, "status 500"),
    ],
)
@pytest.mark.parametrize("texts", [TEXTS, TEXTS[1:2]], ids=["among others", "alone"])
def test_inputs_are_blamed_when_others_are_answered(remote, openai_server, fault, kind, texts):
    openai_server.fault({"kind": "status", "contains": "poison", **fault})

    with pytest.raises(EmbeddingInputError, match=kind):
        send(remote(), texts)

    assert openai_server.state()["canaries"] == 1


def test_an_input_alone_is_not_blamed_for_a_few_failures_in_a_row(remote, openai_server):
    openai_server.fault({"kind": "status", "status": 500, "contains": "poison", "times": 7})

    assert send(remote(), TEXTS[1:2]).shape == (1, 1536)


def test_inputs_are_not_blamed_when_everything_is_refused(remote, openai_server):
    openai_server.fault({"kind": "status", "status": 400, "message": "This endpoint is closed."})

    with pytest.raises(EmbeddingAccessError, match=r"refuses every request.*This endpoint is closed"):
        send(remote())


def test_an_input_over_the_limit_is_never_sent(remote, openai_server):
    with pytest.raises(EmbeddingInputError, match=r"Input 1 of 2 has 40 tokens.*takes 30 at most.*RESUME_CHUNK_MAX"):
        send(remote(max_input_tokens=30), ["short", "word " * 39])

    assert openai_server.state()["requests"] == {}


@pytest.mark.parametrize(
    ("options", "name", "fault", "said"),
    [
        ({"api_key": WRONG_KEY}, "openai:text-embedding-3-small", None, "OPENAI_API_KEY"),
        ({}, "openai:no-such-model", None, "RESUME_EMBEDDING_MODEL"),
        ({}, "openai:text-embedding-ada-002@256", None, "does not support specifying dimensions"),
        ({}, "openai:text-embedding-3-small@4000", None, "dimensions"),
        ({}, "openai:text-embedding-3-small", {"kind": "quota"}, "billing"),
        ({}, "openai:text-embedding-3-small", {"kind": "status", "status": 403}, "permissions"),
    ],
    ids=["key", "model", "dimensions", "too many", "quota", "forbidden"],
)
def test_what_no_retry_can_help_is_told_at_once_with_the_remedy(remote, openai_server, options, name, fault, said):
    if fault:
        openai_server.fault(fault)

    with pytest.raises(EmbeddingAccessError, match=said) as caught:
        send(remote(name, **options))

    assert openai_server.state()["requests"]["embeddings"] == 1 or "refuses every" in str(caught.value)
    assert not caught.value.retriable


def test_no_part_of_the_key_is_in_an_error_its_chain_or_a_repr(remote, openai_server):
    model = remote(api_key=WRONG_KEY)
    with pytest.raises(EmbeddingAccessError) as caught:
        send(model)
    error: BaseException | None = caught.value
    chain = []
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    shown = "".join(traceback.format_exception(caught.value)) + repr(model) + repr(chain) + repr(vars(chain[0]))

    # The server echoes the first eight and the last four characters.
    for part in (WRONG_KEY, WRONG_KEY[:8], WRONG_KEY[-4:]):
        assert part not in shown
    assert len(chain) == 1, "the library's exceptions hold the request with its key"
    assert WRONG_KEY not in repr(RemoteOptions(api_key=WRONG_KEY))


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {WRONG_KEY[:8]}**************{WRONG_KEY[-4:]}.",
        f"the header was Bearer {WRONG_KEY}",
        f"key {WRONG_KEY[:20]} is unknown",
        "another key sk-abcdefghijkl123 was meant",
    ],
)
def test_keys_and_parts_of_them_are_taken_out_of_a_servers_words(text):
    shown = redacted(text, WRONG_KEY)

    assert "(key)" in shown
    for part in (WRONG_KEY[:8], WRONG_KEY[-4:], "abcdefghijkl123"):
        assert part not in shown


def test_two_processes_worth_of_instances_share_the_pace_and_get_no_429(remote, openai_server):
    openai_server.configure(tokens_per_minute=12_000, requests_per_minute=6_000, drained=True)
    models = [remote(), remote()]
    models[0].embed([CANARY_TEXT])  # brings the limits
    texts = [f"Paragraph {number} of somebody's résumé." for number in range(10)]
    threads = [threading.Thread(target=send, args=(model, texts)) for model in models for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    state = openai_server.state()

    assert state["statuses"] == {"200": 7}
    assert state["answered"]["inputs"] == 60


def test_without_a_key_a_server_of_ones_own_can_be_used_but_not_openai(remote, openai_server):
    openai_server.configure(key="none")
    assert remote(api_key="").embed(["x"]).shape == (1, 1536)

    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY is not set"):
        load_embedder("openai:text-embedding-3-small")


@pytest.mark.parametrize("name", ["openai:", "openai:two words", "openai:model@", "openai:model@0", "openai:@512"])
def test_a_name_that_cannot_be_read_is_answered_with_the_form(remote, name):
    with pytest.raises(ConfigurationError, match="text-embedding-3-large@1024"):
        remote(name)


def test_a_model_of_sentence_transformers_names_the_extra_when_it_is_missing():
    with pytest.raises(ConfigurationError, match=r"pip install -e '\.\[sentence-transformers\]'"):
        load_embedder("sentence-transformers:all-MiniLM-L6-v2")


def test_sentence_transformers_without_a_model_asks_for_one():
    with pytest.raises(ConfigurationError, match="needs a model"):
        load_embedder("sentence-transformers:")
