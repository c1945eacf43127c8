"""API keys as values: how one is written, what is kept of it, and what it allows.

A key is ``rp_ID_SECRET``. The id finds the row; the secret is 256 random bits and only its SHA-256 is kept. A slow
hash, as passwords need, would protect nothing here: nobody can try 2^256 secrets, however fast each try is, and each
request would pay for it.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

Scope = Literal["search", "ask", "documents", "metrics"]
SCOPES: tuple[str, ...] = get_args(Scope)
EVERY_SCOPE = "*"
ID_CHARACTERS = 12
SECRET_BYTES = 32
_TOKEN = re.compile(r"rp_([0-9a-z]{12})_([A-Za-z0-9_-]{43})")
_NOBODYS_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class KeyToken:
    """The two parts of a key; the secret never shows."""

    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"KeyToken({self.key_id!r}, …)"

    @property
    def written(self) -> str:
        """The key as its owner sends it."""
        return f"rp_{self.key_id}_{self.secret}"

    @property
    def secret_hash(self) -> bytes:
        """What is kept of the secret."""
        return sha256(self.secret.encode()).digest()

    def belongs_to(self, stored_hash: bytes | None) -> bool:
        """Whether its secret is the stored one, in the same time whatever the answer; None stands for no such key."""
        known = hmac.compare_digest(self.secret_hash, stored_hash if stored_hash is not None else _NOBODYS_HASH)
        return known and stored_hash is not None


def parse_token(written: str) -> KeyToken | None:
    """A key as it was sent; None when it has not the form of one."""
    match = _TOKEN.fullmatch(written)
    return KeyToken(match[1], match[2]) if match is not None else None


def allows(scopes: tuple[str, ...], scope: str) -> bool:
    """Whether these scopes include one."""
    return EVERY_SCOPE in scopes or scope in scopes
