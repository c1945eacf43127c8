"""Create API keys and their usage, and log answers beside searches.

Revision: c2b7a95e3d18, after 8e41f6d90c27. Created 2026-11-22 23:30:00 UTC.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "c2b7a95e3d18"
down_revision: str | None = "8e41f6d90c27"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _of_answers() -> list[sa.Column[Any]]:
    return [
        sa.Column("answer_id", sa.Uuid(), comment="Random; who has it may rate the answer. Null for a search"),
        sa.Column(
            "answer_state",
            sa.Text(),
            comment="answered; declined: the content does not say; failed: it broke off. Null for a search",
        ),
        sa.Column("reason", sa.Text(), comment="Why it was declined or failed"),
        sa.Column("answer_model", sa.Text(), comment="What wrote the answer: a chat model, or extractive"),
        sa.Column("prompt_tokens", sa.Integer()),
        sa.Column("completion_tokens", sa.Integer()),
        sa.Column("cost_usd", sa.Numeric(20, 12), comment="Null when the price was not known, and for a search"),
        sa.Column("dropped", sa.Integer(), comment="Statements not shown, because nothing supported them"),
        sa.Column("citations", postgresql.JSONB(), comment="Paths and lines that the answer cited"),
        sa.Column("rating", sa.Text(), comment="What a reader thinks of the answer: up or down"),
        sa.Column("rating_comment", sa.Text()),
        sa.Column("ratings", sa.Integer(), comment="How often it was rated; it may be changed once"),
    ]


def upgrade() -> None:
    for column in _of_answers():
        op.add_column("query_logs", column)
    op.create_unique_constraint(op.f("uq_query_logs_answer_id"), "query_logs", ["answer_id"])
    op.create_check_constraint(
        op.f("ck_query_logs_answer_state_known"), "query_logs", "answer_state IN ('answered', 'declined', 'failed')"
    )
    op.create_check_constraint(op.f("ck_query_logs_rating_known"), "query_logs", "rating IN ('up', 'down')")
    _create_keys()
    _create_usage()


def _create_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), nullable=False, comment="The readable part of the key"),
        sa.Column("name", sa.Text(), nullable=False, comment="Whom or what it is for"),
        sa.Column(
            "secret_hash", sa.LargeBinary(), nullable=False, comment="sha256 of the secret part, which is random"
        ),
        sa.Column(
            "scopes",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="search, ask, documents, metrics, or * for all",
        ),
        sa.Column("rate", sa.Text(), comment="Requests in a time, as in 60/minute; null: any number"),
        sa.Column("questions_per_day", sa.Integer(), comment="Searches and answers on a day (UTC)"),
        sa.Column("budget_usd_per_day", sa.Numeric(20, 12), comment="What its answers may cost on a day (UTC)"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), comment="Null: never"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), comment="Null: it is valid"),
        sa.Column("last_used_on", sa.Date(), comment="The day (UTC) it was last used"),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        comment="Keys of the API, by the hash of their secret; they are revoked, not deleted",
    )


def _create_usage() -> None:
    op.create_table(
        "api_usage",
        sa.Column("day", sa.Date(), nullable=False, comment="In UTC"),
        sa.Column(
            "asker", sa.Text(), nullable=False, comment="key:ID, visitor:HASH, or public for all visitors together"
        ),
        sa.Column("questions", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "reserved_usd",
            sa.Numeric(20, 12),
            server_default=sa.text("0"),
            nullable=False,
            comment="Set aside for answers that are being written",
        ),
        sa.Column("spent_usd", sa.Numeric(20, 12), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("day", "asker", name=op.f("pk_api_usage")),
        comment="Questions and money by day and asker, shared by all processes",
    )


def downgrade() -> None:
    op.drop_table("api_usage")
    op.drop_table("api_keys")
    for name in ("ck_query_logs_rating_known", "ck_query_logs_answer_state_known"):
        op.drop_constraint(op.f(name), "query_logs", type_="check")
    op.drop_constraint(op.f("uq_query_logs_answer_id"), "query_logs", type_="unique")
    for column in reversed(_of_answers()):
        op.drop_column("query_logs", column.name)
