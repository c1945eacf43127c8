"""Suggestions that are answered: made once per generation, and kept."""

import threading
from collections.abc import Iterator, Sequence

from resume_pipeline.bootstrap.serving import Serving
from resume_pipeline.domain.content_gaps import FOUND_COVERAGE
from resume_pipeline.domain.suggestions import Described, Suggestion, suggestions
from resume_pipeline.errors import PublishError
from resume_pipeline.storage.documents_shown import shown_documents
from resume_pipeline.storage.engine import driver_errors
from resume_pipeline.storage.generations import live_generation

SHOWN = 6
LOOKED_AT = 300
"""Documents that questions are made of; more would not make better ones."""
TRIED = 24


class Suggester:
    """The questions of the live generation; the same for all as long as it is live."""

    def __init__(self, parts: Serving) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._made: tuple[int, Sequence[str]] = (-1, ())

    def suggest(self) -> tuple[int, Sequence[str]]:
        """(generation, questions).

        Raises:
            PublishError: nothing is published yet.
        """
        with driver_errors(), self._parts.sessions() as session:
            live = live_generation(session)
        if live is None:
            raise PublishError("Nothing is published yet.")
        with self._lock:  # one process makes them once, however many ask meanwhile
            if self._made[0] != live.generation:
                self._made = (live.generation, self._make(live.generation))
            return self._made

    def _make(self, generation: int) -> Sequence[str]:
        with driver_errors(), self._parts.sessions() as session:
            documents = shown_documents(session, generation, limit=LOOKED_AT)
        described = [Described(one.path, one.title, one.metadata) for one in documents]
        person = self._parts.settings.person
        questions: list[str] = []
        for question in self._answered(suggestions(described, person=person)[:TRIED]):
            questions.append(question)
            if len(questions) == SHOWN:
                break
        return tuple(questions or [f"What does “{one.title}” say?" for one in documents[:3]])

    def _answered(self, candidates: Sequence[Suggestion]) -> Iterator[str]:
        """Those whose words the content has, where they come from."""
        for one in candidates:
            # By words alone: that costs no call of a model.
            result = self._parts.retriever.search(one.words, limit=3, mode="lexical")
            paths = {hit.path for hit in result.hits}
            if (result.coverage or 0) >= FOUND_COVERAGE and (one.path is None or one.path in paths):
                yield one.question
