"""The gate: the migration as an op, the asset made of it, its job, and the blocking check.

The layer that cannot be stepped around is in ``ingestion.writing``: whatever is materialized without this asset still
refuses to write to a schema that is not at head.
"""

import dagster as dg

from resume_pipeline.defs.failures import RETRIES, failures
from resume_pipeline.defs.resources import PostgresResource
from resume_pipeline.errors import SchemaError
from resume_pipeline.storage.migrations import MINIMUM_PGVECTOR, head_revision, schema_state, upgrade

OWNERS = ["team:resume-pipeline"]
GROUP = "ingestion"
WRITE_POOL = "database_writer"


@dg.op(out=dg.Out(dg.Nothing), pool=WRITE_POOL, retry_policy=RETRIES)
def apply_migrations(context: dg.OpExecutionContext, postgres: PostgresResource) -> dg.Output[None]:
    """Run `alembic upgrade head` under a lock, and fail when the database is not at head afterwards."""
    with failures():
        before = schema_state(postgres.engine)
        with postgres.migrating() as engine:
            upgrade(engine)
        after = schema_state(postgres.engine)  # not the other engine's: it may lead to another database
        if not after.at_head:
            raise SchemaError(after.explanation())
    context.log.info(f"Schema at {after.current}; it was at {before.current or 'none (empty)'}.")
    return dg.Output(
        None,
        metadata={
            "revision": after.current or "",
            "previous_revision": before.current or "none",
            "migrated": int(before.current != after.current),
            "pgvector": after.pgvector or "",
        },
        data_version=dg.DataVersion(after.current or "none"),
    )


@dg.job(name="migrate_database", description="Bring the database schema to the code's Alembic head, and nothing else.")
def migrate_database() -> None:
    """The gate's op as a job of its own."""
    apply_migrations()


database_schema = dg.AssetsDefinition.from_op(
    apply_migrations,
    keys_by_output_name={"result": dg.AssetKey("database_schema")},
    group_name=GROUP,
    descriptions_by_output_name={
        "result": "The database schema at the code's Alembic head, with pgvector. Upstream of everything: no asset "
        "writes to a schema that is not at head."
    },
).map_asset_specs(
    lambda spec: spec.replace_attributes(owners=OWNERS, kinds={"postgres", "alembic"}, code_version=head_revision())
)


@dg.asset_check(asset="database_schema", blocking=True)
def schema_at_head(postgres: PostgresResource) -> dg.AssetCheckResult:
    """The schema is at the code's head, and pgvector is new enough for filtered searches."""
    with failures():
        state = schema_state(postgres.engine)
    minimum = ".".join(str(part) for part in MINIMUM_PGVECTOR)
    return dg.AssetCheckResult(
        passed=state.at_head and state.pgvector_ok,
        metadata={
            "current_revision": state.current or "none",
            "head_revision": state.head,
            "pgvector": state.pgvector or "not installed",
            "pgvector_minimum": minimum,
        },
        description="" if state.at_head else state.explanation(),
    )
