"""Streams that are cut, read slowly or end with the server: nothing of them is left, and nobody else waits for it."""

import json
import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from resume_pipeline.api import ask, event_stream
from resume_pipeline.domain.answers import Answer, AnswerDone, SourcesFound, TextAdded
from resume_pipeline_tests.api.running import Running, events_of, wait_until

STREAM = {"Accept": "text/event-stream"}
ASK = {"question": "Where are the hens?"}


class Talkative:
    """Says so much text, a piece per step, and remembers how it was left. ``gate`` holds it before each piece."""

    def __init__(self, pieces: int = 1_000_000, size: int = 10, gate: threading.Event | None = None) -> None:
        self.pieces, self.size, self.gate = pieces, size, gate
        self.said = self.closed = 0

    def stream(self, question, *, history=(), filters=()) -> Iterator[object]:
        yield SourcesFound((), 1, "chat")
        try:
            for _ in range(self.pieces):
                if self.gate is not None:
                    self.gate.wait(30)
                self.said += 1
                yield TextAdded("x" * self.size)
            yield AnswerDone(Answer("x", True, (), (), "chat", 1, 1.0, True))
        finally:
            self.closed += 1


def raw_stream(server: Running, *, buffer: int | None = None) -> socket.socket:
    """A connection that has asked for a stream and read nothing yet."""
    body = json.dumps(ASK)
    raw = socket.socket()
    if buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    raw.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
    head = f"POST /api/ask HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Length: {len(body)}\r\n"
    raw.sendall(f"{head}Content-Type: application/json\r\n\r\n{body}".encode())
    return raw


def answer_threads() -> int:
    return sum(thread.name == "answer" for thread in threading.enumerate())


def all_left(server: Running, answerer: Talkative, times: int) -> None:
    """The iterators are closed, and their threads, places and connections given back."""
    wait_until(lambda: answerer.closed == times and answer_threads() == 0 and server.context.answers == 0)
    wait_until(lambda: not server.server.server_state.tasks)
    wait_until(lambda: server.context.parts.engine.pool.checkedout() == 0)


def test_a_client_that_goes_away_ends_its_answer_whenever_it_goes(serve, portfolio):
    answerer = Talkative()
    server = serve(answerer=answerer, max_answers=8)
    for read in (0, 10, 5_000):
        for _ in range(4):
            raw = raw_stream(server)
            if read:
                raw.recv(read)
            raw.close()
    all_left(server, answerer, 12)
    wait_until(lambda: len(portfolio.rows("SELECT 1 FROM query_logs WHERE answer_state = 'failed'")) == 12)
    with server.client() as client:
        assert client.post("/api/search", json=ASK).status_code == 200


def test_a_client_that_does_not_read_holds_up_its_answer_and_not_memory(serve, monkeypatch):
    answerer = Talkative(size=1000)
    server = serve(answerer=answerer)
    raw = raw_stream(server, buffer=4096)
    wait_until(lambda: answerer.said > event_stream.AHEAD)
    before = -1
    while before != answerer.said:  # until it stands still
        before = answerer.said
        threading.Event().wait(0.5)
    assert answerer.said < 10_000, "megabytes are waiting in buffers"
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
    raw.close()
    all_left(server, answerer, 1)


def test_a_client_that_never_reads_is_given_up(serve, monkeypatch, caplog):
    monkeypatch.setattr(event_stream, "WRITE_SECONDS", 0.5)
    caplog.set_level(logging.WARNING)
    answerer = Talkative(size=100_000)
    server = serve(answerer=answerer)
    raw = raw_stream(server, buffer=4096)
    all_left(server, answerer, 1)
    assert any("took nothing" in record.getMessage() for record in caplog.records)
    raw.close()


def test_while_an_answer_takes_its_time_the_connection_is_kept_alive(serve, monkeypatch):
    monkeypatch.setattr(ask, "KEEP_ALIVE_SECONDS", 0.1)
    gate = threading.Event()
    server = serve(answerer=Talkative(pieces=1, gate=gate))
    with server.client() as client, client.stream("POST", "/api/ask", json=ASK, headers=STREAM) as answer:
        text = ""
        for piece in answer.iter_text():
            text += piece
            if ": keep-alive" in text:
                gate.set()
    assert [name for name, _ in events_of(text)] == ["sources", "text", "done"]


@pytest.mark.parametrize("headers", [{}, STREAM], ids=["whole", "stream"])
def test_an_answer_that_takes_too_long_is_ended(headers, serve, monkeypatch):
    monkeypatch.setattr("resume_pipeline.api.answer_run.LAST_SECONDS", 0.1)
    gate = threading.Event()
    answerer = Talkative(gate=gate)
    server = serve(answerer=answerer, answer_seconds=0.5)
    with server.client() as client:
        answer = client.post("/api/ask", json=ASK, headers=headers)
    if headers:
        assert events_of(answer.text)[-1][1]["status"] == 504 and answer.status_code == 200
    else:
        assert answer.status_code == 504
    gate.set()
    all_left(server, answerer, 1)


@pytest.mark.parametrize("headers", [{}, STREAM], ids=["whole", "stream"])
def test_when_the_server_ends_answers_are_told_and_no_new_ones_begin(headers, serve):
    gate = threading.Event()
    answerer = Talkative(gate=gate)
    server = serve(answerer=answerer, shutdown_seconds=2)
    results: list[object] = []
    with server.client() as client:
        asking = threading.Thread(target=lambda: results.append(client.post("/api/ask", json=ASK, headers=headers)))
        asking.start()
        wait_until(lambda: server.context.answers == 1)
        server.context.closing.set()
        refused = client.post("/api/ask", json=ASK)
        asking.join(30)
    (answer,) = results
    assert refused.status_code == 503
    if headers:
        assert events_of(answer.text)[-1][0] == "error"
    else:
        assert answer.status_code == 503
    gate.set()
    all_left(server, answerer, 1)
