"""From a name to a model, and what a wrong name is answered with."""

import pytest

from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.errors import ConfigurationError


@pytest.mark.parametrize("name", ["local:wordllama-256", "hashing:64"])
def test_a_model_is_stored_under_the_name_it_was_asked_for_by(name):
    assert load_embedder(name).name == name


def test_a_provider_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(ConfigurationError) as caught:
        load_embedder("opanai:text-embedding-3-small")

    assert "RESUME_EMBEDDING_MODEL" in str(caught.value)
    assert "'opanai'" in str(caught.value)
    assert "hashing" in str(caught.value)
    assert "local" in str(caught.value)


def test_a_local_model_that_does_not_exist_is_answered_with_the_one_that_does():
    with pytest.raises(ConfigurationError, match="'wordllama-1024'; there is wordllama-256"):
        load_embedder("local:wordllama-1024")


@pytest.mark.parametrize("dimensions", ["", "7", "2001", "-64", "64.0", "many", "²"])
def test_dimensions_that_cannot_be_stored_are_answered_with_what_is_allowed(dimensions):
    with pytest.raises(ConfigurationError, match="from 8 to 2000, as in hashing:256"):
        load_embedder(f"hashing:{dimensions}")


def test_a_name_without_a_provider_is_refused():
    with pytest.raises(ConfigurationError, match="no provider"):
        load_embedder("")
