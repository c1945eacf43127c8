"""Create the query log.

Revision: b3e85d7740ce, after 6f1c2a9d4b07. Created 2026-11-22 17:20:00 UTC.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "b3e85d7740ce"
down_revision: str | None = "6f1c2a9d4b07"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "query_logs",
        sa.Column("query_log_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False, comment="hybrid, vector or lexical"),
        sa.Column(
            "filters", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("generation", sa.Integer(), nullable=True, comment="The generation that was searched"),
        sa.Column("embedding_model_id", sa.Integer(), nullable=True),
        sa.Column(
            "hits",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Paths, chunk indexes and scores, best first",
        ),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"],
            ["embedding_models.embedding_model_id"],
            name=op.f("fk_query_logs_embedding_model_id_embedding_models"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("query_log_id", name=op.f("pk_query_logs")),
        comment="Questions asked, with the hits they got",
    )
    op.create_index("ix_query_logs_asked_at", "query_logs", ["asked_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_query_logs_asked_at", table_name="query_logs")
    op.drop_table("query_logs")
