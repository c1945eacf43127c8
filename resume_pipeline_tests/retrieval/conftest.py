"""The chat server, for rerankers that ask one."""

from resume_pipeline_tests.chat.conftest import chat_server as chat_server
