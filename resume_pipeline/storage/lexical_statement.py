"""BM25 over the postings as SQL: the rare lexemes of a question make the candidates, the frequent ones add to them.

As in Turtle and Flood, "Query evaluation: strategies and optimizations" (1995; MaxScore): a chunk that has only
frequent lexemes cannot reach the top, so their long postings are looked up for the candidates alone, not walked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from resume_pipeline.storage.asked import AskedLexeme

CERTAIN = 10
"""So many of the best are proven to be BM25's own best; below, a chunk of frequent lexemes alone may be missing."""
WALKED = 40_000
"""Postings that are walked through before lexemes count as frequent: 0.25 microseconds each, against 3 for each look
into the postings of a frequent one. Ten words touch about 25,000 postings in 72,000 chunks (docs/performance.md)."""
HEAD = 64
"""The best by rare lexemes, scored in full first: what they reach says how few of the others can still matter."""


@dataclass(frozen=True, slots=True)
class LexicalPlan:
    """Which lexemes are walked through and which are looked up; ``found`` best chunks are returned.

    ``slack`` is the most that the frequent lexemes can add to a score.
    """

    rare: tuple[AskedLexeme, ...]
    often: tuple[AskedLexeme, ...]
    found: int
    count: int

    @property
    def slack(self) -> float:
        """The most that all frequent lexemes together can add."""
        return sum(lexeme.idf * lexeme.max_weight for lexeme in self.often)

    @property
    def is_everything(self) -> bool:
        """Whether it returns every chunk that has one of the lexemes."""
        return not self.often and self.found >= sum(lexeme.postings for lexeme in self.rare)

    def is_certain(self, best_first: Sequence[float]) -> bool:
        """Whether no chunk of frequent lexemes alone can belong among the best that are asked for."""
        place = min(CERTAIN, self.count)
        return not self.often or (len(best_first) >= place and best_first[place - 1] >= self.slack)

    def wider(self, scores: Iterable[float]) -> "LexicalPlan":
        """The next plan: as many lexemes walked through as it takes to be certain, and more chunks returned."""
        best = sorted(scores, reverse=True)
        reached = best[min(CERTAIN, self.count) - 1] if len(best) >= self.count else 0.0
        rare, often = list(self.rare), list(self.often)
        while often and sum(lexeme.idf * lexeme.max_weight for lexeme in often) > reached:
            rare.append(often.pop(0))
        return replace(self, rare=tuple(rare), often=tuple(often), found=self.found * 8)


def plan_lexemes(terms: Sequence[AskedLexeme], count: int) -> LexicalPlan:
    """The plan of the first round; ``terms`` are in the lexicon, rarest first."""
    walked, split = 0, 0
    for term in terms:
        if split and walked + term.postings > WALKED:
            break
        walked += term.postings
        split += 1
    return LexicalPlan(tuple(terms[:split]), tuple(terms[split:]), count * 2, count)


_LOOKED_UP = """COALESCE((
    SELECT sum(o.idf * o.weights[b.place])
    FROM often o CROSS JOIN LATERAL (SELECT width_bucket({id}, o.ids) AS place) b
    WHERE o.ids[b.place] = {id}), 0)"""
"""What frequent lexemes add to a chunk: ids ascend, so ``width_bucket`` finds it by halving."""

_OFTEN = """often AS MATERIALIZED (
    -- Joined to nothing, an array is read from where it is stored once, and not at each look into it.
    SELECT a.idf, p.ids || CAST('{}' AS integer[]) AS ids, p.weights || CAST('{}' AS real[]) AS weights
    FROM unnest(CAST(:often AS integer[]), CAST(:often_idf AS float8[])) AS a(term_id, idf)
    JOIN postings p USING (term_id))"""

# Two arrays unnested side by side in the select list take half the time of a join to unnest(ids, weights).
_SUMMED = """
    SELECT id, sum(weight * idf) AS score FROM (
        SELECT unnest(p.ids) AS id, unnest(p.weights) AS weight, a.idf
        FROM unnest(CAST(:rare AS integer[]), CAST(:rare_idf AS float8[])) AS a(term_id, idf)
        JOIN postings p USING (term_id)) u
    GROUP BY id"""

_KEPT = f"""head AS MATERIALIZED (
    SELECT h.score + {_LOOKED_UP.format(id="h.id")} AS score
    FROM (SELECT id, score FROM walked ORDER BY score DESC, id LIMIT {HEAD}) h),
kept AS MATERIALIZED (
    SELECT id, score FROM walked ORDER BY score DESC, id LIMIT GREATEST(:found, (
        SELECT count(*) FROM walked
        WHERE score >= COALESCE((SELECT score FROM head ORDER BY score DESC OFFSET :certain LIMIT 1), 0) - :slack)))"""  # noqa: S608  (a constant of ours)

# OFFSET 0 keeps the planner from working the sum out twice, for the condition and for the order.
_SCORED = f"""scored AS MATERIALIZED (
    SELECT id, score FROM (SELECT k.id, k.score + {_LOOKED_UP.format(id="k.id")} AS score FROM kept k OFFSET 0) s
    WHERE score > 0 ORDER BY score DESC, id LIMIT :found)"""  # noqa: S608  (a constant of ours)


def lexical_ctes(plan: LexicalPlan, parameters: dict[str, Any], *, allowed: bool) -> list[str]:
    """The expressions that end in ``scored (id, score)``, best first; ``allowed``: only chunks of that expression."""
    rare, often = ((), plan.rare + plan.often) if allowed else (plan.rare, plan.often)
    parameters |= {
        "rare": [lexeme.term_id for lexeme in rare],
        "rare_idf": [lexeme.idf for lexeme in rare],
        "often": [lexeme.term_id for lexeme in often],
        "often_idf": [lexeme.idf for lexeme in often],
        "slack": plan.slack + 1e-4,  # weights are real, of seven digits
        "certain": min(CERTAIN, plan.count) - 1,
        "found": plan.found,
    }
    if allowed:
        candidates = (
            "SELECT l.lexical_id AS id, CAST(0 AS float8) AS score FROM allowed JOIN lexical_chunks l USING (chunk_id)"
        )
        return [_OFTEN, f"kept AS MATERIALIZED ({candidates})", _SCORED]
    if often:
        return [_OFTEN, f"walked AS MATERIALIZED ({_SUMMED})", _KEPT, _SCORED]
    return [f"scored AS MATERIALIZED (SELECT id, score FROM ({_SUMMED}) w ORDER BY score DESC, id LIMIT :found)"]  # noqa: S608
