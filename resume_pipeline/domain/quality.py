"""Whether a state of the index is good enough to be published: its figures against a bar and against what is live.

The figures are those of ``domain.ranking_metrics`` in the default mode of search. Who asks, and what is done about the
answer, is ``ingestion.publishing`` and the checks of the graph.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

ROUNDING = 1e-9
"""Shares are sums of floats: what is equal on paper must not differ here."""


@dataclass(frozen=True, slots=True)
class QualityBar:
    """The least hit@5 (0: none), and how far below the live generation's it may lie (1: as far as it likes)."""

    min_hit_at_5: float
    max_drop: float

    @property
    def demands_nothing(self) -> bool:
        """Whether every state passes."""
        return self.min_hit_at_5 <= 0 and self.max_drop >= 1


@dataclass(frozen=True, slots=True)
class StateQuality:
    """What the golden questions found in one state, and whether a person accepted it.

    ``ranks`` has the rank of the first relevant hit by the question's id (None: none among ten), of the questions that
    this state's documents can answer.
    """

    ranks: Mapping[str, int | None]
    accepted: bool = False

    def hit_at_5(self, questions: Collection[str]) -> float:
        """The share of these questions with a relevant passage among five hits."""
        ranks = [self.ranks[question] for question in questions]
        return sum(rank is not None and rank <= 5 for rank in ranks) / max(len(ranks), 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a state may be published, with the figures that decide in words."""

    passed: bool
    reason: str


def judge_quality(candidate: StateQuality, live: StateQuality | None, bar: QualityBar) -> Verdict:
    """The verdict on a candidate; ``live`` None means that there is nothing to compare with.

    The two are compared by the questions that both can answer: a document that was removed on purpose is no worse
    search, and one that was added no better one.
    """
    if not candidate.ranks:
        return Verdict(True, "No golden question names a document that is here, so there is nothing to measure.")
    own = candidate.hit_at_5(candidate.ranks)
    faults = []
    if own < bar.min_hit_at_5 - ROUNDING:
        faults.append(f"that is below the bar of {bar.min_hit_at_5:.3f} (RESUME_MIN_HIT_AT_5)")
    both = [question for question in candidate.ranks if live is not None and question in live.ranks]
    compared = ""
    if live is not None and both:
        now, before = candidate.hit_at_5(both), live.hit_at_5(both)
        compared = f"; over the {len(both)} that the live generation can answer it is {now:.3f}, there {before:.3f}"
        if now < before - bar.max_drop - ROUNDING:
            faults.append(f"it fell by more than {bar.max_drop:.3f} (RESUME_MAX_QUALITY_DROP)")
    reason = f"Golden questions: hit@5 is {own:.3f} over {len(candidate.ranks)}{compared}"
    if not faults:
        return Verdict(True, f"{reason}.")
    reason = f"{reason}: {', and '.join(faults)}."
    return Verdict(True, f"{reason} A person accepted that.") if candidate.accepted else Verdict(False, reason)
