"""Faults that can be switched on: which request they strike, and how.

A rule strikes at random (``probability``), so many times (``times``) but not the first (``after``), and only requests
that hold a text (``contains``), have at least so many inputs (``min_inputs``) or go to one ``endpoint``.
"""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "rate_limit",  # 429 with Retry-After, whatever the buckets hold
    "quota",  # 429 insufficient_quota: no retry helps
    "status",  # an error status, 500 unless told
    "timeout",  # no answer for ``seconds``, then the connection is closed
    "drop_before",  # the connection is closed before the request is worked on
    "drop_after",  # … after it was worked on (and charged), before the answer
    "truncate",  # the answer ends half-way
    "not_json",  # 200 with a page of HTML, as a captive proxy sends
    "reorder",  # ``data`` in another order, indexes true
    "wrong_count",  # one row is missing
    "wrong_dimensions",  # every vector is one number short
    "nan",  # one number is NaN
    "zeros",  # one vector is all zeros
]
SPOILT = {"truncate", "not_json", "wrong_count", "wrong_dimensions", "nan", "zeros"}
"""Answers that were worked on and charged, but are no answer."""


@dataclass
class Rule:
    """One fault: what, whom it strikes, how often."""

    kind: Kind
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    contains: str = ""
    min_inputs: int = 1
    endpoint: str = "embeddings"
    status: int = 500
    message: str = "The server had an error while processing your request. Sorry about that!"
    seconds: float = 30.0
    struck: int = 0
    spared: int = 0


class Faults:
    """The rules in force; the first that strikes counts."""

    def __init__(self, seed: int = 7) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self.rules: list[Rule] = []

    def replace(self, rules: Sequence[dict[str, Any]]) -> None:
        """Set the rules, and begin their counts anew."""
        with self._lock:
            self.rules = [Rule(**rule) for rule in rules]

    def strike(self, endpoint: str, inputs: Sequence[str]) -> Rule | None:
        """The rule that strikes this request, if any."""
        with self._lock:
            for rule in self.rules:
                if rule.endpoint != endpoint or len(inputs) < rule.min_inputs:
                    continue
                if rule.times is not None and rule.struck >= rule.times:
                    continue
                if rule.contains and not any(rule.contains in given for given in inputs):
                    continue
                if self._random.random() >= rule.probability:
                    continue
                if rule.spared < rule.after:
                    rule.spared += 1
                    continue
                rule.struck += 1
                return rule
        return None
