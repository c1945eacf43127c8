"""What was asked and not found, from the query log, and the end of what is kept there too long.

A gap is open until the content answers it: the questions are asked again of what is live now.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from resume_pipeline.domain.content_gaps import AskedQuestion, ContentGap, find_gaps
from resume_pipeline.domain.filters import parse_filter
from resume_pipeline.errors import InvalidFilterError
from resume_pipeline.retrieval.retriever import Retriever
from resume_pipeline.storage.engine import Sessions
from resume_pipeline.storage.query_log import asked_questions, delete_queries

MAX_ASKED_AGAIN = 200
"""The gaps that are asked again, most often asked first; one takes some 10 ms."""


@dataclass(frozen=True, slots=True)
class GapsReport:
    """Questions in the log, those of them that were not found, and the gaps still open, most often asked first.

    ``closed`` gaps are answered by what is live now; ``forgotten`` questions were deleted for their age.
    """

    questions: int
    not_found: int
    gaps: list[ContentGap]
    closed: int = 0
    forgotten: int = 0
    seconds: float = 0.0


def content_gaps(sessions: Sessions, retriever: Retriever, *, forget_after_days: int | None = None) -> GapsReport:
    """The gaps in what is kept; with ``forget_after_days``, older questions are deleted first.

    Raises:
        PublishError: nothing is live, so that nothing can be asked again.
    """
    started = time.monotonic()
    forgotten = 0
    if forget_after_days is not None:
        with sessions.begin() as session:
            forgotten = delete_queries(session, older_than_days=forget_after_days)
    counts = {True: 0, False: 0}

    def counted(asked: AskedQuestion) -> AskedQuestion:
        counts[asked.found] += 1
        return asked

    with sessions() as session:
        found = find_gaps(counted(asked) for asked in asked_questions(session))
    still_open = [*_asked_again(retriever, found[:MAX_ASKED_AGAIN]), *found[MAX_ASKED_AGAIN:]]
    return GapsReport(
        questions=sum(counts.values()),
        not_found=counts[False],
        gaps=still_open,
        closed=len(found) - len(still_open),
        forgotten=forgotten,
        seconds=time.monotonic() - started,
    )


def _asked_again(retriever: Retriever, gaps: list[ContentGap]) -> Iterator[ContentGap]:
    """Those gaps that what is live now does not close, with what is nearest now."""
    for gap in gaps:
        try:
            result = retriever.search(gap.question, limit=1, filters=[parse_filter(text) for text in gap.filters])
        except InvalidFilterError:  # it was allowed when it was asked
            yield gap
            continue
        nearest = result.hits[0].path if result.hits else None
        now = AskedQuestion(gap.question, gap.filters, len(result.hits), result.coverage, nearest, gap.last_asked)
        if not now.found:
            yield replace(gap, nearest=nearest, coverage=result.coverage)
