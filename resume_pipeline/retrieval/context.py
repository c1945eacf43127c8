"""Hits with what stands beside them: small chunks are found more exactly, their section makes them understood."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from resume_pipeline.domain.excerpts import Excerpt, grow
from resume_pipeline.retrieval.hits import Hit
from resume_pipeline.storage.engine import Sessions, driver_errors
from resume_pipeline.storage.neighbours import load_pieces


def excerpts(sessions: Sessions, hits: Sequence[Hit], *, reach: int = 1, max_tokens: int = 900) -> list[Excerpt]:
    """Excerpts in the order of the hits; those that would touch share one, whose ``hits`` says which.

    Each hit takes up to ``reach`` chunks of its section on either side, while it has at most ``max_tokens``
    (cl100k_base).
    """
    with driver_errors(), sessions() as session:
        places = [(hit.document_id, hit.chunk_index) for hit in hits]
        found = load_pieces(session, places)
        # A hit whose document was deleted since has no piece any more; the others keep their numbers.
        kept = [number for number, place in enumerate(places) if place in found]
        pieces = [found[places[number]] for number in kept]
        grown = grow(pieces, partial(load_pieces, session), reach=reach, max_tokens=max_tokens)
    return [replace(excerpt, hits=tuple(kept[hit] for hit in excerpt.hits)) for excerpt in grown]
