"""API keys as they are kept: inserted, found by their readable part, listed, revoked.

What a key looks like and how a secret is compared is ``domain.api_keys``.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from resume_pipeline.storage.models import ApiKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key without its secret: whose it is, what it may do, how much of it, and since and until when."""

    key_id: str
    name: str
    secret_hash: bytes
    scopes: tuple[str, ...]
    rate: str | None = None
    questions_per_day: int | None = None
    budget_usd_per_day: Decimal | None = None
    expires_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    last_used_on: dt.date | None = None


def insert_key(session: Session, key: StoredKey) -> None:
    """Keep a new key."""
    session.execute(
        insert(ApiKey).values(
            key_id=key.key_id,
            name=key.name,
            secret_hash=key.secret_hash,
            scopes=list(key.scopes),
            rate=key.rate,
            questions_per_day=key.questions_per_day,
            budget_usd_per_day=key.budget_usd_per_day,
            expires_at=key.expires_at,
        )
    )


def find_key(session: Session, key_id: str) -> StoredKey | None:
    """A key by its readable part, whether it is valid or not."""
    found = session.get(ApiKey, key_id)
    return None if found is None else _stored(found)


def list_keys(session: Session) -> Sequence[StoredKey]:
    """Every key, oldest first."""
    return [_stored(found) for found in session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.key_id))]


def revoke_key(session: Session, key_id: str) -> StoredKey | None:
    """End a key now, if it has not ended; None when there is none of that id."""
    session.execute(
        update(ApiKey).where(ApiKey.key_id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=func.now())
    )
    return find_key(session, key_id)


def note_use(session: Session, key_id: str) -> None:
    """Remember that a key was used today; rewrites its row once a day at most."""
    today = text("CAST(now() AT TIME ZONE 'UTC' AS date)")
    session.execute(
        update(ApiKey)
        .where(ApiKey.key_id == key_id, ApiKey.last_used_on.is_distinct_from(today))
        .values(last_used_on=today)
    )


def _stored(found: ApiKey) -> StoredKey:
    return StoredKey(
        key_id=found.key_id,
        name=found.name,
        secret_hash=bytes(found.secret_hash),
        scopes=tuple(found.scopes),
        rate=found.rate,
        questions_per_day=found.questions_per_day,
        budget_usd_per_day=found.budget_usd_per_day,
        expires_at=found.expires_at,
        revoked_at=found.revoked_at,
        created_at=found.created_at,
        last_used_on=found.last_used_on,
    )
