"""The token counter that the domain's tests share; it is the one the product uses."""

import pytest

from resume_pipeline.domain.documents import TokenCounter
from resume_pipeline.embedding.tokens import load_token_counter


@pytest.fixture(scope="session")
def count_tokens() -> TokenCounter:
    return load_token_counter()
