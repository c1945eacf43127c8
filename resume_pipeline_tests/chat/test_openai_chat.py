"""The chat model over real HTTP: what is sent, what comes back, and which error says what."""

import pytest

from resume_pipeline.chat.base import Message
from resume_pipeline.chat.registry import load_chat_model
from resume_pipeline.errors import ChatAccessError, ChatError, ChatUnavailableError, ConfigurationError
from resume_pipeline_tests.chat.chat_server import completion, refusal

KEY = "sk-secret-of-the-test"
ASKED = [Message("system", "Be brief."), Message("user", "Who are you?")]


def ask(server, *, timeout_seconds: float = 5.0) -> str:
    model = load_chat_model("openai:small", api_key=KEY, base_url=server.url)
    return model.complete(ASKED, max_tokens=20, timeout_seconds=timeout_seconds)


def test_messages_model_limit_and_key_are_sent_and_the_text_comes_back(chat_server):
    chat_server.reply = lambda _: (200, completion("  A pipeline.\n"))

    assert ask(chat_server) == "A pipeline."

    [(body, headers)] = chat_server.requests
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who are you?"},
    ]
    assert (body["model"], body["max_tokens"]) == ("small", 20)
    assert headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "invalid_api_key", ChatAccessError),
        (403, None, ChatAccessError),
        (404, "model_not_found", ChatAccessError),
        (400, None, ChatAccessError),
        (429, "insufficient_quota", ChatAccessError),
        (429, "rate_limit_exceeded", ChatUnavailableError),
        (500, None, ChatUnavailableError),
        (503, None, ChatUnavailableError),
    ],
)
def test_a_refusal_says_whether_trying_again_helps_and_shows_no_key(chat_server, status, code, error):
    chat_server.reply = lambda _: (status, refusal(f"Incorrect API key provided: {KEY}", code))

    with pytest.raises(ChatError) as caught:
        ask(chat_server)

    assert type(caught.value) is error
    assert caught.value.retriable == (error is ChatUnavailableError)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert len(chat_server.requests) == 1


@pytest.mark.parametrize("answer", [completion(None), completion("  "), {"choices": []}, [], b"<html>", b""])
def test_an_answer_without_text_is_none(chat_server, answer):
    chat_server.reply = lambda _: (200, answer)

    with pytest.raises(ChatUnavailableError):
        ask(chat_server)


def test_a_server_that_does_not_answer_in_time_or_is_not_there_is_unavailable(chat_server):
    chat_server.pause_seconds = 30
    with pytest.raises(ChatUnavailableError, match="in time"):
        ask(chat_server, timeout_seconds=0.1)

    with pytest.raises(ChatUnavailableError, match="cannot be reached"):
        load_chat_model("openai:small", base_url="http://127.0.0.1:9/v1").complete(
            ASKED, max_tokens=20, timeout_seconds=5
        )


@pytest.mark.parametrize("name", ["small", "openai:", "somebody:small", ""])
def test_a_name_that_is_no_chat_model_is_refused(name):
    with pytest.raises(ConfigurationError, match="RESUME_CHAT_MODEL"):
        load_chat_model(name, api_key=KEY)


def test_openai_itself_needs_a_key_and_a_server_of_ones_own_does_not(chat_server):
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        load_chat_model("openai:small")

    model = load_chat_model("openai:small", base_url=chat_server.url)
    assert model.complete(ASKED, max_tokens=20, timeout_seconds=5) == "ok"
