"""Keys that were looked up lately, so that a request of a known key costs no query."""

import threading
import time

from resume_pipeline.domain.api_keys import KeyToken
from resume_pipeline.storage.api_keys import StoredKey

REMEMBERED_SECONDS = 5.0
"""A key that was revoked is refused after so long at the latest."""
MAX_REMEMBERED = 10_000


class KeyCache:
    """What was found of the last keys, bounded in time and number."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, StoredKey | None]] = {}
        self._lock = threading.Lock()

    def get(self, token: KeyToken) -> tuple[bool, StoredKey | None]:
        """Whether the key was looked up lately, and what was found."""
        with self._lock:
            until, key = self._found.get(token.key_id, (0.0, None))
        return time.monotonic() < until, key

    def put(self, token: KeyToken, key: StoredKey | None) -> None:
        """Remember what was found."""
        with self._lock:
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            self._found[token.key_id] = (time.monotonic() + REMEMBERED_SECONDS, key)
