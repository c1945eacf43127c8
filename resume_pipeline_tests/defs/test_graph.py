"""The graph as Dagster sees it, and runs of it against a real database."""

import dagster as dg
import pytest
from sqlalchemy import text

from resume_pipeline.definitions import defs
from resume_pipeline.storage import migrations
from resume_pipeline_tests.pipeline import long_text

ROUTE = [
    "documents",
    "document_chunks",
    "chunk_embeddings",
    "vector_index",
    "retrieval_evaluation",
    "published_generation",
]
BESIDE = ["lexical_index"]
"""Between document_chunks and retrieval_evaluation, beside the vectors."""
STAGES = [*ROUTE[:4], *BESIDE, *ROUTE[4:]]


def materialize(instance: dg.DagsterInstance, *names: str, config: dict | None = None) -> dg.ExecuteInProcessResult:
    """What the UI's Materialize button does for a selection."""
    job = defs.resolve_implicit_global_asset_job_def()
    keys = [dg.AssetKey(name) for name in names] if names else None
    return job.execute_in_process(
        instance=instance, asset_selection=keys, run_config=config or {}, raise_on_error=False
    )


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            return str(event.step_failure_data.user_failure_data.description)
    raise AssertionError("the run did not fail in a step")


def metadata_of(result: dg.ExecuteInProcessResult, name: str) -> dict:
    (event,) = result.asset_materializations_for_node(name)
    return {key: value.value for key, value in event.metadata.items()}


def write(content, files: int = 3) -> None:
    for number in range(files):
        (content / f"job-{number}.md").write_text(f"# Job {number}\n\n{long_text(8, seed=str(number))}\n")


def test_every_asset_that_touches_the_database_lists_the_schema_among_its_direct_deps():
    graph = defs.resolve_asset_graph()
    schema = dg.AssetKey("database_schema")
    for name in [*STAGES, "content_gaps", "embedding_batches", "model_embeddings"]:
        assert schema in graph.get(dg.AssetKey(name)).parent_keys, name


def test_the_lineage_is_the_route_of_a_file():
    graph = defs.resolve_asset_graph()
    for upstream, downstream in zip(["content_root", *ROUTE], ROUTE):
        assert dg.AssetKey(upstream) in graph.get(dg.AssetKey(downstream)).parent_keys
    for name in BESIDE:
        assert dg.AssetKey("document_chunks") in graph.get(dg.AssetKey(name)).parent_keys
        for downstream in ("retrieval_evaluation", "published_generation"):
            assert dg.AssetKey(name) in graph.get(dg.AssetKey(downstream)).parent_keys


def test_every_asset_says_what_it_is_who_owns_it_and_where_its_code_stands():
    elsewhere = {"content_gaps": "questions", "model_embeddings": "models", "database_maintenance": "maintenance"}
    for spec in defs.resolve_all_asset_specs():
        group = elsewhere.get(spec.key.path[0], "ingestion")
        assert spec.description and spec.group_name == group, spec.key
        if spec.key.path != ["content_root"]:
            assert spec.owners and spec.kinds, spec.key
            assert "dagster/code_references" in spec.metadata, spec.key
    for name in ("documents", "document_chunks", "chunk_embeddings", "retrieval_evaluation", "published_generation"):
        spec = next(spec for spec in defs.resolve_all_asset_specs() if spec.key.path == [name])
        columns = {column.name: column for column in spec.metadata["dagster/column_schema"].columns}
        assert all(column.type for column in columns.values()) and len(columns) >= 3


def test_the_code_version_of_the_schema_is_the_alembic_head():
    (spec,) = [spec for spec in defs.resolve_all_asset_specs() if spec.key.path == ["database_schema"]]
    assert spec.code_version == migrations.head_revision()


def test_every_writing_step_is_in_the_writers_pool():
    job = defs.resolve_job_def("ingest_content")
    for node in job.nodes:
        if node.name in {*STAGES, "embedding_batches", "apply_migrations"}:
            assert node.definition.pools == {"database_writer"}, node.name


def test_the_job_publishes_and_a_second_run_changes_nothing(dagster_settings, instance, content, engine):
    write(content)
    job = defs.resolve_job_def("ingest_content")

    first = job.execute_in_process(instance=instance)
    second = job.execute_in_process(instance=instance)

    assert first.success and second.success
    assert metadata_of(first, "published_generation")["generation"] == 1
    assert metadata_of(first, "chunk_embeddings")["inputs_sent"] >= 3
    assert metadata_of(second, "chunk_embeddings")["inputs_sent"] == 0
    assert metadata_of(second, "published_generation")["published"] == 0
    assert metadata_of(first, "documents").keys() == metadata_of(second, "documents").keys()
    evaluations = first.get_asset_check_evaluations()
    assert {evaluation.check_name for evaluation in evaluations} >= {
        "schema_at_head",
        "documents_are_covered",
        "chunks_within_limit",
        "every_chunk_has_a_vector",
        "vectors_are_sound",
        "index_recall",
        "no_orphans",
        "files_are_sound",
        "retrieval_quality",
        "search_is_fast",
        "golden_questions_are_sound",
    }
    assert all(evaluation.passed for evaluation in evaluations)


def test_numbers_in_metadata_are_numbers_so_that_the_ui_plots_them(dagster_settings, instance, content):
    write(content)
    result = defs.resolve_job_def("ingest_content").execute_in_process(instance=instance)
    for name in STAGES:
        numbers = [value for value in metadata_of(result, name).values() if isinstance(value, int | float)]
        assert len(numbers) >= 5, name
    chunks = metadata_of(result, "document_chunks")
    assert "job-" in chunks["preview"] and "data:image" in chunks["token_histogram"]


