"""What routes share: the parts of this process, and how a route gets them."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from resume_pipeline.api.key_cache import KeyCache
from resume_pipeline.api.limits import RateLimiter
from resume_pipeline.api.metrics import Metrics
from resume_pipeline.api.page_files import StaticFile, load_page
from resume_pipeline.api.problems import Refused
from resume_pipeline.api.readiness import Readiness
from resume_pipeline.api.suggesting import Suggester
from resume_pipeline.api.threads import Threads
from resume_pipeline.api.visitors import Network, parse_networks
from resume_pipeline.bootstrap import secret_key
from resume_pipeline.bootstrap.serving import Serving
from resume_pipeline.domain.answers import public_url
from resume_pipeline.settings import Settings


@dataclass
class Context:
    """One application: its parts, threads, counters, and whether it is about to end."""

    parts: Serving
    threads: Threads
    page: Mapping[str, StaticFile]
    rates: RateLimiter
    metrics: Metrics
    secret: bytes = field(repr=False)
    """The key of visitors' hashes."""
    trusted: Sequence[Network]
    readiness: Readiness
    suggester: Suggester
    keys: KeyCache = field(default_factory=KeyCache)
    closing: threading.Event = field(default_factory=threading.Event)
    answers: int = 0
    """Answers under way in this process."""

    @property
    def settings(self) -> Settings:
        """The settings of this process."""
        return self.parts.settings

    def url(self, path: str) -> str | None:
        """Where everybody can read a document; None without RESUME_CONTENT_URL."""
        return public_url(self.settings.content_url, path)

    def begin_answer(self) -> None:
        """Take one of the places for answers; on the event loop.

        Raises:
            Refused: 503, all are taken, or this process is about to end.
        """
        if self.closing.is_set():
            raise Refused(503, "This server is about to stop. Try again.", retry_after=2)
        if self.answers >= self.settings.max_answers:
            self.metrics.refused("load")
            raise Refused(503, "As many answers as can be are being written. Try again in a moment.", retry_after=3)
        self.answers += 1
        self.metrics.streams.set(self.answers)

    def end_answer(self) -> None:
        """Give a place back; on the event loop."""
        self.answers -= 1
        self.metrics.streams.set(self.answers)


def make_context(parts: Serving) -> Context:
    """The context of a process.

    Raises:
        ConfigurationError: proxies, the address of Redis or the page's files cannot be used.
    """
    settings = parts.settings
    url = settings.rate_limit_url
    return Context(
        parts=parts,
        threads=Threads(settings.search_threads, seconds=settings.request_seconds),
        page=load_page(settings),
        rates=RateLimiter(url.get_secret_value() if url is not None else None, processes=settings.workers),
        metrics=Metrics(shared=settings.metrics_dir),
        secret=secret_key(settings),
        trusted=parse_networks(settings.trusted_proxies),
        readiness=Readiness(parts),
        suggester=Suggester(parts),
    )


def context(request: Request) -> Context:
    """The context of the application that serves a request."""
    found: Context = request.app.state.context
    return found


Api = Annotated[Context, Depends(context)]
