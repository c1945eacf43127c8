"""Counting tokens: cl100k_base as OpenAI counts, offline."""

import pytest

from resume_pipeline.embedding.tokens import load_token_counter


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # The first five as published in OpenAI's cookbook ("How to count tokens with tiktoken").
        ("antidisestablishmentarianism", 6),
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 9),
        ("tiktoken is great!", 6),
        ("hello world", 2),
        ("", 0),
        (" ", 1),
        ("1234567", 3),
        ("I'll don't we've", 6),
        (" " * 80, 1),
    ],
)
def test_a_text_has_as_many_tokens_as_openai_counts(text, tokens):
    assert load_token_counter()(text) == tokens


@pytest.mark.parametrize("special", ["<|endoftext|>", "<|fim_prefix|>", "<|endofprompt|>"])
def test_a_special_token_is_text_like_any_other(special):
    assert load_token_counter()(special) > 3
    assert load_token_counter()(f"a {special} b") > 5


@pytest.mark.parametrize("text", ["\x00\x01", "\ufffd", "👩‍👩‍👧", "x" * 100_000, "\r\n" * 1000, " \t\n" * 1000])
def test_any_text_can_be_counted(text):
    assert 0 < load_token_counter()(text) <= len(text.encode())


def test_counting_needs_no_network_and_loads_once():
    assert load_token_counter() is load_token_counter()
