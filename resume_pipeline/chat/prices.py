"""What a chat model costs: US dollars per million tokens, of prompt and of completion.

A price that is neither in the table nor set by RESUME_PRICES is unknown: it is said, and never guessed.
"""

from collections.abc import Mapping
from decimal import Decimal

from resume_pipeline.chat.base import ChatUsage

# OpenAI's price list, https://platform.openai.com/docs/pricing: prompt, completion.
USD_PER_MILLION_TOKENS: Mapping[str, tuple[Decimal, Decimal]] = {
    "openai:gpt-4o": (Decimal("2.50"), Decimal("10.00")),
    "openai:gpt-4o-mini": (Decimal("0.15"), Decimal("0.60")),
    "openai:gpt-4.1": (Decimal("2.00"), Decimal("8.00")),
    "openai:gpt-4.1-mini": (Decimal("0.40"), Decimal("1.60")),
    "openai:gpt-4.1-nano": (Decimal("0.10"), Decimal("0.40")),
}


def cost_usd(
    model: str, usage: ChatUsage, overrides: Mapping[str, Decimal], *, own_server: bool = False
) -> float | None:
    """The price of one request; None when it is not known.

    ``overrides`` has the prices of RESUME_PRICES: ``MODEL`` for both kinds of tokens, or ``MODEL:prompt`` and
    ``MODEL:completion``, with or without provider. With ``own_server`` the table says nothing: another server that
    speaks OpenAI's API has its own prices.
    """
    pair = _set(model, overrides) or (None if own_server else USD_PER_MILLION_TOKENS.get(model))
    if pair is None:
        return None
    prompt, completion = pair
    return float((usage.prompt_tokens * prompt + usage.completion_tokens * completion) / 1_000_000)


def _set(model: str, overrides: Mapping[str, Decimal]) -> tuple[Decimal, Decimal] | None:
    for name in (model, model.partition(":")[2]):
        prompt = overrides.get(f"{name}:prompt", overrides.get(name))
        completion = overrides.get(f"{name}:completion", overrides.get(name))
        if prompt is not None and completion is not None:
            return prompt, completion
    return None
