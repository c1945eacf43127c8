"""What holds for every model: sound answers only, and a name that stands for one model."""

import numpy as np
import pytest

from resume_pipeline.embedding.base import CANARY_TEXT, canary, checked, require_same_space
from resume_pipeline.embedding.hashed import HashingEmbedder
from resume_pipeline.errors import EmbeddingError, EmbeddingSpaceError


class Renamed(HashingEmbedder):
    """Another model behind a name that is taken: its words fall into other places."""

    def embed(self, inputs):
        return super().embed([f"{text} {text[::-1]}" for text in inputs])


def sound(rows: int = 2, dimensions: int = 3) -> np.ndarray:
    return np.ones((rows, dimensions), dtype=np.float32)


def test_a_sound_answer_is_handed_on():
    vectors = sound()

    assert checked(vectors, inputs=2, dimensions=3, model="any") is vectors


@pytest.mark.parametrize("vectors", [sound(1), sound(3), sound(2, 4), sound().reshape(-1), sound(0)])
def test_an_answer_of_another_shape_is_refused(vectors):
    with pytest.raises(EmbeddingError) as caught:
        checked(vectors, inputs=2, dimensions=3, model="some:model")

    assert "some:model" in str(caught.value)
    assert str(vectors.shape) in str(caught.value)
    assert "expected (2, 3)" in str(caught.value)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_an_answer_with_numbers_that_are_not_finite_is_refused_and_its_input_named(number):
    vectors = sound(5)
    vectors[3, 1] = number

    with pytest.raises(EmbeddingError, match=r"input 3 of 5 .* not finite"):
        checked(vectors, inputs=5, dimensions=3, model="some:model")


def test_the_canary_is_one_vector():
    embedder = HashingEmbedder(64)

    assert canary(embedder).shape == (64,)
    assert (canary(embedder) == embedder.embed([CANARY_TEXT])[0]).all()


def test_the_same_model_is_recognised_by_its_canary():
    require_same_space(HashingEmbedder(64), canary(HashingEmbedder(64)))


def test_the_small_differences_between_calls_of_a_provider_are_tolerated():
    stored = canary(HashingEmbedder(64)) + np.float32(1e-4)

    require_same_space(HashingEmbedder(64), stored)


def test_a_canary_of_another_length_is_no_difference():
    require_same_space(HashingEmbedder(64), canary(HashingEmbedder(64)) * np.float32(7))


def test_another_model_behind_the_same_name_is_refused():
    with pytest.raises(EmbeddingSpaceError) as caught:
        require_same_space(Renamed(64), canary(HashingEmbedder(64)))

    assert "hashing:64 has changed" in str(caught.value)
    assert "RESUME_EMBEDDING_MODEL" in str(caught.value)


def test_other_dimensions_behind_the_same_name_are_refused():
    with pytest.raises(EmbeddingSpaceError, match="vectors of 64 numbers, but those stored under that name have 32"):
        require_same_space(HashingEmbedder(64), canary(HashingEmbedder(32)))


@pytest.mark.parametrize("stored", [np.zeros(64), np.full(64, np.nan)])
def test_a_stored_canary_that_says_nothing_is_not_taken_for_the_same_model(stored):
    with pytest.raises(EmbeddingSpaceError):
        require_same_space(HashingEmbedder(64), stored.astype(np.float32))
