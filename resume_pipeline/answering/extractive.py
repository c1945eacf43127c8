"""``extractive``: the answer is the best sentences of the hits, word for word, each with its citation."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resume_pipeline.answering.evidence import Weighed
from resume_pipeline.answering.quoting import cite
from resume_pipeline.domain.addressing import addresses_assistant
from resume_pipeline.domain.answers import Citation, CitationFound, Source, TextAdded
from resume_pipeline.domain.citations import stem
from resume_pipeline.domain.folding import words
from resume_pipeline.domain.question_cues import meets_a_cue
from resume_pipeline.domain.sentences import Sentence
from resume_pipeline.embedding.base import Embedder

MOST_SENTENCES = 4
LEAST_SHARE = 0.6
"""Of the best sentence's score; what is below is left out."""
LONGEST_CHARACTERS = 600
"""A longer sentence is a list without line breaks, or a page without full stops."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence to quote, and how well it fits."""

    source: Source
    sentence: Sentence
    score: float
    order: tuple[int, int]


def best_sentences(
    question: str,
    idf: Mapping[str, float],
    weighed: Sequence[Weighed],
    sources: Sequence[Source],
    embedder: Embedder | None,
) -> list[Quoted]:
    """Up to four sentences, those of one source together, the best source first.

    A sentence is scored by the share of the question's lexemes in it (those of title and headings count less), its
    similarity, a cue that it meets, a label that is asked for, and its hit's place.
    """
    candidates = [
        (number, place, sentence)
        for number, one in enumerate(weighed)
        for place, sentence in enumerate(one.sentences)
        if len(sentence.text) <= LONGEST_CHARACTERS and not addresses_assistant(sentence.text)
    ]
    if not candidates:
        return []
    near = _similar(question, [sentence.text for _, _, sentence in candidates], embedder)
    total = sum(idf.values()) or 1.0
    found = []
    for (number, place, sentence), similarity in zip(candidates, near, strict=True):
        one = weighed[number]
        own = sum(weight for lexeme, weight in idf.items() if lexeme in one.lexemes[place]) / total
        header = sum(weight for lexeme, weight in idf.items() if lexeme in one.header - one.lexemes[place]) / total
        score = own + 0.4 * header + 0.6 * max(similarity, 0.0) - 0.05 * number
        if own > 0:
            score += 0.1 * meets_a_cue(question, sentence.text) + _label(question, sentence.text, one.hit.kind)
        found.append(Quoted(sources[number], sentence, score, (number, place)))
    return _chosen(found)


def quoting(chosen: Sequence[Quoted]) -> Iterator[CitationFound | TextAdded]:
    """The events of sentences that are quoted: each citation before its text; a paragraph per source."""
    number, before = 0, None
    for quoted in chosen:
        citation: Citation | None = cite(number + 1, quoted.source, quoted.sentence.written)
        if citation is None:
            continue
        number += 1
        yield CitationFound(citation)
        gap = "" if before is None else " " if before == quoted.source.number else "\n\n"
        before = quoted.source.number
        yield TextAdded(f"{gap}{shown(quoted.sentence.text)} [{number}]")


def shown(sentence: str) -> str:
    """A sentence that no reader of the answer takes for markup or for a citation's number."""
    return re.sub(r"\[(\d+)\]", r"(\1)", sentence)


def _label(question: str, sentence: str, kind: str) -> float:
    """What the label of a fact ("Email: …") adds: much when it is asked for; tags and titles are never the answer."""
    label, colon, _ = sentence.partition(":")
    if kind != "facts" or not colon:
        return 0.0
    if label in ("Tags", "Title"):
        return -0.5
    asked = {stem(word.folded) for word in words(question)}
    return 0.5 if all(stem(word.folded) in asked for word in words(label)) else 0.1


def _chosen(found: Sequence[Quoted]) -> list[Quoted]:
    best = sorted(found, key=lambda one: (-one.score, one.order))
    kept: list[Quoted] = []
    seen: set[str] = set()
    for one in best:
        same = " ".join(one.sentence.text.casefold().split())
        if len(kept) == MOST_SENTENCES or one.score < LEAST_SHARE * best[0].score:
            break
        if same not in seen:
            seen.add(same)
            kept.append(one)
    sources = list(dict.fromkeys(one.source.number for one in kept))
    return sorted(kept, key=lambda one: (sources.index(one.source.number), one.order))


def _similar(question: str, texts: Sequence[str], embedder: Embedder | None) -> list[float]:
    if embedder is None:
        return [0.0] * len(texts)
    vectors = embedder.embed([question, *texts])
    return [float(cosine) for cosine in vectors[1:] @ vectors[0]]
