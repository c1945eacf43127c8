"""The chunks stage: document versions without chunks are cut, whole documents at a time.

How a text is cut is ``domain.chunking``; a document that cannot be cut gives way to its last good version.
"""

import time

from resume_pipeline.domain.chunking import chunk_document
from resume_pipeline.domain.documents import Chunk, TokenCounter
from resume_pipeline.domain.hashing import Shard
from resume_pipeline.domain.markdown import parse_document
from resume_pipeline.domain.recipe import parse_recipe
from resume_pipeline.ingestion.progress import Progress, silent
from resume_pipeline.ingestion.reading import title_from_path
from resume_pipeline.ingestion.reports import ChunksReport, Note
from resume_pipeline.storage.chunks import candidate_chunks, insert_chunks
from resume_pipeline.storage.content_manifest import reject_version
from resume_pipeline.storage.documents import StoredDocument, load_documents, unchunked_ids
from resume_pipeline.storage.engine import Sessions

BATCH_DOCUMENTS = 100
STAGE = "document_chunks"


def chunk_documents(
    sessions: Sessions, count_tokens: TokenCounter, *, shard: Shard | None = None, progress: Progress = silent
) -> ChunksReport:
    """Cut every wanted document version that has no chunks; a batch is committed whole or not at all."""
    started = time.monotonic()
    with sessions() as session:
        ids = unchunked_ids(session, shard)
    new, errors = 0, list[Note]()
    for start in range(0, len(ids), BATCH_DOCUMENTS):
        with sessions.begin() as session:
            pieces = []
            for document in list(load_documents(session, ids[start : start + BATCH_DOCUMENTS])):
                chunks = cut_or_none(document, count_tokens)
                if chunks is not None:
                    pieces.append((document.document_id, chunks))
                    continue
                errors.append(Note(document.source_path, "It could not be cut into chunks. Please report it."))
                error = {"line": None, "reason": errors[-1].reason, "stage": "chunks"}
                reject_version(session, document.document_id, error)
            new += insert_chunks(session, pieces)
        progress(STAGE, min(start + BATCH_DOCUMENTS, len(ids)), len(ids))
    with sessions() as session:
        totals = candidate_chunks(session, shard)
    return ChunksReport(
        total=totals.chunks,
        new=new,
        documents=totals.documents,
        documents_cut=len(ids) - len(errors),
        tokens=totals.tokens,
        max_tokens=totals.max_tokens,
        errors=errors,
        seconds=time.monotonic() - started,
    )


def cut_or_none(document: StoredDocument, count_tokens: TokenCounter) -> list[Chunk] | None:
    """The chunks of a document version; None when it cannot be cut, whatever is wrong with it."""
    try:
        parsed = parse_document(document.body, fallback_title=title_from_path(document.source_path))
        limits = parse_recipe(document.recipe).limits
        return chunk_document(parsed, limits=limits, count_tokens=count_tokens) or None
    except Exception:  # one bad file is one bad file
        return None
