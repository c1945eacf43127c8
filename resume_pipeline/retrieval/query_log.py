"""Logging a search after it was answered: what was asked and found, and never a reason for the search to fail.

The shells call this; what a row holds is ``storage.query_log``. Who asked is kept as a keyed hash or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.hashing import visitor_hash
from resume_pipeline.retrieval.retriever import SearchMode, SearchResult
from resume_pipeline.storage.engine import Sessions, driver_errors
from resume_pipeline.storage.query_log import LoggedQuery, insert_query

MAX_QUESTION_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class QueryLog:
    """Where questions are kept; ``on`` false keeps none. ``key`` gives the key of visitors' hashes when one is needed.

    ``source`` says which shell asks: cli, api or page.
    """

    sessions: Sessions
    key: Callable[[], bytes]
    source: str
    on: bool = True

    def record(
        self,
        question: str,
        result: SearchResult,
        *,
        mode: SearchMode,
        filters: Sequence[str] = (),
        visitor: str | None = None,
    ) -> str | None:
        """Keep a question that was answered; None, or why it could not be kept (never an error).

        ``filters`` as a person types them. ``visitor`` is whatever tells visitors apart; only its hash is kept.
        """
        if not self.on:
            return None
        try:
            query = LoggedQuery(
                question=without_unsound(question)[:MAX_QUESTION_CHARACTERS],
                mode=mode,
                filters=filters,
                hits=[
                    {
                        "path": hit.path,
                        "chunk_index": hit.chunk_index,
                        "score": hit.score,
                        "vector_score": hit.vector_score,
                        "lexical_score": hit.lexical_score,
                    }
                    for hit in result.hits
                ],
                generation=result.generation,
                milliseconds=result.milliseconds,
                coverage=result.coverage,
                visitor=visitor_hash(self.key(), visitor) if visitor is not None else None,
                source=self.source,
            )
            with driver_errors(), self.sessions.begin() as session:
                insert_query(session, query)
        except Exception as error:  # whatever is wrong with the log, the visitor has an answer
            return f"The query log was not written: {error}"
        return None
