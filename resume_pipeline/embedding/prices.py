"""What embedding costs: US dollars per million tokens, by model and lane.

A price that is not in the table, and not set by whoever runs the pipeline, is unknown: it is said, and never guessed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal

from resume_pipeline.errors import ConfigurationError

Lane = Literal["direct", "batch"]
"""How inputs travel: one request after the other, or as files of the Batch API."""

# OpenAI's price list, https://platform.openai.com/docs/pricing, as of November 2026.
USD_PER_MILLION_TOKENS: Mapping[str, Decimal] = {
    "openai:text-embedding-3-small": Decimal("0.02"),
    "openai:text-embedding-3-large": Decimal("0.13"),
    "openai:text-embedding-ada-002": Decimal("0.10"),
}
FREE_PROVIDERS = frozenset({"local", "hashing", "sentence-transformers"})
"""They run in this process."""

BATCH_SHARE = Decimal("0.5")
"""The Batch API costs half, https://platform.openai.com/docs/guides/batch."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The price table with the overrides of a setting; keys of ``overrides`` are models with or without provider."""

    overrides: Mapping[str, Decimal] = field(default_factory=dict)

    def usd_per_million_tokens(self, model: str, lane: Lane = "direct") -> Decimal | None:
        """The price of a model called like ``openai:text-embedding-3-small``; None when it is not known.

        Shortened vectors (``openai:text-embedding-3-large@1024``) cost what the whole ones do.
        """
        share = BATCH_SHARE if lane == "batch" else Decimal(1)
        whole = model.partition("@")[0]
        for name in (model, whole, whole.partition(":")[2]):
            if name in self.overrides:
                return self.overrides[name] * share
        if whole.partition(":")[0] in FREE_PROVIDERS:
            return Decimal(0)
        price = USD_PER_MILLION_TOKENS.get(whole)
        return None if price is None else price * share


def cost_of(tokens: int, usd_per_million_tokens: Decimal | None) -> Decimal | None:
    """The exact price of so many tokens; None when the price is not known."""
    return None if usd_per_million_tokens is None else tokens * usd_per_million_tokens / 1_000_000


def parse_prices(value: str) -> Prices:
    """Prices written as ``model=price,model=price`` or as a JSON object.

    Raises:
        ConfigurationError: it is neither, or a price is no number from 0.
    """
    text = value.strip()
    try:
        if text.startswith("{"):
            pairs = [(str(model), str(price)) for model, price in json.loads(text, parse_float=str).items()]
        else:
            pairs = [_pair(part) for part in text.split(",") if part.strip()]
        prices = {model.strip(): Decimal(price.strip()) for model, price in pairs}
    except (ValueError, InvalidOperation):
        prices = {"": Decimal(-1)}
    if not all(model and price.is_finite() and price >= 0 for model, price in prices.items()):
        raise ConfigurationError(
            "US dollars per million tokens as model=price,model=price, for example openai:text-embedding-3-small=0.02, "
            'or as a JSON object, for example {"openai:text-embedding-3-small": 0.02}'
        )
    return Prices(prices)


def _pair(part: str) -> tuple[str, str]:
    model, equals, price = part.rpartition("=")
    if not equals:
        raise ValueError(part)
    return model, price
