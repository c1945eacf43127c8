"""Search, ask and read over the Model Context Protocol, against the real process."""

import os
import sys
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from resume_pipeline import PROJECT_ROOT
from resume_pipeline_tests.conftest import published

NOTES = {
    "acme.md": "---\ntitle: Acme\ncompany: Acme\n---\n\n# Acme\n\nThe zeppelin was painted green in 1931.\n",
    "long.md": "# Long\n\n" + "\n".join(f"Line {number} of the log." for number in range(1000)),
}


@pytest.fixture(scope="module")
def environment(server, tmp_path_factory) -> Any:
    content = tmp_path_factory.mktemp("content")
    with published(server, content, NOTES) as pipeline:
        yield {
            **os.environ,
            "DATABASE_URL": pipeline.engine.url.render_as_string(hide_password=False),
            "RESUME_CONTENT_ROOT": str(content),
            "RESUME_STATE_DIR": str(tmp_path_factory.mktemp("state")),
            "RESUME_CONTENT_URL": "https://example.org/content",
        }


def tell(environment: dict[str, str], *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """What the server answers to tool calls."""

    async def session() -> list[Any]:
        process = StdioServerParameters(
            command=sys.executable, args=["-m", "resume_pipeline", "mcp"], env=environment, cwd=PROJECT_ROOT
        )
        async with Client(stdio_client(process)) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(session)


def test_an_assistant_searches_asks_and_reads(environment):
    found, said, read = tell(
        environment,
        ("search", {"question": "When was the zeppelin painted?", "where": ["company=Acme"]}),
        ("ask", {"question": "When was the zeppelin painted?"}),
        ("read_document", {"path": "acme.md"}),
    )

    passages = found.structured_content["passages"]
    assert passages[0]["path"] == "acme.md" and "1931" in passages[0]["content"]
    assert passages[0]["url"] == "https://example.org/content/acme.md"
    answer = said.structured_content
    assert answer["answered"] and "1931" in answer["answer"]
    assert any("1931" in citation["quote"] for citation in answer["citations"])
    assert read.structured_content["text"] == NOTES["acme.md"]
    assert read.structured_content["metadata"]["company"] == "Acme"


def test_a_long_document_is_read_in_parts(environment):
    (first,) = tell(environment, ("read_document", {"path": "long.md", "lines": 400}))
    following = first.structured_content["next_line"]
    second, last = tell(
        environment,
        ("read_document", {"path": "long.md", "start_line": following, "lines": 400}),
        ("read_document", {"path": "long.md", "start_line": 801}),
    )

    parts = [part.structured_content["text"] for part in (first, second, last)]
    assert "\n".join(parts) == NOTES["long.md"]
    assert last.structured_content["next_line"] is None


def test_refusals_say_the_next_step(environment):
    filter_, document, empty = tell(
        environment,
        ("search", {"question": "zeppelin", "where": ["no condition"]}),
        ("read_document", {"path": "../secrets.md"}),
        ("ask", {"question": "\u200b"}),
    )

    assert [one.is_error for one in (filter_, document, empty)] == [True, True, True]
    assert "no condition" in filter_.content[0].text
    assert "`search` and `ask` give paths" in document.content[0].text


def test_before_the_first_publish_the_refusal_names_the_command(environment, server, database):
    empty = {**environment, "DATABASE_URL": server.url(database).render_as_string(hide_password=False)}

    (said,) = tell(empty, ("ask", {"question": "Anything there?"}))

    assert said.is_error
    assert "resume-pipeline ingest" in said.content[0].text
