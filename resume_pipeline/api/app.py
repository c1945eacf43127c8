"""The application: its routes, what stands around every request, and its beginning and end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from resume_pipeline.api import ask, documents, health, page_routes, problems, search, site
from resume_pipeline.api.context import Context
from resume_pipeline.api.middleware import BodyLimit, RequestFrame
from resume_pipeline.api.page_files import load_page
from resume_pipeline.api.stopping import told_to_end
from resume_pipeline.api.threads import Threads
from resume_pipeline.bootstrap.serving import Serving, serving
from resume_pipeline.settings import Settings, load_settings

ROUTERS = (search, ask, documents, site, health, page_routes)


def create_app(settings: Settings, parts: Serving | None = None) -> FastAPI:
    """The application over a database; ``parts`` replaces what the settings would make.

    Raises:
        ConfigurationError: a setting cannot work, or needs something that is not there.
    """
    parts = parts or serving(settings)
    context = Context(parts, Threads(settings.search_threads, seconds=settings.request_seconds), load_page(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with told_to_end(context.closing.set):
            yield
        context.closing.set()
        context.threads.close()
        parts.engine.dispose()

    app = FastAPI(title=settings.site_title, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.context = context
    for module in ROUTERS:
        app.include_router(module.router)
    problems.install(app)
    # The last added is the outermost.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_kb * 1000)
    app.add_middleware(RequestFrame)
    return app


def from_environment() -> FastAPI:
    """The application as the environment sets it: what each worker process calls."""
    return create_app(load_settings())
