"""The answerer: question in, events out, the last of which holds the whole answer.

What is found is weighed by ``answering.evidence``; a chat model writes (``answering.writing``), or sentences are quoted
(``answering.extractive``). Nothing leaves here that was not checked against the content.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from resume_pipeline.answering.evidence import Weighed, features, weigh
from resume_pipeline.answering.extractive import best_sentences, quoting
from resume_pipeline.answering.quoting import nearest, source_of
from resume_pipeline.answering.writing import ChatWriter
from resume_pipeline.domain.addressing import without_orders
from resume_pipeline.domain.answers import (
    Answer,
    AnswerDone,
    AnswerEvent,
    CitationFound,
    DeclineReason,
    Source,
    SourcesFound,
    TextAdded,
    Turn,
    Usage,
)
from resume_pipeline.domain.evidence import Kind, answerable, kind_of_content
from resume_pipeline.domain.filters import Filter
from resume_pipeline.domain.follow_ups import search_question
from resume_pipeline.embedding.base import Embedder
from resume_pipeline.errors import ChatAccessError, ChatError
from resume_pipeline.retrieval.hits import SearchResult
from resume_pipeline.retrieval.lexemes import lexemes_of, shape_of
from resume_pipeline.retrieval.retriever import Retriever

DECLINED = "The content does not say."
UNREACHABLE = "The chat model is not reachable at the moment, so this answer quotes the content instead."
BROKEN_OFF = "The chat model's answer broke off; what it said until then was checked."
BAR = 0.5
"""The least probability at which sentences are quoted as an answer; the weights have the bar in them."""
LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Progress:
    """What an answer is made of so far."""

    question: str
    result: SearchResult
    sources: list[Source]
    started: float
    answer: Answer


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from one retriever.

    ``content_url`` is where the content root can be read by everybody. ``writer`` None quotes (``extractive``).
    ``measure`` gives the local embeddings that evidence is weighed with, None where there are none.
    """

    retriever: Retriever
    content_url: str | None = None
    hits: int = 8
    writer: ChatWriter | None = None
    measure: Callable[[], Embedder | None] = lambda: None
    kinds: dict[int, Kind] = field(default_factory=dict)
    """The kind of content of each generation that was asked."""

    @property
    def model(self) -> str:
        """Who writes: ``extractive``, or the chat model's name."""
        return self.writer.model if self.writer is not None else "extractive"

    def stream(
        self, question: str, *, history: Sequence[Turn] = (), filters: Sequence[Filter] = ()
    ) -> Iterator[AnswerEvent]:
        """The events of an answer: ``SourcesFound`` first, ``AnswerDone`` last. Closing the iterator stops the work.

        A chat model that fails before anything was shown gives way to quoting; the answer's ``notice`` says so.

        Raises:
            PublishError: nothing is published yet.
            EmbeddingError: the question cannot be embedded.
            DatabaseUnavailableError: Postgres cannot be reached.
        """
        started = time.perf_counter()
        meant = without_orders(question)
        asked = search_question(meant, history) if meant else ""
        result = self.retriever.search(asked or question, limit=self.hits, filters=filters)
        sources = [source_of(number, hit, self.content_url) for number, hit in enumerate(result.hits, 1)]
        progress = _Progress(asked, result, sources, started, self._empty(result, bool(sources)))
        if asked and sources and self.writer is not None:
            sources = self.writer.sources(result.hits, sources)
            progress.sources = sources
        yield SourcesFound(sources, result.generation, self.model)
        if asked and sources:
            yield from self._body(progress, meant, history)
        if not progress.answer.answered:
            progress.answer = replace(
                progress.answer, text=DECLINED, citations=(), nearest=nearest(progress.sources), answered=False
            )
            yield TextAdded(DECLINED)
        milliseconds = (time.perf_counter() - started) * 1000
        yield AnswerDone(replace(progress.answer, milliseconds=milliseconds))

    def answer(self, question: str, *, history: Sequence[Turn] = (), filters: Sequence[Filter] = ()) -> Answer:
        """The whole answer; see ``stream``."""
        for event in self.stream(question, history=history, filters=filters):
            if isinstance(event, AnswerDone):
                return event.answer
        raise AssertionError("an answer ends with AnswerDone")

    def _body(self, progress: _Progress, question: str, history: Sequence[Turn]) -> Iterator[AnswerEvent]:
        if self.writer is None:
            yield from self._quote(progress)
            return
        try:
            yield from self._write(self.writer, progress, question, history)
        except ChatError as error:
            # Operators read the reason, visitors that there is one; the message has no secrets (``chat``).
            level = logging.ERROR if isinstance(error, ChatAccessError) else logging.WARNING
            LOG.log(level, "The chat model did not answer: %s", error)
            if progress.answer.text:
                progress.answer = replace(progress.answer, notice=BROKEN_OFF)
            else:
                progress.answer = replace(progress.answer, notice=UNREACHABLE, quoted=True, model="extractive")
                progress.sources = [
                    source_of(number, hit, self.content_url) for number, hit in enumerate(progress.result.hits, 1)
                ]
                yield from self._quote(progress)

    def _quote(self, progress: _Progress) -> Iterator[AnswerEvent]:
        weighed = weigh(progress.result.hits, lambda texts: lexemes_of(self.retriever.sessions, texts))
        if self.probability(progress.question, progress.result, weighed) < BAR:
            return
        idf = {term.lexeme: term.idf for term in progress.result.terms}
        chosen = best_sentences(progress.question, idf, weighed, progress.sources, self.measure())
        yield from self._noted(progress, quoting(chosen))

    def _write(
        self, writer: ChatWriter, progress: _Progress, question: str, history: Sequence[Turn]
    ) -> Iterator[AnswerEvent]:
        task = writer.task(question, history, progress.sources)
        written = task.events()
        try:
            yield from self._noted(progress, written)
        finally:
            written.close()
            progress.answer = replace(progress.answer, dropped=task.dropped, usage=task.usage)
            if task.dropped and not progress.answer.answered:
                progress.answer = replace(progress.answer, reason="unsupported")

    def _noted(self, progress: _Progress, events: Iterator[CitationFound | TextAdded]) -> Iterator[AnswerEvent]:
        """The events, and what they add to the answer."""
        for event in events:
            answer = progress.answer
            if isinstance(event, CitationFound):
                progress.answer = replace(answer, citations=(*answer.citations, event.citation))
            else:
                progress.answer = replace(answer, text=answer.text + event.text, answered=True, reason=None)
            yield event

    def probability(self, question: str, result: SearchResult, weighed: Sequence[Weighed]) -> float:
        """How probable it is that the hits (at least one) answer the question."""
        found = features(question, result, weighed, self.measure())
        return answerable(found, self._kind(result.generation))

    def _kind(self, generation: int) -> Kind:
        if generation not in self.kinds:
            shape = shape_of(self.retriever.sessions, generation)
            self.kinds[generation] = kind_of_content(shape.documents, shape.chunks, shape.with_facts)
        return self.kinds[generation]

    def _empty(self, result: SearchResult, found: bool) -> Answer:
        reason: DeclineReason = "thin_evidence" if found else "no_hits"
        quoted = self.writer is None
        return Answer("", False, (), (), self.model, result.generation, 0.0, quoted, reason, 0, Usage())
