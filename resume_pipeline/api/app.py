"""The application: its routes, what stands around every request, and its beginning and end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from resume_pipeline.api import ask, documentation, documents, health, page_routes, problems, search, site
from resume_pipeline.api.context import Context, make_context
from resume_pipeline.api.middleware import BodyLimit, RequestFrame
from resume_pipeline.api.problems import Refused
from resume_pipeline.api.stopping import told_to_end
from resume_pipeline.bootstrap.serving import Serving, serving
from resume_pipeline.errors import ResumePipelineError
from resume_pipeline.settings import Settings, load_settings
from resume_pipeline.storage.api_usage import forget_usage
from resume_pipeline.storage.engine import driver_errors

ROUTERS = (search, ask, documents, site, health, documentation, page_routes)
FORGET_SECONDS = 6 * 3600


def create_app(settings: Settings, parts: Serving | None = None) -> FastAPI:
    """The application over a database; ``parts`` replaces what the settings would make.

    Questions without a key are taken only where RESUME_PUBLIC says so; `serve` says it for a loopback address.

    Raises:
        ConfigurationError: a setting cannot work, or needs something that is not there.
    """
    context = make_context(parts or serving(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        forgetting = asyncio.create_task(_forget_old_usage(context))
        with told_to_end(context.closing.set):
            yield
        forgetting.cancel()
        context.closing.set()
        context.threads.close()
        context.parts.engine.dispose()

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.context = context
    for module in ROUTERS:
        app.include_router(module.router)
    problems.install(app)
    _frame(app, context)
    return app


def from_environment() -> FastAPI:
    """The application as the environment sets it: what each worker process calls."""
    return create_app(load_settings())


async def _forget_old_usage(context: Context) -> None:
    """Now and every six hours; what fails is tried again then."""

    def work() -> None:
        with driver_errors(), context.parts.sessions.begin() as session:
            forget_usage(session)

    while True:
        with contextlib.suppress(ResumePipelineError, Refused):
            await context.threads.run(work)
        await asyncio.sleep(FORGET_SECONDS)


def _frame(app: FastAPI, context: Context) -> None:
    """What stands around every request; the last one added is the outermost."""
    settings = context.settings
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_kb * 1000)
    origins = [origin.strip() for origin in (settings.cors_origins or "").split(",") if origin.strip()]
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Accept", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After", "ETag"],
            max_age=600,
        )
    app.add_middleware(RequestFrame)
