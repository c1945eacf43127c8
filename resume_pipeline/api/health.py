"""GET /healthz, /readyz, /metrics: for who runs the server."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from resume_pipeline.api.access import MayMeasure
from resume_pipeline.api.context import Api
from resume_pipeline.api.problems import problem_responses
from resume_pipeline.api.schemas import HealthResponse, ReadyResponse

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> HealthResponse:
    """Answer without asking anything else."""
    return HealthResponse()


@router.get(
    "/readyz",
    summary="Can it serve?",
    response_model=ReadyResponse,
    responses={503: {"model": ReadyResponse, "description": "It cannot; the fields say why."}},
)
async def readyz(api: Api) -> JSONResponse:
    """Look at database, schema, live generation and embedding model."""
    found = await api.threads.run(api.readiness.check)
    headers = {"Cache-Control": "no-store", **({} if found.ready else {"Retry-After": "5"})}
    return JSONResponse(found.model_dump(), 200 if found.ready else 503, headers=headers)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problem_responses(401, 403, 429)},
)
async def metrics(api: Api, _: MayMeasure) -> Response:
    """What all processes of this server counted."""
    body = await api.threads.run(api.metrics.exposition)
    return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})
