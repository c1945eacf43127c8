"""From settings to the answerer."""

from resume_pipeline.answering.answerer import Answerer
from resume_pipeline.bootstrap import retriever
from resume_pipeline.settings import Settings
from resume_pipeline.storage.engine import Engine


def answerer(engine: Engine, settings: Settings) -> Answerer:
    """The answerer over a database.

    Raises:
        ConfigurationError: the reranker or the chat model needs something that is not there.
    """
    return Answerer(retriever(engine, settings), settings.content_url)
