"""The chat server, for the tests of this folder."""

from collections.abc import Iterator

import pytest

from resume_pipeline_tests.chat.chat_server import ChatServer


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    """A running server; whoever still waits for it is released at the end."""
    server = ChatServer()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
