"""What "visible at a generation" means, in one place, for every statement that asks it."""

from sqlalchemy import ColumnElement, and_, or_

from resume_pipeline.storage.models import Document


def visible_at(generation: int) -> ColumnElement[bool]:
    """Documents that visitors see while this generation is live: published in it or before, not retired by then."""
    return and_(
        Document.published_in <= generation, or_(Document.retired_in.is_(None), Document.retired_in > generation)
    )
