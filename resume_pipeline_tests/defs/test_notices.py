"""A run that failed is told of: what failed and what to do, in the log and by a webhook."""

import http.server
import json
import threading

import dagster as dg
import pytest

from resume_pipeline.defs.notices import post, run_failed
from resume_pipeline.settings import load_settings


class Webhook:
    """A real server on loopback that keeps what it is sent."""

    def __init__(self, status: int = 200) -> None:
        webhook = self
        self.received: list[dict] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                webhook.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/secret-path"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def webhook(monkeypatch):
    webhook = Webhook()
    monkeypatch.setenv("RESUME_FAILURE_WEBHOOK", webhook.url)
    load_settings.cache_clear()
    yield webhook
    load_settings.cache_clear()
    webhook.server.shutdown()


@dg.op
def breaks():
    raise dg.Failure("Only 12 MB are free. Free some space.", allow_retries=False)


@dg.job
def breaking():
    breaks()


def test_a_failed_run_is_told_to_the_webhook_with_what_to_do(webhook):
    with dg.DagsterInstance.ephemeral() as instance:
        result = breaking.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="run_failed",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_failure_event(),
        ).for_run_failure()
        run_failed(context)

    (notice,) = webhook.received
    assert notice["failures"] == [{"step": "breaks", "reason": "Only 12 MB are free. Free some space."}]
    assert notice["job"] == "breaking"
    assert notice["run_id"] == result.run_id
    assert "what visitors see is unchanged" in notice["text"] and "Free some space" in notice["text"]


def test_a_webhook_that_refuses_or_is_not_there_is_said_without_its_address():
    refusing = Webhook(status=500)

    said = [post(refusing.url, {}), post("http://127.0.0.1:9/secret-path", {})]
    refusing.server.shutdown()

    assert "status 500" in said[0] and "not reached" in said[1]
    assert not any("secret-path" in one for one in said)
