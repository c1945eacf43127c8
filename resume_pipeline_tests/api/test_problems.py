"""Refusals and failures: each a problem document with the request's id, and nothing secret in answers or the log."""

import json
import logging
import socket

import pytest

from resume_pipeline.errors import ChatUnavailableError, DatabaseUnavailableError
from resume_pipeline_tests.api.running import events_of

JSON = {"Content-Type": "application/json"}
ASK = {"question": "Where are the hens?"}


def assert_problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status and found["title"] and found["detail"] and found["type"]
    assert found["request_id"] == answer.headers["X-Request-ID"]
    assert found["instance"] == answer.request.url.path
    return found


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/none", {}, 404),
        ("GET", "/api/none", {}, 404),
        ("POST", "/api/none", {}, 404),
        ("GET", "/api/ask", {}, 405),
        ("DELETE", "/", {}, 405),
        ("POST", "/api/ask", {"content": b"{", "headers": JSON}, 422),
        ("POST", "/api/ask", {"content": b"", "headers": JSON}, 422),
        ("POST", "/api/ask", {"content": b"\xff\xfe", "headers": JSON}, 422),
        ("POST", "/api/ask", {"content": b"[" * 5000, "headers": JSON}, 400),
        ("POST", "/api/ask", {"json": {}}, 422),
        ("POST", "/api/ask", {"json": {"question": ""}}, 422),
        ("POST", "/api/ask", {"json": {"question": "  \n "}}, 422),
        ("POST", "/api/ask", {"json": {"question": "\u200b"}}, 422),
        ("POST", "/api/ask", {"json": {"question": "x" * 1001}}, 422),
        ("POST", "/api/ask", {"json": {"question": 5}}, 422),
        ("POST", "/api/ask", {"json": {**ASK, "more": 1}}, 422),
        ("POST", "/api/ask", {"json": {**ASK, "where": ["nonsense"]}}, 422),
        ("POST", "/api/search", {"json": {**ASK, "limit": 51}}, 422),
        ("POST", "/api/search", {"json": {**ASK, "mode": "magic"}}, 422),
        ("GET", "/api/documents?limit=0", {}, 422),
        ("POST", "/api/ask", {"content": b"question=x"}, 415),
        ("POST", "/api/ask", {"data": {"question": "x"}}, 415),
        ("POST", "/api/ask", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "/api/ask", {"json": {"question": "x" * 70_000}}, 413),
    ],
)
def test_what_is_refused_is_a_problem_document(method, path, options, status, serve):
    with serve().client() as client:
        assert_problem(client.request(method, path, **options), status)


def test_what_is_wrong_is_named_by_its_place(serve):
    with serve().client() as client:
        found = assert_problem(client.post("/api/search", json={"question": "hens", "limit": 99}), 422)
    assert found["errors"] == [{"pointer": "/body/limit", "detail": "Input should be less than or equal to 50"}]


def test_405_says_what_is_allowed(serve):
    with serve().client() as client:
        assert client.get("/api/ask").headers["Allow"] == "POST"


def test_a_body_is_counted_as_it_comes_whatever_its_length_is_said_to_be(serve):
    def endless():
        for _ in range(10_000):
            yield b"x" * 10_000

    with serve().client() as client:
        assert_problem(client.post("/api/ask", content=endless(), headers=JSON), 413)


def test_request_ids_from_outside_are_taken_when_they_are_sane(serve):
    with serve().client() as client:
        given = {
            name: client.get("/healthz", headers={"X-Request-ID": name}).headers["X-Request-ID"]
            for name in ("abcdefgh-1234", "short", "x" * 65, "with space", 'quote"d-quoted')
        }
    assert given["abcdefgh-1234"] == "abcdefgh-1234"
    assert all(len(made) == 36 for name, made in given.items() if name != "abcdefgh-1234")


def test_every_answer_has_the_security_headers(serve):
    with serve().client() as client:
        for answer in (client.get("/"), client.get("/none"), client.post("/api/search", json=ASK), client.get("/docs")):
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "http" not in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"]
            assert "server" not in answer.headers


