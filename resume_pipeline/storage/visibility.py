"""What "visible at a generation" means, in one place, for every statement that asks it."""

from sqlalchemy import ColumnElement, and_, or_

from resume_pipeline.storage.models import Document

VISIBLE = "d.published_in <= :generation AND (d.retired_in IS NULL OR d.retired_in > :generation)"
"""The same for statements written as text, of a document ``d`` at :generation."""


def visible_at(generation: int) -> ColumnElement[bool]:
    """Documents that visitors see while this generation is live: published in it or before, not retired by then."""
    return and_(
        Document.published_in <= generation, or_(Document.retired_in.is_(None), Document.retired_in > generation)
    )
