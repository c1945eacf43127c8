"""Who may call a route, and how often: a key with its scope, or a visitor of the page.

Every route but those in ``OPEN`` depends on a function made here by ``needs``; a test goes through all of them.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from resume_pipeline.api.context import Api, Context
from resume_pipeline.api.problems import Refused
from resume_pipeline.api.visitors import visitor_address
from resume_pipeline.domain.api_keys import KeyToken, Scope, allows, parse_token
from resume_pipeline.domain.hashing import visitor_hash
from resume_pipeline.retrieval.query_log import QueryLog
from resume_pipeline.storage.api_keys import StoredKey, find_key, note_use
from resume_pipeline.storage.api_usage import DailyLimit
from resume_pipeline.storage.engine import driver_errors

OPEN = frozenset(
    {"/", "/assets/{name:path}", "/healthz", "/readyz", "/docs", "/docs.css", "/openapi.json", "/api/site"}
)
"""Addresses that anybody may ask for, whatever RESUME_PUBLIC says: they tell nothing of the content."""
READS_PER_QUESTION = 6
LOOK_UPS = "600/minute"
"""Keys from one address that are looked up in the database; a known key is, every five seconds."""
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="resume-pipeline"'}

bearer = HTTPBearer(auto_error=False, description="A key made by `resume-pipeline keys create`.")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: ``name`` is key:ID or visitor:HASH, by which rates and days are counted; ``key`` None for a visitor."""

    name: str
    key: StoredKey | None = None

    def log(self, api: Context) -> QueryLog:
        """Where its questions are logged."""
        return api.parts.page_log if self.key is None else api.parts.api_log

    def daily_limits(self, api: Context) -> list[DailyLimit]:
        """What it may use on a day; a visitor beside all others."""
        settings = api.settings
        if self.key is None:
            public = DailyLimit("public", usd=settings.public_budget_usd_per_day)
            return [DailyLimit(self.name, questions=settings.visitor_daily), *([public] if settings.chat_model else [])]
        if self.key.questions_per_day is None and self.key.budget_usd_per_day is None:
            return []
        return [DailyLimit(self.name, self.key.questions_per_day, self.key.budget_usd_per_day)]


def needs(scope: Scope) -> Callable[..., Awaitable[Asker]]:
    """A dependency: who asks, when they may do what ``scope`` names and are within their rate.

    Raises (the dependency):
        Refused: 401 without a valid key, 403 without the scope, 429 over the rate.
    """

    async def asker(
        request: Request,
        api: Api,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None,
    ) -> Asker:
        if credentials is None and "authorization" in request.headers:
            raise Refused(401, "Send the key as `Authorization: Bearer rp_…`.", headers=CHALLENGE)
        if credentials is None:
            return await _visitor(request, api, scope)
        key = await _valid_key(request, api, credentials.credentials)
        request.state.logged = {"asker": f"key:{key.key_id}"}
        if not allows(key.scopes, scope):
            raise Refused(403, f"This key may not do that: it has not the scope {scope}.")
        if key.rate is not None:
            await _within(api, key.rate, f"key:{key.key_id}")
        return Asker(f"key:{key.key_id}", key)

    return asker


async def _visitor(request: Request, api: Context, scope: Scope) -> Asker:
    if scope == "metrics":
        if api.settings.metrics == "key":
            raise Refused(401, "This needs a key with the scope metrics.", headers=CHALLENGE)
        return Asker("visitor:metrics")
    if api.settings.public != "page":
        raise Refused(401, "This needs a key: `Authorization: Bearer rp_…`.", headers=CHALLENGE)
    hashed = _hashed_address(request, api)
    request.state.logged = {"asker": f"visitor:{hashed[:8]}"}
    # Reading documents and suggestions goes along with asking, and has more room.
    kind = "reads" if scope == "documents" else "questions"
    rate = api.settings.visitor_rate
    await _within(api, rate, f"{kind}:{hashed}", room=READS_PER_QUESTION if kind == "reads" else 1)
    return Asker(f"visitor:{hashed}")


def _hashed_address(request: Request, api: Context) -> str:
    return visitor_hash(api.secret, visitor_address(request, api.trusted))


async def _within(api: Context, rate: str, who: str, *, room: int = 1) -> None:
    def take() -> float | None:
        return api.rates.take(rate, who, room=room)

    wait = await api.threads.run(take) if api.rates.blocking else take()
    if wait is not None:
        api.metrics.refused("rate")
        raise Refused(429, f"More requests than {rate} are not taken. Try again later.", retry_after=wait)


async def _valid_key(request: Request, api: Context, written: str) -> StoredKey:
    token = parse_token(written)
    found = await _looked_up(request, api, token) if token is not None else None
    # Asked of an unknown key as of a known one, so that the time it takes tells nothing.
    belongs = token is not None and token.belongs_to(found.secret_hash if found is not None else None)
    now = dt.datetime.now(dt.UTC)
    if found is None or not belongs or found.revoked_at or (found.expires_at is not None and found.expires_at <= now):
        api.metrics.refused("key")
        raise Refused(401, "This key is not known, revoked or expired.", headers=CHALLENGE)
    return found


async def _looked_up(request: Request, api: Context, token: KeyToken) -> StoredKey | None:
    remembered, key = api.keys.get(token)
    if remembered:
        return key
    # Whoever tries keys must not keep the database busy with it.
    await _within(api, LOOK_UPS, f"keys:{_hashed_address(request, api)}")

    def work() -> StoredKey | None:
        with driver_errors(), api.parts.sessions.begin() as session:
            found = find_key(session, token.key_id)
            if found is not None and token.belongs_to(found.secret_hash):
                note_use(session, token.key_id)
            return found

    key = await api.threads.run(work)
    api.keys.put(token, key)
    return key


MaySearch = Annotated[Asker, Depends(needs("search"))]
MayAsk = Annotated[Asker, Depends(needs("ask"))]
MayRead = Annotated[Asker, Depends(needs("documents"))]
MayMeasure = Annotated[Asker, Depends(needs("metrics"))]
