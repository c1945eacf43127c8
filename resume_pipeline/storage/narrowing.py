"""What a search is narrowed to: scope, filters, phrases and excluded words, as SQL on chunks.

A narrow search (few chunks are left) collects those chunks first and compares with them alone, exactly and in full; a
wide one takes the best of all and leaves out what is not visible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from resume_pipeline.domain.filters import Filter
from resume_pipeline.domain.lexemes import searchable
from resume_pipeline.domain.question import Question
from resume_pipeline.storage.asked import asked_lexemes
from resume_pipeline.storage.filters import filter_conditions
from resume_pipeline.storage.lexicon import Statistics
from resume_pipeline.storage.visibility import SearchScope

SMALL = 5_000
"""Up to so many occurrences are compared one by one: some 40 ms at most, and never short of the limit."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The chunks that a search may return: conditions on document ``d`` and occurrence ``o``, and their parameters.

    ``occurrences`` counts how many are left, up to ``SMALL`` + 1; without filters and phrases they are not counted, and
    ``is_filtered`` is false.
    """

    conditions: str
    parameters: Mapping[str, Any]
    occurrences: int = SMALL + 1
    is_filtered: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left, or a phrase has a word that no chunk has."""
        return self.occurrences == 0

    @property
    def is_small(self) -> bool:
        """Whether so few chunks are left that they are compared one by one."""
        return self.occurrences <= SMALL

    @property
    def allowed(self) -> str:
        """The expression ``allowed (chunk_id)`` of a narrow search; empty for a wide one."""
        return f"allowed AS MATERIALIZED (SELECT DISTINCT o.chunk_id {self.source})" if self.is_small else ""

    @property
    def source(self) -> str:
        """The occurrences ``o`` that are left, with their documents ``d``, from ``FROM`` on."""
        return f"FROM documents d JOIN chunk_occurrences o USING (document_id) WHERE {self.conditions}"

    def visible(self, chunk: str) -> str:
        """A condition on a chunk's id; a narrow search takes only what is allowed, so nothing is left to check."""
        if self.is_small:
            return "true"
        return (
            "EXISTS (SELECT FROM chunk_occurrences o JOIN documents d USING (document_id) "
            f"WHERE o.chunk_id = {chunk} AND {self.conditions})"
        )


def narrow(
    session: Session,
    scope: SearchScope,
    *,
    filters: Sequence[Filter] = (),
    question: Question | None = None,
    statistics: Statistics | None = None,
) -> Narrowing:
    """What is left; ``statistics`` None means that there is no lexical index yet, and phrases cannot be looked up."""
    parameters: dict[str, Any] = {"generation": scope.generation}
    conditions = scope.condition + filter_conditions(filters, parameters)
    if statistics is not None and question is not None and question.is_narrowed:
        parameters["configuration"] = statistics.configuration
        for number, phrase in enumerate(question.phrases):
            conditions += _phrase(session, statistics, phrase, f"phrase_{number}", parameters)
        for number, word in enumerate(question.excluded):
            parameters[f"excluded_{number}"] = searchable(word)
            conditions += (
                " AND NOT EXISTS (SELECT FROM lexical_chunks x WHERE x.chunk_id = o.chunk_id AND x.search_vector @@ "
                f"phraseto_tsquery(CAST(:configuration AS regconfig), :excluded_{number}))"
            )
    wide = Narrowing(conditions, parameters)
    if not filters and not (question and question.phrases):
        return wide
    counted = session.scalar(
        text(f"SELECT count(*) FROM (SELECT {wide.source} LIMIT :most) x"),  # noqa: S608  (our own fragments)
        {**parameters, "most": SMALL + 1},
    )
    return Narrowing(conditions, parameters, int(counted or 0), is_filtered=True)


def _phrase(session: Session, statistics: Statistics, phrase: str, name: str, parameters: dict[str, Any]) -> str:
    """The phrase stands in the chunk; only chunks with its rarest lexeme are looked at."""
    lexemes = asked_lexemes(session, phrase, statistics)
    if not lexemes or any(len(lexeme.lexeme) == 1 and lexeme.lexeme > "\u0e00" for lexeme in lexemes):
        return ""  # nothing but words that are not indexed, or a character of a script that is indexed in pairs
    if any(lexeme.term_id is None for lexeme in lexemes):
        return " AND false"
    parameters |= {name: searchable(phrase), f"{name}_rarest": lexemes[0].term_id}
    return (
        " AND o.chunk_id IN (SELECT x.chunk_id FROM lexical_chunks x WHERE x.lexical_id IN "  # noqa: S608  (bound)
        f"(SELECT unnest(ids) FROM postings WHERE term_id = :{name}_rarest) "
        f"AND x.search_vector @@ phraseto_tsquery(CAST(:configuration AS regconfig), :{name}))"
    )
