"""Budgets in the asset: a run stops before the request that would exceed one, and says so in a form others can read."""

import dagster as dg
import pytest

from resume_pipeline.definitions import defs
from resume_pipeline.settings import load_settings
from resume_pipeline_tests.defs.test_graph import failure_of, materialize, metadata_of, write


@pytest.fixture
def remote(dagster_settings, openai_server, content, monkeypatch):
    """The settings of a user with a key; a budget comes with the test."""

    def use(**settings: str) -> None:
        for name, value in {
            **openai_server.environment,
            "RESUME_EMBEDDING_MODEL": "openai:text-embedding-3-small",
            **settings,
        }.items():
            monkeypatch.setenv(name, value)
        load_settings.cache_clear()

    write(content)
    return use


@pytest.mark.parametrize("setting", ["RESUME_BUDGET_USD", "RESUME_BUDGET_USD_PER_DAY"])
def test_a_budget_fails_the_asset_before_the_request_with_the_reason_typed(remote, instance, openai_server, setting):
    remote(**{setting: "0.000001"})

    result = materialize(instance)

    assert not result.success and setting in failure_of(result)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    metadata = {key: value.value for key, value in failure.step_failure_data.user_failure_data.metadata.items()}
    assert metadata["error"] == "BudgetExceededError"
    assert metadata["spent_usd"] + metadata["request_usd"] > metadata["budget_usd"] == 0.000001
    assert openai_server.state()["asked"]["inputs"] == 0
    assert not [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_UP_FOR_RETRY]


def test_a_run_within_its_budget_shows_planned_against_actual(remote, instance, openai_server):
    remote(RESUME_BUDGET_USD="1")

    result = defs.resolve_job_def("ingest_content").execute_in_process(instance=instance)

    shown = metadata_of(result, "chunk_embeddings")
    assert shown["tokens_sent"] == shown["tokens_planned"] > 0
    assert shown["cost_usd"] == shown["cost_usd_planned"] == pytest.approx(shown["tokens_sent"] * 0.02 / 1e6)
    assert shown["inputs_sent"] == openai_server.state()["answered"]["inputs"]
