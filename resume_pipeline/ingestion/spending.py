"""Spending: what a run may cost, asked before each request, and what it did cost, kept with the vectors.

Prices are ``embedding.prices``; the rows are ``storage.spending``.
"""

import threading
import uuid
from dataclasses import dataclass, field
from decimal import Decimal

from resume_pipeline.embedding.prices import Lane, Prices, cost_of
from resume_pipeline.errors import BudgetExceededError, ConfigurationError
from resume_pipeline.storage.engine import Session, Sessions
from resume_pipeline.storage.spending import SpendingEntry, record_spending, spent_in_run, spent_today

PER_RUN, PER_DAY = "RESUME_BUDGET_USD", "RESUME_BUDGET_USD_PER_DAY"

ASSUMED_TOKENS_PER_SECOND = {"local": 250_000.0, "hashing": 250_000.0, "sentence-transformers": 2_000.0}
"""Before a model was measured; on two cores."""
REMOTE_TOKENS_PER_SECOND = 1_000_000 / 60
"""The limit of OpenAI's first tier for text-embedding-3-small, https://platform.openai.com/docs/models."""


@dataclass(frozen=True, slots=True)
class SpendingRules:
    """What embedding costs, and what it may: US dollars in a run, and on a day (UTC) over all runs. None: no limit."""

    prices: Prices = field(default_factory=Prices)
    per_run_usd: Decimal | None = None
    per_day_usd: Decimal | None = None

    @property
    def is_limited(self) -> bool:
        """Whether a budget is set."""
        return self.per_run_usd is not None or self.per_day_usd is not None

    def cost(self, model: str, tokens: int, lane: Lane = "direct") -> Decimal | None:
        """The price of tokens; None when it is not known."""
        return cost_of(tokens, self.prices.usd_per_million_tokens(model, lane))

    def cost_usd(self, model: str, tokens: int, lane: Lane = "direct") -> float | None:
        """The same as a plain number, for reports."""
        cost = self.cost(model, tokens, lane)
        return None if cost is None else float(cost)

    def allows(self, model: str, tokens: int, lane: Lane = "direct", *, spent_today: Decimal) -> bool:
        """Whether so many tokens fit into the budgets; without a price none do, where a budget is set."""
        if not tokens or not self.is_limited:
            return True
        cost = self.cost(model, tokens, lane)
        if cost is None or (self.per_run_usd is not None and cost > self.per_run_usd):
            return False
        return self.per_day_usd is None or spent_today + cost <= self.per_day_usd

    def require_known_price(self, model: str) -> None:
        """Return when there is no budget, or the price is known that it needs.

        Raises:
            ConfigurationError: a budget is set and the model's price is not known.
        """
        if self.is_limited and self.prices.usd_per_million_tokens(model) is None:
            setting = PER_RUN if self.per_run_usd is not None else PER_DAY
            raise ConfigurationError(
                f"{setting} is set, but the price of {model} is not known, so nothing was sent. Set its price in US "
                f"dollars per million tokens, as in RESUME_PRICES={model}=0.02 (0 when it costs nothing), or unset "
                f"{setting}."
            )


class Spending:
    """The purse of one run; safe to use from several threads.

    ``reserve`` before a request, then ``settle`` in the transaction that stores its vectors, or ``release`` when it
    brought nothing. What is reserved counts as spent, so requests under way together cannot exceed a budget.
    """

    def __init__(
        self, sessions: Sessions, rules: SpendingRules, model: str, *, lane: Lane = "direct", run_id: str | None = None
    ) -> None:
        self.rules, self.model, self.lane = rules, model, lane
        self.run_id = run_id or str(uuid.uuid4())
        self.tokens = 0
        self._sessions = sessions
        self._reserved = 0
        self._earlier: Decimal | None = None  # of this run, before a retry of its step
        self._lock = threading.Lock()

    @property
    def cost_usd(self) -> float | None:
        """What was settled so far, in US dollars; None when the price is not known."""
        return self.rules.cost_usd(self.model, self.tokens, self.lane)

    def reserve(self, tokens: int) -> None:
        """Set money aside for a request.

        Raises:
            BudgetExceededError: the request would exceed a budget; it must not be sent.
            ConfigurationError: a budget is set and the price is not known.
        """
        self.rules.require_known_price(self.model)
        with self._lock:
            if self.rules.is_limited:
                self._require_affordable(tokens)
            self._reserved += tokens

    def release(self, tokens: int) -> None:
        """Give back what was reserved for a request that was refused, or is sent again in parts."""
        with self._lock:
            self._reserved -= tokens

    def settle(self, session: Session, *, inputs: int, reserved: int, tokens: int | None = None) -> None:
        """Remember an answer, together with its vectors. ``tokens`` is what the provider counted, if it said so."""
        spent = reserved if tokens is None else tokens
        cost = self.rules.cost(self.model, spent, self.lane)
        record_spending(session, SpendingEntry(self.run_id, self.model, self.lane, inputs, spent, cost))
        with self._lock:
            self._reserved -= reserved
            self.tokens += spent

    def _require_affordable(self, tokens: int) -> None:
        request, under_way, own = self._cost(tokens), self._cost(self._reserved), self._cost(self.tokens)
        with self._sessions() as session:
            if self._earlier is None:
                self._earlier = spent_in_run(session, self.run_id)
            in_run = self._earlier + own
            # Own answers are counted here and not read: a transaction under way does not show them yet.
            today = in_run + spent_today(session, but_run=self.run_id)
        for setting, budget, spent, period in (
            (PER_RUN, self.rules.per_run_usd, in_run, "in this run"),
            (PER_DAY, self.rules.per_day_usd, today, "today (UTC)"),
        ):
            if budget is not None and spent + under_way + request > budget:
                raise BudgetExceededError(
                    f"The next request to {self.model} ({tokens:,} tokens, ${request:.6f}) was not sent: ${spent:.6f} "
                    f"were spent {period}, ${under_way:.6f} are under way, and {setting} allows ${budget}. What was "
                    f"embedded is kept. Raise {setting}, "
                    + ("or go on tomorrow." if setting == PER_DAY else "or go on in another run."),
                    {"budget_usd": float(budget), "spent_usd": float(spent + under_way), "request_usd": float(request)},
                )

    def _cost(self, tokens: int) -> Decimal:
        return self.rules.cost(self.model, tokens, self.lane) or Decimal(0)


def estimated_seconds(tokens: int, measured_tokens_per_second: float | None, model: str) -> float:
    """How long embedding takes: at the pace of the model's last run, else at the one its provider is known for."""
    assumed = ASSUMED_TOKENS_PER_SECOND.get(model.partition(":")[0], REMOTE_TOKENS_PER_SECOND)
    return tokens / (measured_tokens_per_second or assumed)
