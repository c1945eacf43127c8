"""The names under which front matter is stored: one canonical key for the many spellings of the same thing.

Add a spelling here. What a key means is decided where it is used (``domain.facts``, ``domain.visibility``).
"""

import re

from resume_pipeline.domain.documents import Json, Problem

_SPELLINGS = {
    "title": "title",
    "date": "date publishdate pubdate publisheddate datepublished posted postedon",
    "start_date": "startdate start from begin began startedat started startson datestart",
    "end_date": "enddate end to until till finish finished ended endedat dateend",
    "company": "company employer organisation organization org companyname employername",
    "role": "role position jobtitle job occupation",
    "location": "location place city office",
    "tags": "tags tag keywords keyword",
    "categories": "categories category",
    "url": "url link website homepage",
    "draft": "draft isdraft",
    "published": "published ispublished publish",
    "visibility": "visibility",
    "summary": "summary description excerpt abstract",
    "skills": "skills skill",
    "education": "education",
    "certifications": "certifications certification certificates certificate",
    "languages": "languages language",
    "author": "author authors",
}
_CANONICAL = {spelling: key for key, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_SEPARATORS = re.compile(r"[\s_-]+")


def squeeze_key(key: str) -> str:
    """The key without case and separators: ``Start-Date``, ``start_date`` and ``startDate`` are one."""
    return _SEPARATORS.sub("", key).lower()


def canonical_key(key: str) -> str:
    """The name under which a key is stored, whichever of its spellings this is; an unknown key is its own name."""
    return _CANONICAL.get(squeeze_key(key), key)


def canonical_metadata(metadata: dict[str, Json], *, line: int) -> tuple[dict[str, Json], list[Problem]]:
    """The same values, known keys under their canonical names; the first spelling wins, a second keeps its own."""
    result: dict[str, Json] = {}
    problems: list[Problem] = []
    written: dict[str, str] = {}
    for key, value in metadata.items():
        name = canonical_key(key)
        if name in result:
            reason = (
                f"The keys {written[name]!r} and {key!r} mean the same; the first is used, {key!r} is kept beside it."
            )
            problems.append(Problem("warning", reason, line))
            name = _free_name(key, result)
        result[name], written[name] = value, key
    return result, problems


def _free_name(key: str, taken: dict[str, Json]) -> str:
    name, number = key, 2
    while name in taken:
        name = f"{key}_{number}"
        number += 1
    return name
