"""What every question goes through before it is asked: its length, its characters, its conditions."""

from collections.abc import Sequence

from resume_pipeline.api.problems import Refused
from resume_pipeline.domain.characters import without_unsound
from resume_pipeline.domain.filters import Filter, parse_filter
from resume_pipeline.settings import Settings


def checked_question(question: str, settings: Settings) -> str:
    """The question as it is asked.

    Raises:
        Refused: it is longer than this server takes, or nothing is left of it.
    """
    if len(question) > settings.max_question_characters:
        raise Refused(422, f"The question is longer than {settings.max_question_characters} characters.")
    sound = without_unsound(question).strip()
    if not sound:
        raise Refused(422, "The question holds no character that can be asked.")
    return sound


def parsed_filters(where: Sequence[str]) -> list[Filter]:
    """Conditions as a person types them, as filters.

    Raises:
        InvalidFilterError: one is none.
    """
    return [parse_filter(written) for written in where]
