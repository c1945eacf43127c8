"""What routes share: the parts of this process, and how a route gets them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request

from resume_pipeline.api.page_files import StaticFile
from resume_pipeline.api.threads import Threads
from resume_pipeline.bootstrap.serving import Serving
from resume_pipeline.settings import Settings


@dataclass
class Context:
    """One application: its parts, its threads, and whether it is about to end."""

    parts: Serving
    threads: Threads
    page: Mapping[str, StaticFile]
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        return self.parts.settings

    def url(self, path: str) -> str | None:
        """Where everybody can read a document; None without RESUME_CONTENT_URL."""
        base = self.settings.content_url
        return f"{base.rstrip('/')}/{quote(path)}" if base else None


def context(request: Request) -> Context:
    """The context of the application that serves a request."""
    found: Context = request.app.state.context
    return found


Api = Annotated[Context, Depends(context)]
