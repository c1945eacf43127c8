"""Citations from sources: where a quote stands in its document, by line, with the link to it."""

import re
from collections.abc import Sequence

from resume_pipeline.domain.answers import Citation, Nearest, Source, public_url
from resume_pipeline.domain.citations import Span, find_quote
from resume_pipeline.retrieval.hits import Hit

STOPS = frozenset(".!?…。")
CLOSING = {")": "(", "]": "[", "}": "{", "”": "“", "»": "«", "」": "「", "）": "（"}
MARKUP = frozenset('*_`"')


def source_of(number: int, hit: Hit, content_url: str | None) -> Source:
    """A hit as a source; ``content_url`` is the public place of the content root."""
    return Source(
        number=number,
        path=hit.path,
        title=hit.title,
        heading_path=hit.heading_path,
        start_line=hit.start_line,
        end_line=hit.end_line,
        text=hit.content,
        document_id=hit.document_id,
        url=public_url(content_url, hit.path),
        kind=hit.kind,
    )


def cite(number: int, source: Source, quote: str) -> Citation | None:
    """The citation of a quote, None when it does not stand in the source.

    The quote shown is the source's own text at that place. Lines are those of the quote; of facts, which are front
    matter in words, those of the whole front matter.
    """
    span = find_quote(quote, source.text)
    if span is None:
        return None
    first, last = _lines(source, span)
    written = " ".join(source.text[span.start : whole_end(source.text, span.start, span.end)].split())
    return Citation(number, source.path, source.title, source.heading_path, first, last, written, source.url)


def nearest(sources: Sequence[Source], limit: int = 3) -> tuple[Nearest, ...]:
    """The first ``limit`` documents among sources, each once."""
    found = {source.path: source for source in reversed(sources)}
    first = [source for source in sources if found[source.path] is source][:limit]
    return tuple(Nearest(one.path, one.title, one.heading_path, one.start_line, one.end_line, one.url) for one in first)


def _lines(source: Source, span: Span) -> tuple[int, int]:
    if source.kind == "facts":
        return source.start_line, source.end_line
    # The lines of a chunk are those of its document one by one.
    return source.start_line + span.first_line, min(source.start_line + span.last_line, source.end_line)


def whole_end(text: str, start: int, end: int) -> int:
    """Where a quote ends together with the brackets it opened, the target of its last link, and its full stop."""
    while end < len(text):
        here = text[end]
        if here in STOPS:
            return end + 1
        quoted = text[start:end]
        closes = here in CLOSING and quoted.count(CLOSING[here]) > quoted.count(here)
        if text.startswith("**", end) and quoted.count("**") % 2:
            end += 2
        elif closes or (here in MARKUP and quoted.count(here) % 2):
            end += 1
        elif here == "(" and quoted.endswith("]") and (target := re.compile(r"\([^()\s]*\)").match(text, end)):
            end = target.end()
        else:
            return end
    return end
