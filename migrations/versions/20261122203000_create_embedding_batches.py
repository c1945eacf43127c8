"""Create the batches of the Batch API, with the inputs that wait in them.

Revision: 8e41f6d90c27, after 5d0c9e17b2a4. Created 2026-11-22 20:30:00 UTC.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "8e41f6d90c27"
down_revision: str | None = "5d0c9e17b2a4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _create_batches()
    _create_inputs()


def _create_batches() -> None:
    op.create_table(
        "embedding_batches",
        sa.Column("embedding_batch_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("embedding_model_id", sa.Integer(), nullable=False),
        sa.Column(
            "submission_key",
            sa.Text(),
            nullable=False,
            comment="Sent along as metadata: finds a batch again whose id was lost by a kill",
        ),
        sa.Column("batch_id", sa.Text(), nullable=True, comment="The provider's id; null until it answered"),
        sa.Column("status", sa.Text(), nullable=False, comment="The provider's word, as last seen"),
        sa.Column("requests", sa.Integer(), nullable=False, comment="Inputs in it, a request each"),
        sa.Column(
            "answered", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="Inputs with a vector"
        ),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "deadline_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="From then on its inputs are sent directly",
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="Null while it may bring answers"),
        sa.Column("problem", sa.Text(), nullable=True, comment="Why inputs of it have no answer"),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"],
            ["embedding_models.embedding_model_id"],
            name=op.f("fk_embedding_batches_embedding_model_id_embedding_models"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("embedding_batch_id", name=op.f("pk_embedding_batches")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_embedding_batches_submission_key")),
        comment="Batches submitted to the Batch API",
    )


def _create_inputs() -> None:
    op.create_table(
        "embedding_batch_inputs",
        sa.Column("input_hash", sa.LargeBinary(), nullable=False, comment="Its hexadecimal form is the custom_id"),
        sa.Column("embedding_batch_id", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["embedding_batch_id"],
            ["embedding_batches.embedding_batch_id"],
            name=op.f("fk_embedding_batch_inputs_embedding_batch_id_embedding_batches"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("input_hash", "embedding_batch_id", name=op.f("pk_embedding_batch_inputs")),
        comment="Inputs of batches that have no answer: under way, or left for the direct lane",
    )


def downgrade() -> None:
    op.drop_table("embedding_batch_inputs")
    op.drop_table("embedding_batches")
