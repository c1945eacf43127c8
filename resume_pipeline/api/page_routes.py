"""GET / and /assets/: the page and its files."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from resume_pipeline.api.context import Api
from resume_pipeline.api.page_files import StaticFile
from resume_pipeline.api.problems import Refused

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def index(request: Request, api: Api) -> Response:
    """The page."""
    return _response(request, api.page[""])


@router.api_route("/assets/{name:path}", methods=["GET", "HEAD"])
async def asset(name: str, request: Request, api: Api) -> Response:
    """A file of the page."""
    file = api.page.get(name) if name else None
    if file is None:
        raise Refused(404, "There is nothing at this address.")
    return _response(request, file)


def _response(request: Request, file: StaticFile) -> Response:
    kept = request.query_params.get("v") == file.version
    headers = {
        "ETag": f'"{file.version}"',
        "Cache-Control": "public, max-age=31536000, immutable" if kept else "no-cache",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
