"""The OpenAPI document against the server: whatever is sent, no 5xx, and nothing that the document does not say."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from resume_pipeline.bootstrap.api_keys import KeyWish, create_key
from resume_pipeline_tests.api.conftest import parts_over
from resume_pipeline_tests.api.running import running
from resume_pipeline_tests.api.test_access import GUARDED
from resume_pipeline_tests.pipeline import Pipeline

EXAMPLES = 25
"""Of each kind, for each address: sound requests, and requests that are not."""
OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/api/site")}
ADDRESSES = sorted({(method, path.replace(":path", "")) for method, path in GUARDED} | OPEN)


# A schema cannot say whole what a sound request is: a question of invisible characters, `kind=nonsense`. And a body
# that is too long is refused as such, whatever else is wrong with it.
CHECKS = {
    "checks": {
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {"expected-statuses": [400, 401, 404, 405, 413, 415, 422]},
    }
}


@pytest.fixture(scope="module")
def described(portfolio: Pipeline) -> Iterator[schemathesis.BaseSchema]:
    """The description, as a running server gives it that wants a key for everything."""
    with running(parts_over(portfolio, public="off")) as server:
        yield schemathesis.openapi.from_url(f"{server.url}/openapi.json", config=SchemathesisConfig.from_dict(CHECKS))


@pytest.fixture(scope="module")
def key(portfolio: Pipeline) -> dict[str, str]:
    token, _ = create_key(portfolio.sessions, KeyWish("schemathesis", ["*"]))
    return {"Authorization": f"Bearer {token.written}"}


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_the_server_does_what_its_description_says(method, path, mode, described, key):
    operation = described[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def whatever_is_sent(case):
        case.call_and_validate(headers=key)

    try:
        whatever_is_sent()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE and not (operation.body or operation.query)


def test_every_described_address_is_tried(described):
    tried = {(operation.ok().method.upper(), operation.ok().path) for operation in described.get_all_operations()}
    assert tried == set(ADDRESSES)
