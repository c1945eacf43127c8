"""`keys`: who may use the HTTP API."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from resume_pipeline import bootstrap
from resume_pipeline.bootstrap.api_keys import KeyWish, create_key
from resume_pipeline.cli.output import AsJson, err, out, print_json, show_table
from resume_pipeline.errors import ConfigurationError
from resume_pipeline.settings import load_settings
from resume_pipeline.storage.api_keys import StoredKey, list_keys, revoke_key
from resume_pipeline.storage.engine import Sessions, driver_errors, make_sessions

keys = typer.Typer(help="API keys: make, list, revoke.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys")


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom or what it is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="search, ask, documents, metrics or *; may be repeated.")
    ] = None,
    rate: Annotated[str | None, typer.Option(help="Requests in a time, as in 60/minute.")] = None,
    questions_per_day: Annotated[int | None, typer.Option(min=0, help="Searches and answers on a day (UTC).")] = None,
    budget_usd_per_day: Annotated[str | None, typer.Option(help="US dollars its answers may cost on a day.")] = None,
    expires_days: Annotated[int | None, typer.Option(min=1, max=36_500, help="It ends after so many days.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, once; only its hash is kept."""
    wish = KeyWish(
        name,
        scope or ["search", "ask", "documents"],
        rate,
        questions_per_day,
        _dollars(budget_usd_per_day),
        expires_days,
    )
    token, stored = create_key(_sessions(), wish)
    if as_json:
        print_json({"key": token.written, **_as_json(stored)})
        return
    out.print(token.written, markup=False)
    err.print("Keep it: it is not shown again. It is sent as `Authorization: Bearer …`.")


@keys.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show every key, but not what is secret of it."""
    with driver_errors(), _sessions()() as session:
        found = list_keys(session)
    if as_json:
        print_json({"keys": [_as_json(key) for key in found]})
        return
    rows = [
        (
            f"rp_{key.key_id}_…",
            key.name,
            " ".join(key.scopes),
            key.rate or "",
            "" if key.questions_per_day is None else key.questions_per_day,
            "" if key.budget_usd_per_day is None else f"${key.budget_usd_per_day.normalize():f}",
            key.last_used_on or "never",
            _state(key),
        )
        for key in found
    ]
    show_table("", ("key", "name", "scopes", "rate", "questions a day", "budget a day", "last used", "state"), rows)
    if not rows:
        out.print("There is no key. `resume-pipeline keys create NAME` makes one.")


@keys.command()
def revoke(key: Annotated[str, typer.Argument(help="rp_ID_… or its id, as `keys list` shows it.")]) -> None:
    """End a key; servers refuse it within five seconds."""
    key_id = key.removeprefix("rp_").split("_")[0]
    with driver_errors(), _sessions().begin() as session:
        revoked = revoke_key(session, key_id)
    if revoked is None:
        raise ConfigurationError(f"There is no key {key_id!r}. `resume-pipeline keys list` shows them.")
    out.print(f"The key of {revoked.name} is revoked.", markup=False)


def _sessions() -> Sessions:
    return make_sessions(bootstrap.engine(load_settings(), pool_size=1))


def _dollars(written: str | None) -> Decimal | None:
    if written is None:
        return None
    try:
        amount = Decimal(written)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount < 1_000_000:
        raise ConfigurationError(f"--budget-usd-per-day: {written!r} is no amount of US dollars, as in 0.50.")
    return amount


def _state(key: StoredKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is None:
        return "valid"
    ended = key.expires_at <= dt.datetime.now(dt.UTC)
    return "expired" if ended else f"until {key.expires_at.astimezone(dt.UTC):%Y-%m-%d}"


def _as_json(key: StoredKey) -> dict[str, Any]:
    return {
        "id": key.key_id,
        "name": key.name,
        "scopes": list(key.scopes),
        "rate": key.rate,
        "questions_per_day": key.questions_per_day,
        "budget_usd_per_day": None if key.budget_usd_per_day is None else f"{key.budget_usd_per_day.normalize():f}",
        "state": _state(key),
        "expires_at": key.expires_at.isoformat() if key.expires_at is not None else None,
        "last_used_on": key.last_used_on.isoformat() if key.last_used_on is not None else None,
    }
