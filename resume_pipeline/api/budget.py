"""Daily limits: a question and its money are taken before it is answered, and what it did cost is settled after.

Counted in Postgres, so that every process and every restart goes on with the same numbers. A process that is killed
leaves what it had set aside: the day then ends with less spent than allowed, never with more.
"""

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from resume_pipeline.api.problems import Refused
from resume_pipeline.storage.api_usage import DailyLimit, need_not_wait_for_disk, reserve, settle, used_today
from resume_pipeline.storage.engine import Sessions, driver_errors

logger = logging.getLogger("resume_pipeline.api")


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was taken for one question: of whom, on which day, and the money set aside of each."""

    sessions: Sessions
    askers: Sequence[str]
    day: dt.date
    usd: Decimal

    def settle(self, spent_usd: Decimal | None) -> None:
        """Put what it cost in the place of what was set aside (None, not known: the latter stands). Never raises."""
        spent = self.usd if spent_usd is None else spent_usd
        if not self.usd and not spent:
            return
        try:
            with driver_errors(), self.sessions.begin() as session:
                for asker in self.askers:
                    settle(session, asker, self.day, reserved_usd=self.usd, spent_usd=spent)
        except Exception as error:  # the answer is given; what was set aside stays, on the safe side
            logger.warning("the cost of an answer was not settled: %s", error)


def take(sessions: Sessions, limits: Sequence[DailyLimit], usd: Decimal) -> Reservation | None:
    """Take one question and ``usd`` of every limit, or of none; None when there is no limit.

    Raises:
        Refused: 429, a limit of today is reached.
        DatabaseUnavailableError: nothing can be counted, so nothing is answered.
    """
    if not limits:
        return None
    with driver_errors(), sessions.begin() as session:
        if not usd:
            need_not_wait_for_disk(session)
        for limit in limits:
            day = reserve(session, limit, usd)
            if day is None:
                questions, _ = used_today(session, limit.asker)
                session.rollback()
                raise Refused(429, _reason(limit, questions), retry_after=_until_midnight())
    assert day is not None  # noqa: S101  (there is at least one limit)
    return Reservation(sessions, [limit.asker for limit in limits], day, usd)


def _reason(limit: DailyLimit, questions: int) -> str:
    if limit.questions is not None and questions >= limit.questions:
        return f"The {limit.questions} questions of today are asked. Try again tomorrow (UTC)."
    return "What may be spent on answers today is spent. Try again tomorrow (UTC)."


def _until_midnight() -> float:
    now = dt.datetime.now(dt.UTC)
    tomorrow = (now + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - now).total_seconds()
