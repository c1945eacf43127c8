"""Whether the evidence for an answer is enough: features in, a probability out, by a logistic model.

The coefficients are constants made by ``make tune-answers`` (docs/answers.md has the figures); how features are
computed is ``answering.evidence``.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from resume_pipeline.domain.gate_weights import WEIGHTS

Kind = Literal["portfolio", "collection"]
"""``portfolio``: content about one person or thing, whose questions seldom name it. ``collection``: short documents on
many subjects, where a question names its subject, so that sharing its words says less."""

COLLECTION_DOCUMENTS = 50
COLLECTION_CHUNKS_PER_DOCUMENT = 1.5
COLLECTION_FACTS_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Similarities:
    """Cosines of the local static embeddings.

    ``passage``: question and first hit. ``window``: the question's content words and the best three sentences of it.
    ``header``: question and its title with headings. ``words``: how near the question's words have their nearest in one
    of the first three hits, weighted by idf. ``beyond``: the same for words that are not in the title, in one sentence.
    """

    passage: float
    window: float
    header: float
    words: float
    beyond: float


@dataclass(frozen=True, slots=True)
class Features:
    """What is known about the best hits; shares are 0 … 1, weighted by idf.

    ``coverage``: share of the question's lexemes in one of the first five hits, title and headings included.
    ``window``: in three neighbouring sentences of the first. ``unknown``: share that no chunk has. ``lead``: by how
    much of its BM25 the first is ahead of the second; ``fused_lead`` the same by score, not divided. ``cues``: see
    ``domain.question_cues``. ``words``: distinct lexemes of the question.
    """

    coverage: float
    window: float
    unknown: float
    lead: float
    fused_lead: float
    cues: float
    words: float
    similarities: Similarities | None = None

    def values(self) -> dict[str, float]:
        """The features by name, those of the similarities as ``cos_NAME``."""
        own: dict[str, float] = {name: value for name, value in asdict(self).items() if name != "similarities"}
        if self.similarities is not None:
            own |= {f"cos_{name}": value for name, value in asdict(self.similarities).items()}
        return own


def kind_of_content(documents: int, chunks: int, with_facts: int) -> Kind:
    """What kind of content this is; ``portfolio`` unless there are many short documents without front matter."""
    many = documents >= COLLECTION_DOCUMENTS
    short = chunks < COLLECTION_CHUNKS_PER_DOCUMENT * documents
    plain = with_facts < COLLECTION_FACTS_SHARE * documents
    return "collection" if many and short and plain else "portfolio"


def answerable(found: Features, kind: Kind) -> float:
    """The probability that the content answers the question; half is the bar.

    Without similarities the model that was fitted without them is used.
    """
    measured = "vectors" if found.similarities is not None else "words"
    return logistic(found.values(), WEIGHTS[f"{kind}, {measured}"])


def logistic(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """1 / (1 + e^-x), x the weighted sum of the values plus the weight called ``intercept``."""
    x = weights["intercept"] + sum(weight * values[name] for name, weight in weights.items() if name != "intercept")
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, x))))
