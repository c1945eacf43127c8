"""Front matter as sentences that read well and are found: "Role: Staff Engineer at Acme.".

In real portfolios employer, title and dates often stand only there. What says nothing to a reader (layout, ids,
image paths) and what the body says already is left out. Reading front matter is ``domain.front_matter``.
"""

import re
from collections.abc import Iterator

from resume_pipeline.domain.documents import Json
from resume_pipeline.domain.inline import plain_text
from resume_pipeline.domain.metadata_keys import squeeze_key
from resume_pipeline.domain.periods import date_in_words, period

_TECHNICAL_KEYS = (
    # How the page is made and where it stands.
    "layout slug permalink weight order navorder index template theme style class classes type pagetype build cascade"
    " outputs output markup headless resources menu menus nav navtitle parent grandparent haschildren sidebar"
    " sidebarposition sidebarlabel aliases alias redirectfrom redirectto sitemap robots noindex canonical canonicalurl"
    # What is switched on.
    " draft isdraft published ispublished publish visibility private isprivate public ispublic hidden hide unlisted"
    " toc showtoc hidetableofcontents hidetitle showdate readingtime comments comment math mathjax katex mermaid"
    " highlight codefolding editlink pinned featured sort sortorder access status amp analytics googleanalytics disqus"
    # How it looks.
    " css js image images img thumbnail thumb cover banner icon logo avatar photo picture hero ogimage socialimage"
    " featuredimage color colour background"
    # What only machines read.
    " id uid uuid uniqueid contentid hash checksum sha256 md5 encoding charset bibliography csl lastmod lastmodified"
    " updated modified locale lang monikerrange noloc devlangs apiname apitype apilocation topictype f1keywords"
    " helpviewerkeywords aiusage"
)
_TECHNICAL = frozenset(_TECHNICAL_KEYS.split())
_LABELS = {"url": "Link", "tags": "Tags", "start_date": "Start", "end_date": "End"}
_LEADING = ("title", "role", "company", "start_date", "date", "location", "summary")
_WEAK = {"title", "author"}
"""Keys that make no facts chunk by themselves: the title is part of every embedding input anyway."""
_DATE_KEYS = {"start_date", "end_date"}
_MAX_DEPTH = 4
_MAX_ITEMS = 200
_WORDS = re.compile(r"\w+")


def facts_of(metadata: dict[str, Json], *, body_text: str) -> tuple[str, ...]:
    """One sentence per fact, the leading keys first; empty when there is nothing beyond a title to find.

    ``body_text`` is the plain text of the body; a value that stands in it word for word is not repeated.
    """
    folded_body = _fold(body_text)
    title = fact_text(metadata.get("title"))
    sentences: list[str] = []
    strong = False
    for key in _in_order(metadata):
        for sentence in _sentences(key, metadata, title, folded_body):
            sentences.append(sentence)
            strong = strong or key not in _WEAK
    if strong or (sentences and not folded_body):
        return tuple(sentences)
    return ()


def _in_order(metadata: dict[str, Json]) -> Iterator[str]:
    yield from (key for key in _LEADING if key in metadata)
    if "start_date" not in metadata and "end_date" in metadata:
        yield "start_date"
    yield from (key for key in metadata if key not in _LEADING and key not in _DATE_KEYS)


def _sentences(key: str, metadata: dict[str, Json], title: str, folded_body: str) -> Iterator[str]:
    value = metadata.get(key)
    if key == "start_date":
        if dates := period(metadata.get("start_date"), metadata.get("end_date"), ends="end_date" in metadata):
            yield f"Dates: {dates}."
        return
    if squeeze_key(key) in _TECHNICAL or "." in key or key.startswith("_"):
        return
    if key == "role" and (company := fact_text(metadata.get("company"))) and (role := fact_text(value)):
        yield _closed(f"Role: {role} at {company}")
        return
    label = _label(key)
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for item in value[:_MAX_ITEMS]:
            if text := fact_text(item):
                yield _closed(f"{label}: {text}")
        return
    text = date_in_words(value) if key == "date" else ""
    text = text or fact_text(value)
    if text and not _is_said(key, text, title, folded_body):
        yield _closed(f"{label}: {text}")


def _is_said(key: str, text: str, title: str, folded_body: str) -> bool:
    """Whether a longer value stands in the body, or a summary only repeats the title ("Learn more about: …")."""
    if key == "title":
        return False
    folded = _fold(text)
    if len(_WORDS.findall(folded)) >= 4 and folded.rstrip(" .") in folded_body:
        return True
    if key != "summary" or not title or _fold(title) not in folded:
        return False
    return len(_WORDS.findall(folded.replace(_fold(title), " ", 1))) <= 4


def fact_text(value: Json, depth: int = 0) -> str:
    """A value in one line of words; empty for what says nothing to a reader (blobs, a template's placeholders)."""
    if value is None or depth > _MAX_DEPTH:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        text = plain_text(value)
        blob = len(text) > 300 and " " not in text and text.isascii()
        return "" if blob or re.search(r"\{\{.*\}\}|\{%.*%\}", text) else text
    if isinstance(value, list):
        texts = (fact_text(item, depth + 1) for item in value[:_MAX_ITEMS])
        return ", ".join(text for text in texts if text)
    return "; ".join(_pairs(value, depth))


def _pairs(mapping: dict[str, Json], depth: int) -> Iterator[str]:
    squeezed = {squeeze_key(key): key for key in mapping}
    start = next((squeezed[name] for name in ("startdate", "start", "from") if name in squeezed), None)
    end = next((squeezed[name] for name in ("enddate", "end", "to", "until") if name in squeezed), None)
    dates = period(mapping[start], mapping[end] if end else None, ends=bool(end)) if start else ""
    for key, value in mapping.items():
        if dates and key == end:
            continue
        if dates and key == start:
            yield f"dates: {dates}"
        elif squeeze_key(key) not in _TECHNICAL and (text := fact_text(value, depth + 1)):
            yield f"{_label(key).lower()}: {text}"


def _label(key: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", key).strip()
    return _LABELS.get(key) or (words[:1].upper() + words[1:])


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()
