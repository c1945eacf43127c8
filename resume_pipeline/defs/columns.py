"""Column schemas of the tables that assets make, read off the mapped classes so that they cannot differ from them."""

import dagster as dg

from resume_pipeline.storage.schema_description import table_columns


def column_schema(table: str) -> dg.TableSchema:
    """The columns of a table, with their types and comments."""
    return dg.TableSchema(
        [
            dg.TableColumn(column.name, type=column.type, description=column.comment or None)
            for column in table_columns(table)
        ]
    )
