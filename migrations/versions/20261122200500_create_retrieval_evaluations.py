"""Create the table of evaluations, and say of a logged question who asked, where, and how much of it was found.

Revision: d92b6f0c3e15, after c41d7e90a5f2. Created 2026-11-22 20:05:00 UTC.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "d92b6f0c3e15"
down_revision: str | None = "c41d7e90a5f2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _create_retrieval_evaluations()
    _alter_filters(to="[]", of="{}", comment="What the search was narrowed to, as in company=Acme")
    op.add_column(
        "query_logs",
        sa.Column(
            "visitor", sa.Text(), nullable=True, comment="Keyed hash of who asked; null when nobody was told apart"
        ),
    )
    op.add_column(
        "query_logs",
        sa.Column(
            "source",
            sa.Text(),
            server_default=sa.text("'cli'"),
            nullable=False,
            comment="Where it was asked: cli, api or page",
        ),
    )
    op.add_column(
        "query_logs",
        sa.Column(
            "coverage",
            sa.Float(),
            nullable=True,
            comment="Share of the question's words, rare ones weighing more, that stand in the best hit",
        ),
    )


def _alter_filters(*, to: str, of: str, comment: str | None) -> None:
    """Nothing wrote filters before: only the default and the comment change."""
    op.alter_column(
        "query_logs",
        "filters",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        existing_nullable=False,
        existing_server_default=sa.text(f"'{of}'::jsonb"),
        server_default=sa.text(f"'{to}'::jsonb"),
        existing_comment=None,
        comment=comment,
    )


def _create_retrieval_evaluations() -> None:
    op.create_table(
        "retrieval_evaluations",
        sa.Column("retrieval_evaluation_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "content_hash", sa.LargeBinary(), nullable=False, comment="The state, as in generations.content_hash"
        ),
        sa.Column("questions_hash", sa.LargeBinary(), nullable=False, comment="sha256 of the questions file"),
        sa.Column("recipe", sa.Text(), nullable=False, comment="How hits were found and ranked"),
        sa.Column("mode", sa.Text(), nullable=False, comment="hybrid, vector or lexical"),
        sa.Column("generation", sa.Integer(), nullable=True, comment="The generation searched; null for a candidate"),
        sa.Column("questions", sa.Integer(), nullable=False, comment="Questions in the file"),
        sa.Column(
            "answerable",
            sa.Integer(),
            nullable=False,
            comment="Those that the content answers; shares are of these",
        ),
        *(sa.Column(name, sa.Float(), nullable=False, comment=comment) for name, comment in FIGURES),
        sa.Column(
            "ranks",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Rank of the first relevant hit by question id; null: none among ten",
        ),
        sa.Column(
            "failures",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="Questions without a relevant passage among five hits",
        ),
        sa.Column(
            "accepted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether a person let it be published below the bar",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("retrieval_evaluation_id", name=op.f("pk_retrieval_evaluations")),
        sa.UniqueConstraint(
            "content_hash",
            "questions_hash",
            "recipe",
            "mode",
            name=op.f("uq_retrieval_evaluations_content_hash_questions_hash_recipe_mode"),
        ),
        comment="What the golden questions found in a state of the index; publishing asks for it",
    )


FIGURES = (
    ("hit_at_1", "Share with a relevant passage as the first hit"),
    ("hit_at_5", "Share with one among the first five"),
    ("hit_at_10", "Share with one among the first ten"),
    ("mrr_at_10", "Mean reciprocal rank of the first relevant hit of ten"),
    ("recall_at_10", "Mean share of the relevant passages among ten hits"),
    ("p50_ms", "Median milliseconds of a search"),
    ("p95_ms", "95th percentile of the milliseconds"),
)


def downgrade() -> None:
    op.drop_column("query_logs", "coverage")
    op.drop_column("query_logs", "source")
    op.drop_column("query_logs", "visitor")
    _alter_filters(to="{}", of="[]", comment=None)
    op.drop_table("retrieval_evaluations")
