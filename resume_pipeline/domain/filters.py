"""What a search may be narrowed to: conditions on front matter, path and kind, as a person types them.

What a condition means to Postgres is ``storage.filters``.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from resume_pipeline.domain.metadata_keys import canonical_key
from resume_pipeline.errors import InvalidFilterError

Operator = Literal["=", "!=", ">=", "<=", ">", "<"]

RESERVED = ("path", "kind")
"""Keys that are not front matter: the source path (a glob) and the kind of chunk (facts or body)."""
KINDS = ("facts", "body")
_CONDITION = re.compile(r"(?P<key>[^=<>!]+)(?P<operator>!=|>=|<=|=|>|<)(?P<value>.*)", re.DOTALL)
MAX_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. ``key`` is ``path``, ``kind`` or a front-matter key, canonical, with dots into nested values.

    Values compare as what they look like: numbers with numbers, dates (``2021``, ``2021-03``, ``2021-03-05``) and other
    texts with texts. A list matches when one of its members does.

    Raises:
        InvalidFilterError: the key, operator or value is none that can be asked.
    """

    key: str
    value: str
    operator: Operator = "="

    def __post_init__(self) -> None:
        unsound = any(character == "\0" or "\ud800" <= character <= "\udfff" for character in self.shown)
        if not self.key.strip() or unsound or len(self.shown) > MAX_CHARACTERS:
            raise InvalidFilterError(
                f"The filter {self.shown[:80]!r} has no key, unsound characters, or over {MAX_CHARACTERS} of "
                "them. Write key=value, as in company=Acme."
            )
        if self.operator not in get_args(Operator):
            raise InvalidFilterError(f"{self.operator!r} compares nothing; there are {', '.join(get_args(Operator))}.")
        if self.key in RESERVED and self.operator not in {"=", "!="}:
            raise InvalidFilterError(f"{self.key} can be = or != a value, not {self.operator}, as in path=jobs/*.")
        if self.key == "kind" and self.value not in KINDS:
            raise InvalidFilterError(f"kind is {' or '.join(KINDS)}, not {self.value!r}.")

    @property
    def shown(self) -> str:
        """The filter as a person types it."""
        return f"{self.key}{self.operator}{self.value}"


def parse_filter(written: str) -> Filter:
    """``key=value``, with ``!=``, ``>=``, ``<=``, ``>`` or ``<`` in place of ``=``.

    Raises:
        InvalidFilterError: it is written in another way.
    """
    match = _CONDITION.fullmatch(written[: 2 * MAX_CHARACTERS])
    if match is None:
        raise InvalidFilterError(f"The filter {written[:80]!r} is not key=value, as in company=Acme or date>=2021-03.")
    operator: Operator = match["operator"]  # type: ignore[assignment]  # the expression allows no other
    return make_filter(match["key"].strip(), match["value"].strip(), operator)


def make_filter(key: str, value: str, operator: Operator = "=") -> Filter:
    """A filter whose key may be in any of the spellings that front matter may have it in (``employer``: company).

    Raises:
        InvalidFilterError: as :class:`Filter`.
    """
    first, dot, rest = key.strip().partition(".")
    return Filter(first if first in RESERVED else canonical_key(first) + dot + rest, value, operator)
