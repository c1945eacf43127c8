"""Prices: exact, overridden by a setting, and unknown rather than guessed."""

from decimal import Decimal

import pytest

from resume_pipeline.embedding.prices import Prices, cost_of, parse_prices
from resume_pipeline.errors import ConfigurationError


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("openai:text-embedding-3-small", "0.02"),
        ("openai:text-embedding-3-large", "0.13"),
        ("openai:text-embedding-3-large@1024", "0.13"),
        ("openai:text-embedding-ada-002", "0.10"),
        ("local:wordllama-256", "0"),
        ("sentence-transformers:all-MiniLM-L6-v2", "0"),
    ],
)
def test_the_table_knows_the_usual_models_and_that_local_ones_are_free(model, price):
    assert Prices().usd_per_million_tokens(model) == Decimal(price)


def test_a_price_that_is_not_known_is_not_guessed():
    assert Prices().usd_per_million_tokens("openai:nomic-embed-text") is None
    assert cost_of(1_000_000, None) is None


def test_the_batch_lane_costs_half():
    prices = parse_prices("openai:own=0.5")
    assert prices.usd_per_million_tokens("openai:text-embedding-3-small", "batch") == Decimal("0.01")
    assert prices.usd_per_million_tokens("openai:own", "batch") == Decimal("0.25")
    assert prices.usd_per_million_tokens("local:wordllama-256", "batch") == 0


@pytest.mark.parametrize(
    "written",
    [
        "openai:text-embedding-3-small=0.5",
        " text-embedding-3-small = 0.5 , other=1",
        '{"openai:text-embedding-3-small": 0.5}',
        '{"text-embedding-3-small": "0.50"}',
    ],
)
def test_a_setting_overrides_the_table(written):
    assert parse_prices(written).usd_per_million_tokens("openai:text-embedding-3-small") == Decimal("0.5")


@pytest.mark.parametrize(
    "written", ["small", "small=", "=1", "small=cheap", "small=-1", "small=NaN", "{", "[1]", "{}x"]
)
def test_a_price_that_cannot_be_read_is_refused_with_the_form_expected(written):
    with pytest.raises(ConfigurationError, match="model=price"):
        parse_prices(written)


def test_costs_are_exact():
    assert cost_of(3, Decimal("0.02")) == Decimal("0.00000006")
