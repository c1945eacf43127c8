"""What askers used today: reserved before a question is answered, settled after; one row per day and asker.

Each change is one statement on one row, so that processes which ask at the same time cannot both take the last place.
The day is UTC's, as the server's clock has it.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

KEPT_DAYS = 40


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """What an asker may use on a day (None: any amount); ``asker`` is key:ID, visitor:HASH or public."""

    asker: str
    questions: int | None = None
    usd: Decimal | None = None


def reserve(session: Session, limit: DailyLimit, usd: Decimal) -> dt.date | None:
    """Take one question, and set ``usd`` aside, for today; the day, or None when the limit does not allow it."""
    allowed: dt.date | None = session.scalar(
        text(
            """
            INSERT INTO api_usage AS u (day, asker, questions, reserved_usd)
            SELECT CAST(now() AT TIME ZONE 'UTC' AS date), :asker, 1, :usd
            WHERE COALESCE(CAST(:questions AS integer), 1) >= 1
              AND CAST(:usd AS numeric) <= COALESCE(CAST(:budget AS numeric), CAST(:usd AS numeric))
            ON CONFLICT (day, asker) DO UPDATE
            SET questions = u.questions + 1, reserved_usd = u.reserved_usd + :usd
            WHERE (CAST(:questions AS integer) IS NULL OR u.questions < :questions)
              AND (CAST(:budget AS numeric) IS NULL OR u.spent_usd + u.reserved_usd + :usd <= :budget)
            RETURNING u.day
            """
        ),
        {"asker": limit.asker, "questions": limit.questions, "usd": usd, "budget": limit.usd},
    )
    return allowed


def need_not_wait_for_disk(session: Session) -> None:
    """For this transaction: a power cut may forget its last moment. Good for counts of questions, not for money."""
    session.execute(text("SELECT set_config('synchronous_commit', 'off', true)"))


def settle(session: Session, asker: str, day: dt.date, *, reserved_usd: Decimal, spent_usd: Decimal) -> None:
    """Put what was spent in the place of what was set aside."""
    session.execute(
        text(
            "UPDATE api_usage SET reserved_usd = reserved_usd - :reserved, spent_usd = spent_usd + :spent "
            "WHERE day = :day AND asker = :asker"
        ),
        {"reserved": reserved_usd, "spent": spent_usd, "day": day, "asker": asker},
    )


def used_today(session: Session, asker: str) -> tuple[int, Decimal]:
    """(questions, US dollars spent or set aside) of an asker today."""
    row = session.execute(
        text(
            "SELECT questions, spent_usd + reserved_usd FROM api_usage "
            "WHERE asker = :asker AND day = CAST(now() AT TIME ZONE 'UTC' AS date)"
        ),
        {"asker": asker},
    ).one_or_none()
    return (0, Decimal(0)) if row is None else (row[0], row[1])


def forget_usage(session: Session) -> None:
    """Delete what is older than 40 days: nobody asks for it, and visitors' hashes need not stay."""
    session.execute(
        text("DELETE FROM api_usage WHERE day < CAST(now() AT TIME ZONE 'UTC' AS date) - CAST(:days AS integer)"),
        {"days": KEPT_DAYS},
    )
