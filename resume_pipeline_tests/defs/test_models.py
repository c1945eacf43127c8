"""Filling models in Dagster: an asset beside the route, behind the same gate, which shows every model as metadata."""

import dagster as dg
import pytest

from resume_pipeline.definitions import defs
from resume_pipeline.ingestion.serving import serve_model
from resume_pipeline.settings import load_settings
from resume_pipeline.storage import migrations
from resume_pipeline.storage.engine import make_sessions
from resume_pipeline.storage.generations import live_generation
from resume_pipeline_tests.defs.test_graph import failure_of, materialize, metadata_of, snapshot, write
from resume_pipeline_tests.pipeline import CountingEmbedder


def fill(instance: dg.DagsterInstance, *models: str) -> dg.ExecuteInProcessResult:
    config = {"ops": {"model_embeddings": {"config": {"models": list(models)}}}}
    return materialize(instance, "model_embeddings", config=config)


@pytest.fixture
def ingested(dagster_settings, instance, content):
    write(content)
    assert defs.resolve_job_def("ingest_content").execute_in_process(instance=instance).success


def models_shown(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, dict]:
    return {record.data["model"]: record.data for record in metadata_of(result, asset)["models"].records}


def test_filling_is_a_materialization_that_shows_every_model(ingested, instance):
    first, second = fill(instance, "hashing:32"), fill(instance, "hashing:32")

    assert first.success and second.success
    shown = models_shown(first, "model_embeddings")
    assert shown["hashing:32"]["chunks_with_vector"] == shown["hashing:64"]["chunks_with_vector"] != "0"
    assert (shown["hashing:32"]["live"], shown["hashing:64"]["live"]) == ("False", "True")
    assert metadata_of(first, "model_embeddings")["inputs_sent"] == int(shown["hashing:32"]["chunks"])
    assert metadata_of(second, "model_embeddings")["inputs_sent"] == 0


def test_the_models_of_the_setting_are_filled_when_the_run_config_names_none(ingested, instance, monkeypatch):
    monkeypatch.setenv("RESUME_FILL_MODELS", "hashing:32, hashing:16")
    load_settings.cache_clear()

    assert set(models_shown(fill(instance), "model_embeddings")) == {"hashing:64", "hashing:32", "hashing:16"}


def test_the_job_that_ingests_fills_no_other_model():
    names = {node.name for node in defs.resolve_job_def("ingest_content").nodes}
    assert "chunk_embeddings" in names and "model_embeddings" not in names


def test_filling_without_the_gate_refuses_a_schema_that_is_behind(ingested, instance, engine):
    migrations.downgrade(engine, "-1")
    before = snapshot(engine)

    result = fill(instance, "hashing:32")

    assert not result.success and migrations.head_revision() in failure_of(result)
    assert snapshot(engine) == before


def test_the_graph_goes_on_with_the_model_that_is_served_and_says_so(ingested, instance, content, engine):
    assert fill(instance, "hashing:32").success
    serve_model(make_sessions(engine), CountingEmbedder(32), configured="hashing:64")
    (content / "new.md").write_text("# New\n\nAbout the wind in Gdynia.\n")

    result = defs.resolve_job_def("ingest_content").execute_in_process(instance=instance)

    assert result.success
    shown = metadata_of(result, "chunk_embeddings")
    assert shown["embedding_model"] == "hashing:32" and shown["inputs_sent"] == 1
    assert "models serve hashing:64" in shown["notice"]
    assert all(evaluation.passed for evaluation in result.get_asset_check_evaluations())
    with make_sessions(engine)() as session:
        assert live_generation(session).embedding_model == "hashing:32"
