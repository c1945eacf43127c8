"""The batch lane in the graph: a run submits, a sensor sees the batch end, the next run collects and publishes."""

import dagster as dg
import pytest

from resume_pipeline.definitions import defs
from resume_pipeline.settings import load_settings
from resume_pipeline_tests.defs.test_graph import failure_of, metadata_of, write


@pytest.fixture
def batch_lane(dagster_settings, openai_server, content, monkeypatch):
    for name, value in {
        **openai_server.environment,
        "RESUME_EMBEDDING_MODEL": "openai:text-embedding-3-small",
        "RESUME_EMBEDDING_LANE": "batch",
    }.items():
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    write(content)


def run(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def("ingest_content").execute_in_process(instance=instance, raise_on_error=False)


def look(instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    return defs.resolve_sensor_def("batches_ended")(dg.build_sensor_context(instance=instance, definitions=defs))


def test_a_large_load_is_submitted_seen_to_end_collected_and_published(batch_lane, instance, openai_server):
    openai_server.configure(batch_seconds=3600.0)
    first = run(instance)
    assert not first.success and "wait in a batch" in failure_of(first)
    shown = metadata_of(first, "embedding_batches")
    assert shown["inputs_submitted"] == shown["inputs_waiting"] >= 3 and shown["batches_open"] == 1
    assert shown["cost_usd"] == pytest.approx(shown["tokens_submitted"] * 0.01 / 1e6)
    (failure,) = [event for event in first.all_events if event.is_step_failure]
    reason = failure.step_failure_data.user_failure_data.metadata["error"].value
    assert reason == "BatchesUnderWayError"
    assert isinstance(look(instance), dg.SkipReason)

    openai_server.end_batches()
    seen = look(instance)
    assert isinstance(seen, dg.SensorResult) and len(seen.run_requests) == 1
    second = run(instance)

    assert second.success
    assert metadata_of(second, "embedding_batches")["inputs_collected"] == shown["inputs_submitted"]
    assert metadata_of(second, "chunk_embeddings")["inputs_sent"] == 0
    assert metadata_of(second, "published_generation")["generation"] == 1
    state = openai_server.state()
    assert state["answered"]["inputs"] == state["answered"]["distinct"] == shown["inputs_submitted"]
    assert isinstance(look(instance), dg.SkipReason)


def test_the_sensor_is_stopped_by_default_and_runs_the_whole_job():
    sensor = defs.resolve_sensor_def("batches_ended")
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED and sensor.job_name == "ingest_content"
