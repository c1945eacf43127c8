"""All stages over a folder in one call, for an index that is nobody's live one: schema, documents, …, generation.

The live index is made by the graph, which has checks between the stages and a history; this is for scratch databases.
"""

from dataclasses import dataclass

from resume_pipeline.domain.documents import TokenCounter
from resume_pipeline.domain.quality import QualityBar
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.ingestion.chunks import chunk_documents
from resume_pipeline.ingestion.documents import record_documents
from resume_pipeline.ingestion.embeddings import embed_chunks
from resume_pipeline.ingestion.indexing import IndexWish, build_vector_index
from resume_pipeline.ingestion.lexical_index import build_lexical_index
from resume_pipeline.ingestion.progress import Progress, silent
from resume_pipeline.ingestion.publishing import publish
from resume_pipeline.ingestion.quality import QualityDemand
from resume_pipeline.ingestion.reading import ContentRoot
from resume_pipeline.ingestion.reports import DocumentsReport, EmbeddingsReport, PublishReport
from resume_pipeline.ingestion.writing import writing
from resume_pipeline.storage.engine import Engine
from resume_pipeline.storage.migrations import upgrade

NO_DEMAND = QualityDemand(QualityBar(0.0, 1.0), None, "")


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How the indexes are made: the vector index, and the text search configuration of the lexical one."""

    vector: IndexWish
    text_search: str


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What the stages said."""

    documents: DocumentsReport
    embeddings: EmbeddingsReport
    published: PublishReport


def ingest_folder(
    engine: Engine,
    root: ContentRoot,
    embedder: Embedder,
    count_tokens: TokenCounter,
    options: IndexOptions,
    *,
    timeout_seconds: float,
    progress: Progress = silent,
) -> FolderReport:
    """Bring a database to what the folder holds now, and make that its live generation; only what changed is worked on.

    Files that are gone need no confirmation, and no golden questions are asked: nobody visits this index.

    Raises:
        ContentRootError: the folder is missing or could not be listed.
        BusyError: another process reads the same folder and does not finish in time.
    """
    upgrade(engine)
    with writing(engine, timeout_seconds=timeout_seconds) as sessions:
        documents = record_documents(sessions, root, max_loss_share=1.0, confirm_deletions=True, progress=progress)
        chunk_documents(sessions, count_tokens, progress=progress)
        embeddings = embed_chunks(sessions, embedder, progress=progress)
        build_vector_index(
            sessions,
            embedder.name,
            kind=options.vector.kind,
            exact_limit=options.vector.exact_limit,
            recall_target=options.vector.recall_target,
        )
        build_lexical_index(sessions, options.text_search, progress=progress)
        published = publish(sessions, embedder.name, min_coverage=0.0, quality=NO_DEMAND, forward=True)
    return FolderReport(documents, embeddings, published)
