"""Which weight a model's vectors have."""

from resume_pipeline.retrieval.model_weights import DEFAULT_VECTOR_WEIGHT, VECTOR_WEIGHTS, vector_weight


def test_a_model_is_known_by_name_by_provider_or_not_at_all():
    assert vector_weight("local:wordllama-256") == VECTOR_WEIGHTS["local:wordllama-256"]
    assert vector_weight("openai:text-embedding-3-large@1024") == VECTOR_WEIGHTS["openai:"]
    assert vector_weight("somebody:else") == DEFAULT_VECTOR_WEIGHT
    assert all(0 <= weight <= 1 for weight in VECTOR_WEIGHTS.values())
