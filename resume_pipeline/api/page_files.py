"""The page and its files, read once.

``{{title}}``, ``{{person}}`` and ``{{accent}}`` in index.html become the settings' values; the address of an asset
in it gets the hash of the file, so that a browser may keep it for ever.
"""

import hashlib
import html
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from resume_pipeline.settings import Settings

PAGE = Path(__file__).parent / "page"
TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json"}
_ASSET = re.compile(r'(?<=["\'])/assets/([A-Za-z0-9_./-]+)(?=["\'])')


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of the page: its bytes, media type and hash."""

    body: bytes
    media_type: str
    version: str


def load_page(settings: Settings, folder: Path = PAGE) -> dict[str, StaticFile]:
    """The files of the page by name below ``assets``, and index.html under the empty name."""
    assets = folder / "assets"
    files = {
        path.relative_to(assets).as_posix(): _static(path.read_bytes(), path.name)
        for path in sorted(assets.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    index = (folder / "index.html").read_text(encoding="utf-8")
    values = {"title": settings.site_title, "person": settings.person or "", "accent": settings.accent}
    for name, value in values.items():
        index = index.replace(f"{{{{{name}}}}}", html.escape(value))
    index = _ASSET.sub(lambda found: _versioned(found, files), index)
    return {**files, "": _static(index.encode(), "index.html")}


def _static(body: bytes, name: str) -> StaticFile:
    media_type = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    return StaticFile(body, media_type + charset, hashlib.sha256(body).hexdigest()[:16])


def _versioned(found: re.Match[str], files: dict[str, StaticFile]) -> str:
    file = files.get(found[1])
    return f"{found[0]}?v={file.version}" if file is not None else found[0]
