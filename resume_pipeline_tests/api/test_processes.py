"""The command as it is run: several workers, metrics of all of them, the end in the middle of an answer."""

import signal
import threading
import time

import pytest
from sqlalchemy import text

from resume_pipeline.storage.engine import make_engine
from resume_pipeline.storage.migrations import downgrade
from resume_pipeline_tests.api.running import running_process, wait_until

ASK = {"question": "Where are the hens?"}


def url_of(engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_before_the_first_publish_the_page_is_there_and_questions_have_to_wait(engine, tmp_path):
    with running_process(tmp_path, DATABASE_URL=url_of(engine)) as server, server.client() as client:
        assert client.get("/").status_code == 200 and client.get("/api/site").json()["generation"] is None
        for path in ("/api/search", "/api/ask"):
            answer = client.post(path, json=ASK)
            assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert client.get("/api/documents").status_code == client.get("/api/suggestions").status_code == 503
        ready = client.get("/readyz")
        assert ready.status_code == 503
        found = ready.json()
        assert [found[part]["ok"] for part in ("database", "schema_at_head", "generation")] == [True, True, False]


def test_a_database_that_is_gone_or_behind_is_not_ready_and_is_not_named(engine, tmp_path):
    with running_process(tmp_path, DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/none") as server:
        with server.client() as client:
            ready, answer = client.get("/readyz"), client.post("/api/search", json=ASK)
        assert (ready.status_code, answer.status_code) == (503, 503)
        assert ready.json()["database"]["ok"] is False
        assert "hunter2" not in ready.text + answer.text + server.log.read_text()
    downgrade(engine, "8e41f6d90c27")
    with running_process(tmp_path, DATABASE_URL=url_of(engine)) as server, server.client() as client:
        ready = client.get("/readyz")
        assert ready.status_code == 503 and ready.json()["schema_at_head"]["ok"] is False


def test_several_workers_serve_and_are_measured_as_one(portfolio, tmp_path, make_key):
    environment = {"DATABASE_URL": url_of(portfolio.engine), "RESUME_VISITOR_RATE": "1000/second"}
    key = make_key("metrics")
    with running_process(tmp_path, "--workers", "2", **environment) as server:
        asked = 0
        for _ in range(200):
            with server.client() as client:  # a connection each, so that both workers get some
                assert client.post("/api/search", json=ASK).status_code == 200
            asked += 1
            served = {line["process"] for line in server.lines() if line.get("route") == "/api/search"}
            if len(served) == 2 and asked >= 20:
                break
        assert len(served) == 2
        with server.client() as client:
            figures = client.get("/metrics", headers=key).text
            again = client.get("/metrics", headers=key).text
    wanted = 'resume_http_requests_total{method="POST",route="/api/search",status="200"}'
    for exposition in (figures, again):
        assert f"{wanted} {float(asked)}" in exposition
        assert "resume_live_generation 1.0" in exposition
        assert "resume_answers_under_way 0.0" in exposition
    assert "share" in server.log.read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_told_to_end_in_the_middle_of_an_answer_the_server_ends_it_and_goes(workers, portfolio, tmp_path):
    """The answer waits for a locked table; the stream ends with an error, and the process is gone in its time."""
    environment = {"DATABASE_URL": url_of(portfolio.engine), "RESUME_SHUTDOWN_SECONDS": "3"}
    engine = make_engine(portfolio.engine.url)
    statuses: list[int] = []
    with running_process(tmp_path, "--workers", workers, **environment) as server:
        with engine.begin() as connection:
            connection.execute(text("LOCK TABLE document_chunks IN ACCESS EXCLUSIVE MODE"))

            def ask() -> None:
                with server.client() as client:
                    answer = client.post("/api/ask", json=ASK, headers={"Accept": "text/event-stream"})
                    statuses.append(answer.status_code)

            asking = threading.Thread(target=ask)
            asking.start()
            wait_until(lambda: _waiting(portfolio))
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) is not None
            asking.join(30)
        assert statuses == [503], "told why, instead of being cut off"
    engine.dispose()


def _waiting(portfolio) -> bool:
    time.sleep(0.05)
    return bool(
        portfolio.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
    )


def test_the_command_says_where_it_listens_and_what_is_wrong(portfolio, tmp_path):
    with running_process(tmp_path, DATABASE_URL=url_of(portfolio.engine)) as server:
        assert f"Serving on {server.url}" in server.log.read_text()
        with pytest.raises(AssertionError, match="cannot be listened on"):
            port = server.url.rpartition(":")[2]
            second = tmp_path / "second"
            second.mkdir()
            with running_process(second, "--port", port, DATABASE_URL=url_of(portfolio.engine)):
                pass
    with (
        pytest.raises(AssertionError, match="RESUME_PUBLIC"),
        running_process(tmp_path, "--host", "0.0.0.0", DATABASE_URL=url_of(portfolio.engine)),
    ):
        pass
