"""One answer under way: its place and its money are taken, its events pass by, and its end is logged and counted."""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from resume_pipeline.api import budget
from resume_pipeline.api.access import Asker
from resume_pipeline.api.context import Context
from resume_pipeline.api.event_stream import EventThread, logger
from resume_pipeline.api.problems import Refused
from resume_pipeline.domain.answers import Answer, AnswerDone, AnswerEvent, Source, SourcesFound, Turn
from resume_pipeline.domain.filters import Filter
from resume_pipeline.retrieval.query_log import Asked

TICK_SECONDS = 0.5
LAST_SECONDS = 2.0
"""Before the server may be killed, for the last words of a stream that did not end in time."""


@dataclass
class AnswerRun:
    """A question that was let in; ``events`` runs on a thread and sets ``answer_id`` before the last event."""

    api: Context
    asker: Asker
    question: str
    history: Sequence[Turn]
    filters: Sequence[Filter]
    reservation: budget.Reservation | None
    answer_id: str | None = None
    _sources: Sequence[Source] = ()
    _generation: int | None = None
    _started: float = field(default_factory=time.perf_counter)
    _closing_since: float | None = None

    def start(self) -> EventThread[AnswerEvent]:
        """Begin, on a thread; the place is given back when that has ended."""
        return EventThread(self._events, self.api.end_answer)

    def interruption(self) -> Refused | None:
        """Why this must end now, if it must: its time is over, or that of the process."""
        settings = self.api.settings
        now = time.perf_counter()
        if now - self._started > settings.answer_seconds + LAST_SECONDS:
            return Refused(504, "The answer took longer than it may. Try again.", retry_after=1)
        if self.api.closing.is_set():
            self._closing_since = self._closing_since or now
            if now - self._closing_since >= max(
                settings.shutdown_seconds - LAST_SECONDS, settings.shutdown_seconds / 2
            ):
                return Refused(503, "This server is about to stop. Ask again.", retry_after=2)
        return None

    def _events(self) -> Iterator[AnswerEvent]:
        ended = "the reader went away, or its time was over"
        answer: Answer | None = None
        stream: Iterator[AnswerEvent] | None = None
        try:
            stream = self.api.parts.answerer.stream(self.question, history=self.history, filters=self.filters)
            for event in stream:
                if isinstance(event, SourcesFound):
                    self._sources, self._generation = event.sources, event.generation
                if isinstance(event, AnswerDone):
                    answer = event.answer
                    # Before the reader has it: the next question of the same asker then finds all of it counted.
                    self._settle(answer.usage.cost_usd)
                    self._log(answer)
                    self.api.metrics.answered(answer)
                yield event
        except Exception as error:
            ended = type(error).__name__
            raise
        finally:
            if isinstance(stream, Generator):
                stream.close()  # first of all: it may hold a connection to the chat model
            if answer is None:
                self._settle(None)
                self.api.metrics.answer_seconds.labels("failed").observe(time.perf_counter() - self._started)
                self._log(ended)

    def _settle(self, cost_usd: float | None) -> None:
        if self.reservation is not None:
            self.reservation.settle(None if cost_usd is None else Decimal(str(cost_usd)))

    def _log(self, outcome: Answer | str) -> None:
        asked = Asked(
            question=self.question,
            filters=[one.shown for one in self.filters],
            visitor=self.asker.name,
            generation=self._generation,
            milliseconds=(time.perf_counter() - self._started) * 1000,
        )
        self.answer_id, problem = self.asker.log(self.api).record_answer(asked, self._sources, outcome)
        if problem is not None:
            self.api.metrics.log_failures.inc()
            logger.warning("%s", problem)


async def begin(
    api: Context, asker: Asker, question: str, history: Sequence[Turn], filters: Sequence[Filter]
) -> AnswerRun:
    """A question let in, with its place and its part of today's limits.

    Raises:
        Refused: 503, no place is free; 429, a limit of today is reached.
    """
    api.begin_answer()
    try:
        usd = api.settings.answer_reserve_usd if api.settings.chat_model else Decimal(0)
        limits = asker.daily_limits(api)
        taken = await api.threads.run(lambda: budget.take(api.parts.sessions, limits, usd)) if limits else None
    except BaseException as error:
        api.end_answer()
        if isinstance(error, Refused) and error.status == 429:
            api.metrics.refused("day")
        raise
    return AnswerRun(api, asker, question, history, filters, taken)