@pytest.mark.parametrize("name", STAGES)
def test_any_single_asset_can_be_materialized_alone_once_the_graph_has_run(
    dagster_settings, instance, content, engine, name
):
    write(content)
    assert materialize(instance).success
    assert materialize(instance, name).success


@pytest.mark.parametrize("name", [*STAGES, "content_gaps"])
def test_an_asset_without_the_gate_refuses_a_schema_that_is_behind_and_writes_nothing(
    dagster_settings, instance, content, engine, name
):
    write(content)
    assert materialize(instance).success
    head = migrations.head_revision()
    behind = migrations.downgrade(engine, "-1").current
    (content / "job-1.md").write_text("# Changed\n\nThis must not be written.\n")
    before = snapshot(engine)

    result = materialize(instance, name)

    assert not result.success
    message = failure_of(result)
    assert behind in message and head in message and "database_schema" in message
    assert snapshot(engine) == before
    assert migrations.schema_state(engine).current == behind
    repaired = materialize(instance, "database_schema", name)
    assert repaired.success
    assert migrations.schema_state(engine).at_head


def snapshot(engine) -> dict[str, list]:
    """Every row's place and writer in every table of ours."""
    with engine.connect() as connection:
        names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return {
            name: connection.execute(text(f'SELECT ctid::text, xmin::text FROM "{name}" ORDER BY 1')).all()
            for name in sorted(names)
        }


def test_the_histogram_counts_every_chunk_once(pipeline):
    from resume_pipeline.storage.chunks import token_counts

    for number in range(4):
        pipeline.write(f"{number}.md", f"# {number}\n\n{long_text(3 * number + 1, seed=str(number))}")
    total = pipeline.run().chunks.total
    with pipeline.sessions() as session:
        bins = token_counts(session)
    assert sum(count for _, count in bins) == total
    assert all(low % 25 == 0 for low, _ in bins) and len(bins) > 2


def test_the_migration_stands_in_a_job_of_its_own(dagster_settings, instance, engine):
    migrations.downgrade(engine, "base")
    assert defs.resolve_job_def("migrate_database").execute_in_process(instance=instance).success
    assert migrations.schema_state(engine).at_head


def test_a_missing_content_root_fails_the_run_says_why_and_deletes_nothing(dagster_settings, instance, content, engine):
    write(content)
    assert materialize(instance).success
    content.rename(content.with_name("gone"))
    before = snapshot(engine)

    result = materialize(instance, *STAGES)

    assert not result.success
    assert "content" in failure_of(result)
    assert snapshot(engine) == before


def test_a_large_loss_is_confirmed_by_run_config(dagster_settings, instance, content):
    write(content, files=8)
    assert materialize(instance).success
    for number in range(5):
        (content / f"job-{number}.md").unlink()

    held = materialize(instance, *STAGES)
    assert not held.success and "confirm_deletions" in failure_of(held)

    config = {"ops": {"documents": {"config": {"confirm_deletions": True}}}}
    confirmed = materialize(instance, *STAGES, config=config)
    assert confirmed.success
    assert metadata_of(confirmed, "published_generation")["documents"] == 3


def test_documents_and_vectors_that_are_missing_fail_the_blocking_checks(dagster_settings, instance, content, engine):
    write(content)
    assert materialize(instance).success
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM chunk_embeddings"))

    result = materialize(instance, "vector_index", "published_generation")
    assert not result.success
    assert "RESUME_MIN_COVERAGE" in failure_of(result)

    checks = defs.resolve_asset_graph().asset_check_keys
    job = dg.Definitions(
        assets=defs.assets,
        asset_checks=defs.asset_checks,
        resources=defs.resources,
        jobs=[dg.define_asset_job("only_checks", selection=dg.AssetSelection.checks(*checks))],
        executor=dg.in_process_executor,
    ).resolve_job_def("only_checks")
    outcome = {
        evaluation.check_name: evaluation.passed
        for evaluation in job.execute_in_process(instance=instance, raise_on_error=False).get_asset_check_evaluations()
    }
    assert outcome["documents_are_covered"] is False
    assert outcome["every_chunk_has_a_vector"] is False
    assert outcome["chunks_within_limit"] is True


def test_the_schedule_and_the_sensor_are_stopped_by_default_and_run_the_whole_job():
    schedule = defs.resolve_schedule_def("scheduled_ingestion")
    sensor = defs.resolve_sensor_def("content_changed")
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert schedule.job_name == sensor.job_name == "ingest_content"


def test_the_sensor_asks_for_a_run_only_when_a_file_changed(dagster_settings, instance, content):
    sensor = defs.resolve_sensor_def("content_changed")

    def evaluate(cursor: str | None) -> dg.SensorResult | dg.SkipReason:
        with dg.build_sensor_context(instance=instance, cursor=cursor, definitions=defs) as context:
            return sensor(context)

    write(content)
    first = evaluate(None)
    assert isinstance(first, dg.SensorResult) and len(first.run_requests) == 1
    assert isinstance(evaluate(first.cursor), dg.SkipReason)

    (content / "job-0.md").write_text("# Changed\n")
    changed = evaluate(first.cursor)
    assert isinstance(changed, dg.SensorResult)
    assert changed.run_requests[0].run_key != first.run_requests[0].run_key

    content.rename(content.with_name("gone"))
    assert "content" in evaluate(changed.cursor).skip_message
