"""Dates and spans of dates in words, beside the way they are written: "March 2019 to June 2022 (2019-03 to 2022-06)".

Somebody asks for "March 2019" or for "2019-03"; both should be found.
"""

import re

from resume_pipeline.domain.documents import Json

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?(?:\Z|[T ])")
_PRESENT = {"present", "current", "currently", "now", "today", "ongoing", "null", "none", "-", "–", "—", ""}


def date_in_words(value: Json) -> str:
    """``2021-03-05`` as "5 March 2021 (2021-03-05)"; empty for what is no single date or year."""
    written = _written(value)
    words = _words(written)
    if not words:
        return ""
    written = re.split(r"[T ]", written, maxsplit=1)[0]
    return words if words == written else f"{words} ({written})"


def period(start: Json, end: Json, *, ends: bool) -> str:
    """From ``start`` to ``end``; "to present" when the end is empty or says so. ``ends``: there is a key for the end.

    Empty when neither is a value that can be written.
    """
    first, last = _written(start), _written(end)
    is_open = last.lower() in _PRESENT and (ends or bool(first))
    if not first:
        return "" if is_open or not last else f"until {_words(last) or last}"
    words = f"{_words(first) or first} to {'present' if is_open else _words(last) or last}"
    written = f"{first} to {'present' if is_open else last}"
    return words if words == written else f"{words} ({written})"


def _written(value: Json) -> str:
    if isinstance(value, bool):
        return "" if not value else "present"
    if isinstance(value, str | int):
        return str(value).strip()
    return ""


def _words(written: str) -> str:
    if re.fullmatch(r"\d{4}", written):
        return written
    found = _ISO.match(written)
    if not found or not 1 <= int(found["month"]) <= 12:
        return ""
    month = f"{_MONTHS[int(found['month']) - 1]} {found['year']}"
    return f"{int(found['day'])} {month}" if found["day"] else month
