"""Rates as a person writes them: 60/minute, or 100 per 5 minutes."""

import re

_RATE = re.compile(r"[1-9]\d{0,6}\s*(?:/|\s+per\s+)\s*(?:[1-9]\d{0,3}\s*)?(?:second|minute|hour|day)s?")


def checked_rate(written: str) -> str:
    """The rate, which is sound.

    Raises:
        ValueError: it is none.
    """
    rate = " ".join(written.lower().split())
    if not _RATE.fullmatch(rate):
        raise ValueError("a number of requests in a time, as in 60/minute or 1000/day")
    return rate
