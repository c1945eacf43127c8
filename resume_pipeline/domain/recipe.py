"""How a document version was read and cut: parser version and chunk limits, as one stored value.

A change of the recipe makes new versions of all documents, as a change of their bytes would. Raise ``PARSER_VERSION``
whenever ``domain.front_matter``, ``domain.markdown``, ``domain.facts`` or ``domain.chunking`` yield other chunks for
the same file.
"""

import re
from dataclasses import dataclass

from resume_pipeline.domain.documents import ChunkLimits

PARSER_VERSION = 2
ENCODED = re.compile(r"parser (\d+), target (\d+), max (\d+), overlap (\d+)")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Parser version and chunk limits; ``str()`` is the stored form."""

    limits: ChunkLimits
    parser_version: int = PARSER_VERSION

    def __str__(self) -> str:
        limits = self.limits
        return (
            f"parser {self.parser_version}, target {limits.target_tokens}, max {limits.max_tokens}, "
            f"overlap {limits.overlap_tokens}"
        )


def parse_recipe(text: str) -> Recipe:
    """The recipe a stored form stands for.

    Raises:
        ValueError: it is no stored form.
    """
    match = ENCODED.fullmatch(text)
    if match is None:
        raise ValueError(f"not a recipe: {text!r}")
    version, target, maximum, overlap = (int(group) for group in match.groups())
    return Recipe(ChunkLimits(target, maximum, overlap), version)
