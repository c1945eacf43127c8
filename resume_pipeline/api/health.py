"""GET /healthz, /readyz: whether the process answers, and whether it can serve."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from resume_pipeline.api.context import Api
from resume_pipeline.api.schemas import HealthResponse
from resume_pipeline.storage.engine import driver_errors
from resume_pipeline.storage.generations import live_generation

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> HealthResponse:
    """Answers without asking anything else."""
    return HealthResponse()


@router.get("/readyz", summary="Can it serve?")
async def readyz(api: Api) -> JSONResponse:
    """Whether the database can be reached and a generation is live."""

    def work() -> int | None:
        with driver_errors(), api.parts.sessions() as session:
            live = live_generation(session)
        return live.generation if live is not None else None

    generation = await api.threads.run(work)
    return JSONResponse({"ready": generation is not None, "generation": generation}, 200 if generation else 503)
