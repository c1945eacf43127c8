"""Whether an author wants a file published, by what its front matter says.

In doubt a value that is not understood leaves the file visible; every spelling of "not public" that people use
belongs here.
"""

from resume_pipeline.domain.documents import Json
from resume_pipeline.domain.metadata_keys import squeeze_key

_HIDING_WHEN_TRUE = {
    *("draft", "isdraft", "private", "isprivate", "hidden", "hide", "unlisted", "unpublished", "secret"),
    *("confidential", "isconfidential", "internal", "isinternal"),
}
_HIDING_WHEN_FALSE = {"published", "ispublished", "publish", "public", "ispublic", "visible", "isvisible"}
_NAMING = {"visibility", "access", "status", "state", "audience"}
_HIDDEN_NAMES = {
    "private",
    "hidden",
    "unlisted",
    "secret",
    "internal",
    "draft",
    "confidential",
    "unpublished",
    "restricted",
}
_TRUE = {"true", "yes", "y", "on", "1"}
_FALSE = {"false", "no", "n", "off", "0", "never"}


def hidden_reason(metadata: dict[str, Json]) -> str | None:
    """The key and value that keep the file back (``draft: true``); None when nothing does."""
    for key, value in metadata.items():
        for word in map(_word, value if isinstance(value, list) else [value]):
            if _hides(squeeze_key(key), word):
                return f"{key}: {word}"
    return None


def _hides(key: str, word: str) -> bool:
    if key in _HIDING_WHEN_TRUE:
        return word in _TRUE
    if key in _HIDING_WHEN_FALSE:
        return word in _FALSE or (key in {"published", "publish"} and word in _HIDDEN_NAMES)
    return key in _NAMING and word in (
        _HIDDEN_NAMES if key != "state" else {"draft", "private", "hidden", "unpublished"}
    )


def _word(value: Json) -> str:
    return "" if value is None or isinstance(value, list | dict) else str(value).strip().lower()
