"""What "visible" means, in one place, for every statement that asks it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_

from resume_pipeline.storage.models import Document

VISIBLE = "d.published_in <= :generation AND (d.retired_in IS NULL OR d.retired_in > :generation)"
"""For statements written as text: document ``d`` is visible at :generation."""

WANTED = "EXISTS (SELECT FROM source_files s WHERE s.document_id = d.document_id)"
"""Document ``d`` belongs to the candidate: it is wanted in the next generation."""


@dataclass(frozen=True, slots=True)
class SearchScope:
    """What a search sees: a published generation, or (``generation`` None) the candidate; and whose vectors.

    ``model`` is the name of the embedding model.
    """

    model: str
    generation: int | None

    @property
    def condition(self) -> str:
        """SQL on a document ``d``; takes :generation."""
        return WANTED if self.generation is None else VISIBLE


def visible_at(generation: int) -> ColumnElement[bool]:
    """Documents that visitors see while this generation is live: published in it or before, not retired by then."""
    return and_(
        Document.published_in <= generation, or_(Document.retired_in.is_(None), Document.retired_in > generation)
    )
