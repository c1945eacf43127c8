"""Remember what embedding cost, and which generation shows another's documents with another model.

Revision: 5d0c9e17b2a4, after d92b6f0c3e15. Created 2026-11-22 20:10:00 UTC.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5d0c9e17b2a4"
down_revision: str | None = "d92b6f0c3e15"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MODEL_OF_GENERATION = "fk_generations_embedding_model_id_embedding_models"


def upgrade() -> None:
    op.create_table(
        "embedding_spending",
        sa.Column("spending_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "run_id", sa.Text(), nullable=False, comment="The run it was spent in: Dagster's id, or a random one"
        ),
        sa.Column(
            "embedding_model", sa.Text(), nullable=False, comment="The model's name, which may be removed meanwhile"
        ),
        sa.Column(
            "lane", sa.Text(), nullable=False, comment="direct: a request; batch: the Batch API at half the price"
        ),
        sa.Column("inputs", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False, comment="Tokens the provider charges for"),
        sa.Column(
            "cost_usd", sa.Numeric(precision=20, scale=12), nullable=True, comment="Null when the price was not known"
        ),
        sa.CheckConstraint("lane IN ('direct', 'batch')", name=op.f("ck_embedding_spending_lane_known")),
        sa.PrimaryKeyConstraint("spending_id", name=op.f("pk_embedding_spending")),
        comment="What embedding cost, a row per answer, written together with its vectors",
    )
    op.create_index("ix_embedding_spending_spent_at", "embedding_spending", ["spent_at"], unique=False)
    op.create_index("ix_embedding_spending_run_id", "embedding_spending", ["run_id"], unique=False)
    op.add_column(
        "generations",
        sa.Column(
            "documents_of",
            sa.Integer(),
            nullable=True,
            comment="Made by `models serve`: the generation whose documents it shows with another model",
        ),
    )
    op.alter_column(
        "generations",
        "embedding_model_id",
        existing_type=sa.Integer(),
        nullable=True,
        comment="Null when its model was removed: it cannot be returned to",
    )
    op.drop_constraint(MODEL_OF_GENERATION, "generations", type_="foreignkey")
    op.create_foreign_key(
        MODEL_OF_GENERATION,
        "generations",
        "embedding_models",
        ["embedding_model_id"],
        ["embedding_model_id"],
        ondelete="SET NULL",
    )


def downgrade() -> None:
    op.drop_constraint(MODEL_OF_GENERATION, "generations", type_="foreignkey")
    op.create_foreign_key(
        MODEL_OF_GENERATION, "generations", "embedding_models", ["embedding_model_id"], ["embedding_model_id"]
    )
    # A generation without a model cannot be shown by the older code either.
    op.execute("DELETE FROM generations WHERE embedding_model_id IS NULL")
    op.alter_column(
        "generations",
        "embedding_model_id",
        existing_type=sa.Integer(),
        existing_comment="Null when its model was removed: it cannot be returned to",
        nullable=False,
        comment=None,
    )
    op.drop_column("generations", "documents_of")
    op.drop_index("ix_embedding_spending_run_id", table_name="embedding_spending")
    op.drop_index("ix_embedding_spending_spent_at", table_name="embedding_spending")
    op.drop_table("embedding_spending")
