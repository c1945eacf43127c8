"""The numbers of a text as values that compare: digits, number words, months and days, magnitudes."""

import re
from collections.abc import Iterable

from resume_pipeline.domain.folding import Word

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_SMALL = {word: str(number) for number, word in enumerate((_ONES + " eighteen nineteen").split())}
_TENS = {
    word: str(ten * 10)
    for ten, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_ORDINALS = {
    word: str(number)
    for number, word in enumerate(
        ["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"], 3
    )
}
_MAGNITUDES = frozenset(
    [
        *("hundred", "thousand", "million", "billion", "trillion", "dozen", "percent", "half", "twice", "double"),
        *("triple", "hundreds", "thousands", "millions", "billions", "trillions", "dozens"),
    ]
)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_DAYS = frozenset(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
_IDEOGRAPHS = frozenset("二三四五六七八九十百千万億")
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


def number_values(said: Iterable[Word]) -> set[str]:
    """What the words say in numbers; "six" and "6" are one value, and "7%" says 7 and percent.

    A date such as 2021-04-05 also stands for its year, its month and its day. "One" and 一 alone are no
    number, nor is "may" in small letters.
    """
    values: set[str] = set()
    for word in said:
        values |= _values(word)
    return values


def _values(word: Word) -> set[str]:
    folded = word.folded
    if date := _DATE.fullmatch(folded):
        month = int(date[2])
        named = {_MONTHS[month - 1]} if 1 <= month <= 12 else set()
        return {folded, date[1], f"{date[1]}-{date[2]}", *named, *({_plain(date[3])} if date[3] else set())}
    if folded[:1].isdigit():
        return _digits(folded)
    return _named(word)


def _digits(folded: str) -> set[str]:
    number = re.match(r"[\d.,:]*\d", folded)
    digits = number[0] if number else folded
    rest = folded[len(digits) :]
    if rest[:1].isalpha() and rest not in ("st", "nd", "rd", "th", "s"):
        return {folded}
    return {_plain(digits), "percent"} if rest.startswith("%") else {_plain(digits)}


def _named(word: Word) -> set[str]:
    folded = word.folded
    if folded in _MAGNITUDES or folded in _DAYS or (folded in _MONTHS and word.is_name):
        return {folded}
    if folded in _IDEOGRAPHS:
        return {folded}
    if folded == "one":
        return set()
    parts = folded.split("-")
    if len(parts) == 2 and parts[0] in _TENS and parts[1] in _SMALL:
        return {str(int(_TENS[parts[0]]) + int(_SMALL[parts[1]]))}
    value = _SMALL.get(folded) or _TENS.get(folded) or _ORDINALS.get(folded)
    return {value} if value else set()


def _plain(digits: str) -> str:
    """Without leading zeros, and without a zero after the point."""
    if re.fullmatch(r"\d+", digits):
        return str(int(digits))
    return re.sub(r"(\.\d*?)0+$", r"\1", digits).rstrip(".") if re.fullmatch(r"\d+\.\d+", digits) else digits
