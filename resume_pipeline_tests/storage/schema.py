"""A database's schema as plain values, read from Postgres' own catalogue, past everything of ours."""

from sqlalchemy import text

from resume_pipeline.storage.engine import Engine

# What belongs to an extension is left out: it is not ours, and it stays at a downgrade.
OURS = """
    n.nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = {oid} AND e.deptype = 'e')
"""
QUERIES = {
    "relations": f"""
        SELECT c.relname, c.relkind, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
               obj_description(c.oid, 'pg_class')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS.format(oid="c.oid")}""",
    "columns": f"""
        SELECT c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
               pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND {OURS.format(oid="c.oid")}
        """,
    "indexes": f"""
        SELECT i.relname, pg_get_indexdef(i.oid), x.indisvalid
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
        WHERE {OURS.format(oid="i.oid")}""",
    "constraints": f"""
        SELECT k.conrelid::regclass::text, k.conname, pg_get_constraintdef(k.oid), k.convalidated
        FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE {OURS.format(oid="k.oid")}""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, increment_by FROM pg_sequences
        WHERE schemaname = 'public'""",
    "types": f"""
        SELECT t.typname, t.typtype FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE {OURS.format(oid="t.oid")}
          AND NOT EXISTS (SELECT FROM pg_type b JOIN pg_depend e ON e.objid = b.oid AND e.deptype = 'e'
                          WHERE b.typarray = t.oid)""",
    "functions": f"""
        SELECT p.proname, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prokind IN ('f', 'p') AND {OURS.format(oid="p.oid")}""",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
}

Schema = dict[str, set[tuple[object, ...]]]


def schema_of(engine: Engine) -> Schema:
    """What stands in the schema ``public``, by kind."""
    with engine.connect() as connection:
        return {kind: {tuple(row) for row in connection.execute(text(sql))} for kind, sql in QUERIES.items()}


def extensions_of(engine: Engine) -> set[str]:
    """The names of the extensions that are there."""
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT extname FROM pg_extension")))
