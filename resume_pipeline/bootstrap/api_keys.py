"""New API keys: made of random bits, shown once, kept as a hash."""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from resume_pipeline.domain.api_keys import EVERY_SCOPE, ID_CHARACTERS, SCOPES, SECRET_BYTES, KeyToken
from resume_pipeline.domain.rates import checked_rate
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.storage.api_keys import StoredKey, insert_key
from resume_pipeline.storage.engine import Sessions, driver_errors

ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a new key shall be: for whom, for what, and how much of it (None: no limit)."""

    name: str
    scopes: Sequence[str]
    rate: str | None = None
    questions_per_day: int | None = None
    budget_usd_per_day: Decimal | None = None
    expires_days: int | None = None


def create_key(sessions: Sessions, wish: KeyWish) -> tuple[KeyToken, StoredKey]:
    """A new key, and what is kept of it; the first is nowhere afterwards but with whom it is given to.

    Raises:
        ConfigurationError: the name, a scope, the rate or a limit is none.
    """
    key_id = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_CHARACTERS))
    token = KeyToken(key_id, secrets.token_urlsafe(SECRET_BYTES))
    days = wish.expires_days
    stored = StoredKey(
        key_id=key_id,
        name=_name(wish.name),
        secret_hash=token.secret_hash,
        scopes=_scopes(wish.scopes),
        rate=_rate(wish.rate),
        questions_per_day=wish.questions_per_day,
        budget_usd_per_day=wish.budget_usd_per_day,
        expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=days) if days is not None else None,
    )
    with driver_errors(), sessions.begin() as session:
        insert_key(session, stored)
    return token, stored


def _name(written: str) -> str:
    name = " ".join(written.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise ConfigurationError("A key has a name of 1 to 100 characters that can be read.")
    return name


def _scopes(written: Sequence[str]) -> tuple[str, ...]:
    unknown = [scope for scope in written if scope not in (*SCOPES, EVERY_SCOPE)]
    if unknown or not written:
        raise ConfigurationError(
            f"{unknown[0] if unknown else 'no scope'!r} is no scope; there are {', '.join(SCOPES)}, and * for all."
        )
    return (EVERY_SCOPE,) if EVERY_SCOPE in written else tuple(scope for scope in SCOPES if scope in written)


def _rate(written: str | None) -> str | None:
    try:
        return checked_rate(written) if written is not None else None
    except ValueError as error:
        raise ConfigurationError(f"--rate: {written!r} is not allowed; expected: {error}.") from None
