"""Cron lines: whether one is sound, before Dagster is loaded with it."""

import re

CRON_FIELDS = (
    ("minute", 0, 59, ""),
    ("hour", 0, 23, ""),
    ("day", 1, 31, "l"),
    ("month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    ("weekday", 0, 7, "sun mon tue wed thu fri sat"),
)
"""Name, least and greatest number, and words of each field of a cron line (cron(8)); ``l`` is the month's last day."""
CRON_NICKNAMES = {"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}
CRON_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/[1-9]\d*)?")


def checked_cron(value: str) -> str:
    """The line, which is sound.

    Raises:
        ValueError: it is none; the message says what is expected.
    """
    fields = value.lower().split()
    if len(fields) == 1 and fields[0] in CRON_NICKNAMES:
        return value
    if len(fields) != len(CRON_FIELDS):
        raise ValueError("five cron fields (minute hour day month weekday), as in 0 * * * *")
    for field, (name, least, greatest, words) in zip(fields, CRON_FIELDS, strict=True):
        if not _is_cron_field(field, least, greatest, words.split()):
            raise ValueError(f"a {name} from {least} to {greatest} in cron's form; {field!r} is none")
    return value


def _is_cron_field(field: str, least: int, greatest: int, words: list[str]) -> bool:
    parts = [CRON_PART.fullmatch(part) for part in field.split(",")]
    bounds = [bound for part in parts if part is not None for bound in part.groups() if bound is not None]
    in_range = (bound in words or (bound.isdecimal() and least <= int(bound) <= greatest) for bound in bounds)
    return None not in parts and all(in_range)
