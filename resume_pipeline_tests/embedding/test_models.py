"""The embedding models that run here: sound vectors for any input, near for near texts, the same everywhere."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.embedding.hashed import HashingEmbedder
from resume_pipeline.embedding.registry import load_embedder

ODD = [
    *(
        "",
        " ",
        "\n\t\r\n",
        "\x01\x02\x1f\x7f\x80",
        "\ufeff\u200b\u2028",
        "👩‍👩‍👧🎻",
        "日本語のテキスト",
        "e\u0301" * 50,
    ),
    *("...", "-" * 5000, "0" * 5000, "<|endoftext|><pad>[UNK]", "\ufffd", "ﷺ", "word " * 20_000, "x" * 100_000),
]
HASH_ELSEWHERE = """
import hashlib
from resume_pipeline.embedding.hashed import HashingEmbedder
print(hashlib.sha256(HashingEmbedder(96).embed(["Ran the migration in Kraków", "", "C++"]).tobytes()).hexdigest())
"""


@pytest.fixture(scope="module", params=["local:wordllama-256", "hashing:256"])
def model(request):
    """Each model that needs no network."""
    return load_embedder(request.param)


@pytest.fixture(scope="module")
def local():
    """The default model."""
    return load_embedder("local:wordllama-256")


def test_a_vector_has_the_models_dimensions_and_length_one(model):
    vectors = model.embed(["Built the search index.", "Cut costs by a third."])

    assert model.dimensions == 256
    assert vectors.shape == (2, 256)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_input_is_no_vector(model):
    assert model.embed([]).shape == (0, 256)


@pytest.mark.parametrize("text", ODD, ids=lambda text: f"{text[:8]!r} of {len(text)}")
def test_any_text_has_a_finite_vector_of_length_one(model, text):
    (vector,) = model.embed([text])

    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_an_odd_input_does_not_change_the_vectors_beside_it(model):
    (alone,) = model.embed(["Built the search index."])

    together = model.embed(["", "Built the search index.", "word " * 3000])

    np.testing.assert_allclose(together[1], alone, atol=1e-5)


def test_a_full_batch_is_answered_in_order(model):
    texts = [f"Paragraph {number} is about topic {number * 7}." for number in range(model.batch_inputs)]

    vectors = model.embed(texts)

    assert vectors.shape == (model.batch_inputs, 256)
    for place in (0, 1, 500, model.batch_inputs - 1):
        np.testing.assert_allclose(vectors[place], model.embed([texts[place]])[0], atol=1e-5)


def test_the_same_text_has_the_same_vector_each_time(model):
    assert model.embed(["Kraków"]).tobytes() == model.embed(["Kraków"]).tobytes()


@pytest.mark.parametrize(
    ("text", "similar", "unrelated"),
    [
        ("She moved the database to the cloud.", "Migrated Postgres to AWS servers.", "He bakes bread on Sundays."),
        ("Led a team of eight engineers.", "Managed a group of developers.", "The weather was rainy."),
        ("reduced page load time", "made the website faster", "studied medieval history"),
    ],
)
def test_similar_sentences_are_nearer_than_unrelated_ones(local, text, similar, unrelated):
    given, near, far = local.embed([text, similar, unrelated])

    assert given @ near > given @ far + 0.05


def test_the_hashing_model_puts_texts_that_share_words_nearer():
    given, near, far = HashingEmbedder(256).embed(["ran the big migration", "The MIGRATION ran", "bakes bread"])

    assert given @ near > given @ far


def test_the_hashing_model_gives_the_same_vectors_in_every_process():
    here = HashingEmbedder(96).embed(["Ran the migration in Kraków", "", "C++"]).tobytes()
    answers = {
        subprocess.run(
            [sys.executable, "-c", HASH_ELSEWHERE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert answers == {hashlib.sha256(here).hexdigest()}


def test_the_hashing_models_vectors_are_those_that_stored_ones_were_made_with():
    """A change of the function must come under another name, or stored vectors become meaningless."""
    (vector,) = HashingEmbedder(8).embed(["alpha beta alpha"])

    np.testing.assert_allclose(vector, PINNED, atol=1e-6)


# sha256("alpha") starts with 8ed3f6ad 68: place 5 of 8, even fifth byte, so −1, twice; sha256("beta") with f44e64e7 5f:
# place 7, odd, so +1.
PINNED = np.array([0, 0, 0, 0, 0, -2, 0, 1]) / np.sqrt(5)
