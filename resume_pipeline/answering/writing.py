"""A chat model's answer, checked sentence by sentence while it streams.

A sentence is held back until its markers are complete. It is shown when every check holds: a marker names a passage
that was given, its quote stands there, the sentence says no number, date or name that is not beside the quote, and
it is no echo of the instructions. All others are counted and never shown.
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from resume_pipeline.answering.prompt import INSTRUCTIONS, NO_ANSWER, answer_messages, without_addressing
from resume_pipeline.answering.quoting import cite
from resume_pipeline.chat.base import ChatModel, ChatUsage
from resume_pipeline.chat.prices import cost_usd
from resume_pipeline.domain.addressing import addresses_assistant
from resume_pipeline.domain.answers import Citation, CitationFound, Source, TextAdded, Turn, Usage
from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.citations import find_quote, unsupported
from resume_pipeline.domain.folding import fold
from resume_pipeline.domain.marked_text import Claim, MarkedText
from resume_pipeline.domain.sentences import sentences
from resume_pipeline.retrieval.context import excerpts
from resume_pipeline.retrieval.hits import Hit
from resume_pipeline.storage.engine import Sessions

ECHO_WORDS = 7
"""A run of so many words of the instructions in a sentence is an echo of them."""


_NO_WORDS = re.compile(r"[\[\]]|<\s*[a-zA-Z/!?]|[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b-\u001f\u007f]")


@dataclass(frozen=True, slots=True)
class ChatWriter:
    """How a chat model is asked: its limits, and what its tokens cost (``prices`` as in RESUME_PRICES)."""

    chat: ChatModel
    sessions: Sessions
    count_tokens: Callable[[str], int]
    context_tokens: int = 3000
    answer_tokens: int = 700
    answer_seconds: float = 60.0
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    own_server: bool = False

    @property
    def model(self) -> str:
        """The chat model's name."""
        return self.chat.name

    def sources(self, hits: Sequence[Hit], sources: Sequence[Source]) -> list[Source]:
        """The passages for the model: hits with their neighbours, numbered anew, as many as the context holds.

        The first is always there. What addresses an assistant is taken out of each.
        """
        budget = self.context_tokens
        found: list[Source] = []
        for excerpt in excerpts(self.sessions, hits, max_tokens=max(200, self.context_tokens // 3)):
            hit = sources[excerpt.hits[0]]
            source = replace(
                hit,
                number=len(found) + 1,
                heading_path=excerpt.heading_path,
                start_line=excerpt.start_line,
                end_line=excerpt.end_line,
                text=without_addressing(excerpt.content),
            )
            tokens = self.count_tokens(" ".join([source.title, *source.heading_path, source.path, source.text])) + 40
            if found and tokens > budget:
                break
            budget -= tokens
            found.append(source)
        return found

    def task(self, question: str, history: Sequence[Turn], sources: Sequence[Source]) -> "WritingTask":
        """One answer to write."""
        return WritingTask(self, question, history, sources)


@dataclass(slots=True)
class WritingTask:
    """One answer: ``events`` once, then ``dropped`` and ``usage``."""

    writer: ChatWriter
    question: str
    history: Sequence[Turn]
    sources: Sequence[Source]
    dropped: int = 0
    usage: Usage = field(default_factory=Usage)
    _citations: dict[tuple[int, str], Citation] = field(default_factory=dict)
    _shown: bool = False

    def events(self) -> Generator[CitationFound | TextAdded, None, None]:
        """Citations and checked sentences as they come. Closing it ends the request.

        Raises:
            ChatError: the model did not answer, or not to its end.
        """
        writer = self.writer
        messages = answer_messages(self.question, self.history, self.sources)
        pieces = writer.chat.stream(messages, max_tokens=writer.answer_tokens, timeout_seconds=writer.answer_seconds)
        # What broke off, or was not counted by the server, is not known to be free.
        self.usage = Usage(cost_usd=None)
        text = MarkedText()
        told = ""
        try:
            for piece in pieces:
                if isinstance(piece, ChatUsage):
                    self._count(piece)
                    continue
                sound = without_unsound(piece)
                told += sound
                for claim in text.feed(sound):
                    yield from self._checked(claim)
        finally:
            pieces.close()
        if told.strip(" .\n\"'*").upper() != NO_ANSWER:
            for claim in text.end():
                yield from self._checked(claim)

    def _checked(self, claim: Claim) -> Iterator[CitationFound | TextAdded]:
        """The events of a claim that holds; none, and one more dropped, of one that does not."""
        found = list(self._cited(claim))
        if not found or self._refuted(claim, found):
            self.dropped += claim.text.upper().strip(" .") != NO_ANSWER
            return
        numbers = []
        for citation, _, _ in found:
            key = (citation.start_line, f"{citation.path} {citation.quote}")
            known = self._citations.get(key)
            if known is None:
                known = replace(citation, number=len(self._citations) + 1)
                self._citations[key] = known
                yield CitationFound(known)
            numbers.append(known.number)
        marks = "".join(f"[{number}]" for number in dict.fromkeys(numbers))
        gap = _gap(claim.lead) if self._shown else _gap(claim.lead).lstrip()
        self._shown = True
        yield TextAdded(f"{gap}{claim.text} {marks}")

    def _cited(self, claim: Claim) -> Iterator[tuple[Citation, Source, str]]:
        """(citation, passage, what stands around the quote) of every marker whose quote stands where it says."""
        by_number = {source.number: source for source in self.sources}
        for marker in claim.markers:
            source = by_number.get(marker.number)
            if source is None or marker.quote is None:
                continue
            citation = cite(0, source, marker.quote)
            if citation is not None and not addresses_assistant(citation.quote):
                yield citation, source, _around(source, marker.quote)

    def _refuted(self, claim: Claim, found: Sequence[tuple[Citation, Source, str]]) -> bool:
        evidence = [around for _, _, around in found]
        context = [line for _, source, _ in found for line in (source.title, *source.heading_path)]
        return (
            holds_more_than_words(claim.text, evidence)
            or addresses_assistant(claim.text)
            or echoes(claim.text, INSTRUCTIONS)
            or unsupported(claim.text, evidence, context) is not None
        )

    def _count(self, usage: ChatUsage) -> None:
        writer = self.writer
        cost = cost_usd(writer.model, usage, writer.prices, own_server=writer.own_server)
        self.usage = Usage(usage.prompt_tokens, usage.completion_tokens, cost)


def holds_more_than_words(text: str, evidence: Sequence[str]) -> bool:
    """Whether a claim has links, tags or signs that turn writing round, which no check of words reads.

    A bare address is one that stands in the evidence.
    """
    addresses = re.findall(r"(?:https?://|www\.)[^\s)>\]]+", text)
    known = " ".join(evidence)
    return bool(_NO_WORDS.search(text)) or not all(address.rstrip(".,;:!?") in known for address in addresses)


def echoes(text: str, instructions: str) -> bool:
    """Whether a text repeats seven words or more of the instructions in a row."""
    said = fold(text).split()
    given = f" {fold(instructions)} "
    return any(f" {' '.join(said[at : at + ECHO_WORDS])} " in given for at in range(len(said) - ECHO_WORDS + 1))


def _around(source: Source, quote: str) -> str:
    """The sentences that a quote touches; all of a passage of facts, whose lines belong together."""
    span = find_quote(quote, source.text)
    if span is None or source.kind == "facts":
        return source.text
    touched = [
        sentence.text
        for sentence in sentences(source.text)
        if sentence.last_line >= span.first_line and sentence.first_line <= span.last_line
    ]
    return " ".join(touched) or source.text[span.start : span.end]


def _gap(lead: str) -> str:
    """What stands before a sentence: a blank, a new paragraph, or a new item."""
    item = "- " if lead.strip()[:1] in {"-", "*", "+"} else ""
    if "\n" in lead or item:
        return f"\n{item}" if item else "\n\n"
    return " "
