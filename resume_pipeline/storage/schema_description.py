"""The mapped tables described as plain values, for those who show them."""

from dataclasses import dataclass

from sqlalchemy.dialects import postgresql

from resume_pipeline.storage.models import Base


@dataclass(frozen=True, slots=True)
class ColumnDescription:
    """A column's name, its type as Postgres writes it, and its comment."""

    name: str
    type: str
    comment: str


def table_columns(table: str) -> list[ColumnDescription]:
    """The columns of a mapped table, in order."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return [
        ColumnDescription(column.name, column.type.compile(dialect).lower(), column.comment or "")
        for column in Base.metadata.tables[table].columns
    ]