def test_other_sites_may_call_only_when_they_are_named(serve):
    origin = {"Origin": "https://other.example", "Access-Control-Request-Method": "POST"}
    with serve().client() as client:
        assert "access-control-allow-origin" not in client.get("/healthz", headers=origin).headers
    with serve(cors_origins="https://other.example").client() as client:
        allowed = client.options("/api/ask", headers={**origin, "Access-Control-Request-Headers": "authorization"})
        refused = client.options("/api/ask", headers={**origin, "Origin": "https://third.example"})
        answer = client.get("/none", headers=origin)
    assert allowed.headers["access-control-allow-origin"] == "https://other.example"
    assert "access-control-allow-origin" not in refused.headers
    assert answer.headers["access-control-allow-origin"] == "https://other.example", "refusals can be read, too"


class Failing:
    """Breaks before its first event, or after it."""

    def __init__(self, error: Exception, events=()) -> None:
        self.error, self.events = error, events

    def stream(self, question, *, history=(), filters=()):
        yield from self.events
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ChatUnavailableError("https://user:hunter2@chat.example does not answer"), 503),
        (DatabaseUnavailableError("Postgres at postgresql://u:hunter2@db is gone"), 503),
        (RuntimeError("hunter2"), 500),
    ],
    ids=["chat", "database", "unexpected"],
)
def test_a_failure_tells_the_caller_no_detail(error, status, serve, portfolio):
    with serve(answerer=Failing(error)).client() as client:
        for headers in ({}, {"Accept": "text/event-stream"}):
            answer = client.post("/api/ask", json=ASK, headers=headers)
            assert_problem(answer, status)
            assert "hunter2" not in answer.text and "Traceback" not in answer.text
    assert portfolio.rows("SELECT answer_state, reason FROM query_logs") == [("failed", type(error).__name__)] * 2


def test_a_failure_after_the_first_event_ends_the_stream_with_an_error(serve):
    from resume_pipeline.domain.answers import SourcesFound, TextAdded

    events = (SourcesFound((), 1, "extractive"), TextAdded("It be"))
    with serve(answerer=Failing(ChatUnavailableError("hunter2"), events)).client() as client:
        answer = client.post("/api/ask", json=ASK, headers={"Accept": "text/event-stream"})

    found = events_of(answer.text)
    assert [name for name, _ in found] == ["sources", "text", "error"]
    assert found[-1][1]["status"] == 503 and found[-1][1]["request_id"] == answer.headers["X-Request-ID"]
    assert "hunter2" not in answer.text


def test_no_question_key_or_header_is_written_to_the_log(serve, make_key, caplog):
    caplog.set_level(logging.DEBUG)
    key = make_key("search")
    with serve().client() as client:
        for path in ("/api/search", "/api/ask"):
            client.post(path, json={"question": "a very secret wish"}, headers={**key, "Cookie": "session=hunter2"})
        client.get("/api/documents?after=hunter2", headers={"Authorization": "Bearer rp_hunter2"})

    lines = [
        f"{record.getMessage()} {getattr(record, 'fields', '')}"
        for record in caplog.records
        if record.name.startswith(("resume_pipeline", "uvicorn"))
    ]
    access = [record.fields for record in caplog.records if record.name == "resume_pipeline.api.access"]
    assert {line["path"] for line in access} >= {"/api/search", "/api/ask", "/api/documents"}
    assert all({"method", "route", "status", "milliseconds"} <= line.keys() for line in access)
    secret = key["Authorization"].split()[1]
    for line in lines:
        assert "secret wish" not in line and "hunter2" not in line and secret not in line


def test_a_log_line_is_one_json_object_with_the_id_of_its_request(serve):
    from resume_pipeline.api.logs import JsonFormatter, request_id

    record = logging.LogRecord("x", logging.INFO, "f", 1, "two\nlines %s", ("ü",), None)
    token = request_id.set("abc")
    line = JsonFormatter().format(record)
    request_id.reset(token)
    assert "\n" not in line and json.loads(line)["request_id"] == "abc"


def test_what_is_no_http_is_refused_and_the_server_goes_on(serve):
    server = serve()
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
