"""The answerer: question in, events out, the last of which holds the whole answer."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from resume_pipeline.domain.answers import (
    Answer,
    AnswerDone,
    AnswerEvent,
    Citation,
    CitationFound,
    Nearest,
    Source,
    SourcesFound,
    TextAdded,
    Turn,
)
from resume_pipeline.domain.filters import Filter
from resume_pipeline.retrieval.hits import Hit, SearchResult
from resume_pipeline.retrieval.retriever import Retriever

DECLINED = "The content does not say."
MIN_COVERAGE = 0.5
SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers from one retriever. ``content_url`` is where the content root can be read by everybody."""

    retriever: Retriever
    content_url: str | None = None
    hits: int = 8

    def stream(
        self, question: str, *, history: Sequence[Turn] = (), filters: Sequence[Filter] = ()
    ) -> Iterator[AnswerEvent]:
        """The events of an answer: ``SourcesFound`` first, ``AnswerDone`` last. Closing the iterator stops the work.

        Raises:
            PublishError: nothing is published yet.
            EmbeddingError: the question cannot be embedded.
            DatabaseUnavailableError: Postgres cannot be reached.
            ChatError: the chat model did not answer.
        """
        started = time.perf_counter()
        asked = " ".join([*(turn.question for turn in history[-1:]), question])
        result = self.retriever.search(asked, limit=self.hits, filters=filters)
        sources = [self._source(number, hit) for number, hit in enumerate(result.hits, 1)]
        yield SourcesFound(sources, result.generation, "extractive")
        chosen = _best_sentences(question, sources) if (result.coverage or 0) >= MIN_COVERAGE else []
        parts: list[str] = []
        citations: list[Citation] = []
        for source, sentence in chosen:
            citation = _citation(len(citations) + 1, source, sentence)
            citations.append(citation)
            yield CitationFound(citation)
            parts.append(f"{' ' if parts else ''}{sentence} [{citation.number}]")
            yield TextAdded(parts[-1])
        if not parts:
            parts.append(DECLINED)
            yield TextAdded(DECLINED)
        yield AnswerDone(self._answer("".join(parts), citations, result, sources, started))

    def answer(self, question: str, *, history: Sequence[Turn] = (), filters: Sequence[Filter] = ()) -> Answer:
        """The whole answer; see ``stream``."""
        for event in self.stream(question, history=history, filters=filters):
            if isinstance(event, AnswerDone):
                return event.answer
        raise AssertionError("an answer ends with AnswerDone")

    def _answer(
        self, text: str, citations: list[Citation], result: SearchResult, sources: Sequence[Source], started: float
    ) -> Answer:
        return Answer(
            text=text,
            answered=bool(citations),
            citations=tuple(citations),
            nearest=() if citations else tuple(_nearest(source) for source in sources[:3]),
            model="extractive",
            generation=result.generation,
            milliseconds=(time.perf_counter() - started) * 1000,
            quoted=True,
            reason=None if citations else "thin_evidence" if sources else "no_hits",
        )

    def url(self, path: str) -> str | None:
        """Where everybody can read a document; None without a public place."""
        return f"{self.content_url.rstrip('/')}/{quote(path)}" if self.content_url else None

    def _source(self, number: int, hit: Hit) -> Source:
        return Source(
            number=number,
            path=hit.path,
            title=hit.title,
            heading_path=hit.heading_path,
            start_line=hit.start_line,
            end_line=hit.end_line,
            text=hit.content,
            document_id=hit.document_id,
            url=self.url(hit.path),
        )


def _best_sentences(question: str, sources: Sequence[Source]) -> list[tuple[Source, str]]:
    asked = {word for word in re.findall(r"\w+", question.casefold()) if len(word) > 3}
    found = [
        (len(asked & set(re.findall(r"\w+", sentence.casefold()))), -source.number, source, sentence)
        for source in sources
        for sentence in re.split(r"(?<=[.!?])\s+|\n+", source.text)
    ]
    best = sorted((entry for entry in found if entry[0]), key=lambda entry: entry[:2], reverse=True)[:SENTENCES]
    return [(source, sentence.strip()) for _, _, source, sentence in best]


def _citation(number: int, source: Source, quote: str) -> Citation:
    line = source.start_line
    return Citation(number, source.path, source.title, source.heading_path, line, source.end_line, quote, source.url)


def _nearest(source: Source) -> Nearest:
    return Nearest(source.path, source.title, source.heading_path, source.start_line, source.end_line, source.url)
