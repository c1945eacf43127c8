"""A browser, and servers over the sample content; all of it ends with the tests of this folder.

Without a browser the tests are skipped, except where CI is set: there it must be installed (`.ci/run` does it).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from resume_pipeline import PROJECT_ROOT
from resume_pipeline.embedding.registry import load_embedder
from resume_pipeline.storage.embedded import EmbeddedPostgres
from resume_pipeline.storage.engine import make_engine
from resume_pipeline_tests.conftest import NUMBERS, create_database
from resume_pipeline_tests.page.browsers import BROWSERS, QUIET
from resume_pipeline_tests.page.serving import serving
from resume_pipeline_tests.page.visiting import SIZES, Visitor
from resume_pipeline_tests.pipeline import Pipeline

SITE = {"RESUME_SITE_TITLE": "Ask about Tamsin", "RESUME_PERSON": "Tamsin Wierzbiec"}
PLENTY = {"RESUME_VISITOR_RATE": "1000/minute", "RESUME_VISITOR_DAILY": "10000"}


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        missing = f"none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder for the servers."""
    return tmp_path_factory.mktemp("state of servers")


@pytest.fixture(scope="package")
def sample_url(server: EmbeddedPostgres) -> str:
    """A database in which the sample content is live, embedded by the default model."""
    name = f"test_{next(NUMBERS)}"
    create_database(server, name, template="migrated")
    engine = make_engine(server.url(name))
    Pipeline(engine, PROJECT_ROOT / "content", load_embedder("local:wordllama-256")).run()
    engine.dispose()
    return address(server, name)


@pytest.fixture(scope="package")
def site(sample_url: str, state: Path) -> Iterator[str]:
    """The page over the sample content, without a key for any model."""
    with serving(sample_url, state, RESUME_MAX_QUESTION_CHARACTERS="300", **SITE, **PLENTY) as site:
        yield site


@pytest.fixture(scope="package")
def empty_site(server: EmbeddedPostgres, state: Path) -> Iterator[str]:
    """The page over a database in which nothing is published."""
    name = f"test_{next(NUMBERS)}"
    create_database(server, name, template="migrated")
    with serving(address(server, name), state, **SITE, **PLENTY) as site:
        yield site


def address(server: EmbeddedPostgres, name: str) -> str:
    """A database's URL as an environment variable takes it."""
    return server.url(name).render_as_string(hide_password=False)


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    """Phone and desktop, one after the other, for the tests that ask for it."""
    return str(request.param)


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Visitor]]:
    """Opens the page for a new visitor. Afterwards: nothing came from elsewhere, and no script failed."""
    visitors: list[Visitor] = []

    def arrive(size: str = "desktop", *, address: str = "", at: str = site, **options: Any) -> Visitor:
        context = browser.new_context(**{"reduced_motion": "reduce", "locale": "en-GB", **SIZES[size], **options})
        context.set_default_timeout(10_000)
        visitors.append(Visitor(context.new_page(), at))
        return visitors[-1].arrive(address)

    yield arrive
    for visitor in visitors:
        visitor.page.context.close()
        assert [url for url in visitor.requests if not url.startswith(visitor.site)] == []
        assert visitor.complaints == []
