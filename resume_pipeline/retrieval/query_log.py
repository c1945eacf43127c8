"""Logging a search after it was answered: what was asked and found, and never a reason for the search to fail.

The shells call this; what a row holds is ``storage.query_log``. Who asked is kept as a keyed hash or not at all.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from resume_pipeline.domain.answers import Answer, Source
from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.hashing import visitor_hash
from resume_pipeline.retrieval.retriever import SearchMode, SearchResult
from resume_pipeline.storage.engine import Sessions, driver_errors
from resume_pipeline.storage.query_log import LoggedAnswer, LoggedQuery, insert_query

MAX_QUESTION_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was asked: by whom (``visitor``: what tells visitors apart), of what, and how long it took."""

    question: str
    filters: Sequence[str] = ()
    visitor: str | None = None
    generation: int | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class QueryLog:
    """Where questions are kept; ``on`` false keeps none. ``key`` gives the key of visitors' hashes when one is needed.

    ``source`` says which shell asks: cli, api, page or mcp.
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
        hits = [
            {
                "path": hit.path,
                "chunk_index": hit.chunk_index,
                "score": hit.score,
                "vector_score": hit.vector_score,
                "lexical_score": hit.lexical_score,
            }
            for hit in result.hits
        ]
        asked = Asked(question, filters, visitor, result.generation, result.milliseconds)
        return self._write(asked, hits, mode=mode, coverage=result.coverage)

    def record_answer(
        self, asked: Asked, sources: Sequence[Source], outcome: Answer | str
    ) -> tuple[str | None, str | None]:
        """Keep a question that was answered, or why its answer broke off; (the id of the answer, why it was not kept).

        The id is random: it is given to the asker alone, who may rate the answer by it. None when nothing is kept.
        """
        if not self.on:
            return None, None
        answer_id = uuid.uuid4()
        hits = [
            {"path": source.path, "start_line": source.start_line, "end_line": source.end_line} for source in sources
        ]
        problem = self._write(asked, hits, mode="hybrid", answer=_logged(answer_id, outcome))
        return (str(answer_id), None) if problem is None else (None, problem)

    def _write(
        self,
        asked: Asked,
        hits: Sequence[Mapping[str, Any]],
        *,
        mode: SearchMode,
        coverage: float | None = None,
        answer: LoggedAnswer | None = None,
    ) -> str | None:
        try:
            query = LoggedQuery(
                question=without_unsound(asked.question)[:MAX_QUESTION_CHARACTERS],
                mode=mode,
                filters=asked.filters,
                hits=hits,
                generation=asked.generation,
                milliseconds=asked.milliseconds,
                coverage=coverage,
                visitor=visitor_hash(self.key(), asked.visitor) if asked.visitor is not None else None,
                source=self.source,
            )
            with driver_errors(), self.sessions.begin() as session:
                insert_query(session, query, answer)
        except Exception as error:  # whatever is wrong with the log, the visitor has an answer
            return f"The query log was not written: {error}"
        return None


def _logged(answer_id: uuid.UUID, outcome: Answer | str) -> LoggedAnswer:
    if isinstance(outcome, str):
        return LoggedAnswer(answer_id, "failed", outcome, "")
    usage = outcome.usage
    return LoggedAnswer(
        answer_id=answer_id,
        state="answered" if outcome.answered else "declined",
        reason=outcome.reason,
        model=outcome.model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost_usd=None if usage.cost_usd is None else Decimal(str(usage.cost_usd)),
        dropped=outcome.dropped,
        citations=[
            {"path": citation.path, "start_line": citation.start_line, "end_line": citation.end_line}
            for citation in outcome.citations
        ],
    )
