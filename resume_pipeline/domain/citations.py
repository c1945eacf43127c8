"""Whether a quote stands in a text, and whether what is claimed stands in what is quoted; without any model.

The rules are strict where a wrong word does harm (numbers, dates, names) and lenient where it does not (word forms,
order, small words). They cannot see a sentence whose words are all there and whose meaning is another;
docs/answers.md says so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from resume_pipeline.domain.folding import Word, words
from resume_pipeline.domain.numbers import number_values
from resume_pipeline.domain.stop_words import STOP_WORDS

LEAST_WORDS = 2
"""A quote of fewer words proves nothing, unless the words make up a whole line (a skill, a fact)."""
NEAR_FROM_WORDS = 8
EDIT_SHARE = 0.12
"""A longer quote may differ in so many of its words, if none of them is a number or a name."""
LEAST_OVERLAP = 0.6
"""Share of a claim's content words that must stand in what is cited."""
NEGATION_REACH = 5
"""Words after a "no" that it may deny."""
_NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nobody",
        "nothing",
        "neither",
        "nor",
        "without",
        "cannot",
        "hardly",
        "nowhere",
        "lacks",
        "lack",
    ]
)
_UNITS = frozenset(
    [
        *("second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months"),
        *("quarter", "quarters", "year", "years", "decade", "decades", "euro", "euros", "dollar", "dollars", "pound"),
        *(
            "pounds",
            "franc",
            "francs",
            "yen",
            "zloty",
            "eur",
            "usd",
            "gbp",
            "chf",
            "pln",
            "percent",
            "kg",
            "km",
            "mile",
        ),
        *("miles", "metre", "metres", "meter", "meters", "kb", "mb", "gb", "tb", "pb", "bytes"),
    ]
)
_SENTENCE_STARTS = frozenset(
    [
        "additionally",
        "building",
        "eventually",
        "finally",
        "following",
        "formerly",
        "including",
        "initially",
        "leading",
        "mainly",
        "notably",
        "originally",
        "overall",
        "recently",
        "similarly",
        "specifically",
        "starting",
        "using",
        "working",
        "currently",
        "previously",
        "since",
        "before",
        "after",
        "during",
        "while",
        "there",
        "both",
        "also",
        "yes",
        "overall",
    ]
)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a quote stands: character offsets, and lines from 0, both inclusive; ``exact`` false: with small edits."""

    start: int
    end: int
    first_line: int
    last_line: int
    exact: bool = True


def find_quote(quote: str, text: str) -> Span | None:
    """Where a quote stands in a text, None when it does not.

    White space, case, typography and markdown do not count. A quote of eight words or more may differ in one word of
    eight; numbers and names are always exact. A quote of one word counts only when it is all of a line or cell.
    """
    asked, there = words(quote), words(text)
    if not asked:
        return None
    place = _exact(asked, there)
    if place is not None:
        span = _span(text, there, place, place + len(asked), exact=True)
        return span if len(asked) >= LEAST_WORDS or _whole_cell(text, span) else None
    if len(asked) < NEAR_FROM_WORDS:
        return None
    near = _near(asked, there, int(len(asked) * EDIT_SHARE))
    return _span(text, there, *near, exact=False) if near is not None else None


def unsupported(claim: str, evidence: Sequence[str], context: Sequence[str] = ()) -> str | None:
    """Why a claim does not follow from what it cites, in a word or two; None when nothing speaks against it.

    ``evidence`` are the texts cited. ``context`` (title, headings) may add names and numbers, but not carry a claim
    alone. Every number and date, every name, and six in ten content words must stand there, and both say no or neither.
    """
    said = words(claim)
    quoted = [word for text in evidence for word in words(text)]
    around = quoted + [word for text in context for word in words(text)]
    known = {word.folded for word in around}
    if not said or not quoted:
        return "nothing is cited"
    numbers = number_values(said) - number_values(around)
    if numbers:
        return f"number {sorted(numbers)[0]}"
    stems = {stem(word) for word in known}
    wrong = _wrong_word(claim, said, known) or _other_unit(claim, said, stems, " ".join([*evidence, *context]))
    if wrong:
        return wrong
    content = [word.folded for word in said if word.folded not in STOP_WORDS and not number_values([word])]
    found = sum(1 for word in content if stem(word) in stems)
    if content and found < LEAST_OVERLAP * len(content):
        return "other words"
    own = {stem(word.folded) for word in quoted}
    if content and not any(stem(word) in own for word in content) and not number_values(said):
        return "not in the quote"
    return "negation" if _contradicts(said, quoted) else None


def _wrong_word(claim: str, said: Sequence[Word], known: set[str]) -> str | None:
    """A name that the evidence does not have."""
    for place, word in enumerate(said):
        if _must_stand(word, first=_begins_sentence(claim, said, place)) and not _stands(word.folded, known):
            return f"name {word.written}"
    return None


def _other_unit(claim: str, said: Sequence[Word], stems: set[str], known: str) -> str | None:
    """A unit, a currency or a sign of a number that the evidence does not have."""
    for number, word in pairwise(said):
        if number_values([number]) and word.folded in _UNITS and stem(word.folded) not in stems:
            return f"unit {word.written}"
    signs = set(re.findall(r"[$€£¥₹]|(?<![\w.,])[-−](?=\d)", claim))
    return next((f"sign {sign}" for sign in sorted(signs) if sign not in known), None)


def stem(word: str) -> str:
    """A word without its commonest English endings; names and numbers are compared whole before this is asked."""
    word = word.removesuffix("'s").removesuffix("'")
    for ending in ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return re.sub(r"(.)\1$", r"\1", word).removesuffix("e").removesuffix("y").removesuffix("i")


def _begins_sentence(claim: str, said: Sequence[Word], place: int) -> bool:
    before = claim[: said[place].start].rstrip(" \t*_\"'“‘(-")
    return place == 0 or before[-1:] in ".!?:\n"


def _must_stand(word: Word, *, first: bool) -> bool:
    """Whether a word is a name; the first of a sentence only when it cannot be a common word."""
    if not word.is_name or word.folded in STOP_WORDS or number_values([word]):
        return False
    inner = any(character.isupper() for character in word.written[1:])
    return not first or inner or word.folded not in _SENTENCE_STARTS


def _stands(name: str, known: set[str]) -> bool:
    bare = name.removesuffix("'s")
    if bare in known or f"{bare}'s" in known or bare.rstrip("'") in known:
        return True
    parts = re.split(r"[-_.@]", bare)
    return len(parts) > 1 and all(part in known for part in parts if part)


def _contradicts(said: Sequence[Word], quoted: Sequence[Word]) -> bool:
    """Whether one of the two denies what the other says: the same word within reach of a "no" on one side only."""
    denied = {stem(said[place].folded) for place in _denied(said, NEGATION_REACH)}
    if denied:
        return not denied & {stem(quoted[place].folded) for place in _denied(quoted, NEGATION_REACH)}
    refused = _denied(quoted, 2)
    affirmed = {stem(word.folded) for place, word in enumerate(quoted) if place not in refused}
    spoken = {stem(word.folded) for word in said}
    return any(stem(quoted[place].folded) in spoken - affirmed for place in refused)


def _denied(said: Sequence[Word], reach: int) -> set[int]:
    """Places of the content words among the next ``reach`` words after each negation."""
    return {
        place
        for no, word in enumerate(said)
        if word.folded in _NEGATIONS or word.folded.endswith("n't")
        for place in range(no + 1, min(no + 1 + reach, len(said)))
        if said[place].folded not in STOP_WORDS
    }


def _exact(asked: Sequence[Word], there: Sequence[Word]) -> int | None:
    wanted = [word.folded for word in asked]
    found = [word.folded for word in there]
    last = len(found) - len(wanted)
    return next((at for at in range(last + 1) if found[at : at + len(wanted)] == wanted), None)


def _near(asked: Sequence[Word], there: Sequence[Word], edits: int) -> tuple[int, int] | None:
    """(begin, end) of the words that differ from a quote in the fewest, at most ``edits`` (Sellers 1980)."""
    costs: list[tuple[int, int]] = [(0, at) for at in range(len(there) + 1)]
    for word in asked:
        dear = edits + 1 if _exact_only(word) else 1
        row = [(costs[0][0] + dear, 0)]
        for at, other in enumerate(there, 1):
            swap = 0 if word.folded == other.folded else max(dear, edits + 1 if _exact_only(other) else 1)
            skip = edits + 1 if _exact_only(other) else 1
            row.append(
                min(
                    (costs[at - 1][0] + swap, costs[at - 1][1]),
                    (costs[at][0] + dear, costs[at][1]),
                    (row[at - 1][0] + skip, row[at - 1][1]),
                )
            )
        costs = row
    best, end = min(((cost, at) for at, (cost, _) in enumerate(costs)), default=(edits + 1, 0))
    return (costs[end][1], end) if best <= edits and end > costs[end][1] else None


def _exact_only(word: Word) -> bool:
    # A character of a script without spaces is no word that could be left out.
    if len(word.folded) == 1 and not word.folded.isascii():
        return True
    return word.is_number or word.is_name or word.folded in _NEGATIONS or bool(number_values([word]))


def _span(text: str, there: Sequence[Word], begin: int, end: int, *, exact: bool) -> Span:
    start, stop = there[begin].start, there[end - 1].end
    return Span(start, stop, text.count("\n", 0, start), text.count("\n", 0, stop), exact)


def _whole_cell(text: str, span: Span) -> bool:
    before = re.split(r"[\n|,;:]", text[: span.start])[-1]
    after = re.split(r"[\n|,;:]", text[span.end :])[0]
    return not any(character.isalnum() for character in before + after)
