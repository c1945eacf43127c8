"""Every error this project raises on purpose, in one tree, grouped by what the reader can do about it.

::

    ResumePipelineError
    ├── ConfigurationError          change a setting
    ├── ContentError                look at the content root
    │   ├── ContentRootError        it is missing or cannot be listed
    │   ├── ContentLossError        too much is gone at once; confirm if that was meant
    │   └── QuestionsError          the golden questions cannot be read
    ├── DatabaseError               look at Postgres
    │   ├── DatabaseUnavailableError    it cannot be reached now (a retry may help)
    │   ├── SchemaError             the schema is not what this code needs; migrate
    │   └── BusyError               another writer holds the lock (a retry may help)
    ├── ChatError                   look at the chat model
    │   ├── ChatAccessError         key, quota, model or address: change a setting or the account
    │   └── ChatUnavailableError    no answer that can be used came in time (a retry may help)
    ├── EmbeddingError              look at the embedding model
    │   ├── EmbeddingSpaceError     vectors of two models would meet
    │   ├── EmbeddingAccessError    key, quota, model or address: change a setting or the account
    │   ├── EmbeddingInputError     these inputs are refused while others are answered; look at their documents
    │   ├── EmbeddingUnavailableError   no sound answer came in time (a retry may help)
    │   └── EmbeddingDeadlineError  the stage took longer than it may; run again, it goes on where it stopped
    ├── BudgetExceededError         it would cost more than may be spent; raise the budget, or wait
    ├── BatchesUnderWayError        inputs wait in batches of the Batch API; come back later
    ├── IndexUnusableError          the vector index is missing, invalid or not used
    ├── InvalidFilterError          write the filter in another way
    └── PublishError                the candidate may not become the live generation
        ├── QualityError            its search finds too little; accept it, or mend it
        └── UnknownGenerationError  there is no such generation to step to

A message holds what failed, the value, and the next step. Add a class only where the reader would act differently;
errors of one file are values (``domain.documents.Problem``), not exceptions.
"""

from collections.abc import Mapping


class ResumePipelineError(Exception):
    """Anything this project refuses to do, with the reason and the next step in the message.

    ``retriable`` says whether the same call can succeed later without anybody changing anything.
    """

    retriable: bool = False
    figures: Mapping[str, float] = {}
    """Numbers of the message by name, for those who show them."""


class ConfigurationError(ResumePipelineError):
    """A setting, or an option of a command, has a value that cannot work."""


class InvalidChunkingError(ConfigurationError):
    """The chunk limits contradict one another."""


class ContentError(ResumePipelineError):
    """The content root cannot be taken as it is."""


class ContentRootError(ContentError):
    """The content root is missing, is no folder, or cannot be listed to the end."""


class ContentLossError(ContentError):
    """More documents are gone than may go without confirmation."""


class QuestionsError(ContentError):
    """A file of golden questions is missing, or holds no question that can be asked."""


class DatabaseError(ResumePipelineError):
    """Postgres refused something."""


class DatabaseUnavailableError(DatabaseError):
    """Postgres cannot be reached, or the connection broke."""

    retriable = True


class SchemaError(DatabaseError):
    """The database schema is not at the revision this code needs."""


class BusyError(DatabaseError):
    """Another process is writing and did not finish in time."""

    retriable = True


class ChatError(ResumePipelineError):
    """The chat model did not answer."""


class ChatAccessError(ChatError):
    """The provider refuses every request: the key, the quota, the model's name or the address is wrong."""


class ChatUnavailableError(ChatError):
    """The provider was too busy, failed, could not be reached, or gave an answer that is none."""

    retriable = True


class EmbeddingError(ResumePipelineError):
    """The embedding model cannot be loaded, or returned something that is no embedding."""


class EmbeddingSpaceError(EmbeddingError):
    """The embedding model behind a name is not the one whose vectors are stored under it."""


class EmbeddingAccessError(EmbeddingError):
    """The provider refuses every request: the key, the quota, the model's name or the address is wrong."""


class EmbeddingInputError(EmbeddingError):
    """The provider refuses these inputs, or they are too long, while it answers others."""


class EmbeddingUnavailableError(EmbeddingError):
    """The provider was too busy, failed or could not be reached for as long as a request is tried."""

    retriable = True


class EmbeddingDeadlineError(EmbeddingError):
    """The embeddings stage reached its deadline; what was embedded is kept."""


class BudgetExceededError(ResumePipelineError):
    """The next request would cost more than a budget allows; it was not sent.

    ``figures`` are the amounts in US dollars: ``budget_usd``, ``spent_usd`` (what is under way included) and
    ``request_usd``.
    """

    def __init__(self, message: str, figures: dict[str, float]) -> None:
        super().__init__(message)
        self.figures = figures


class BatchesUnderWayError(ResumePipelineError):
    """Inputs wait in batches of the Batch API; nothing can be published until those end or their deadline is over."""


class IndexUnusableError(ResumePipelineError):
    """The vector index does not exist, is invalid, or the search does not use it."""


class InvalidFilterError(ResumePipelineError):
    """A search was to be narrowed by something that is no condition."""


class PublishError(ResumePipelineError):
    """The candidate is not complete, or did not pass its checks."""


class QualityError(PublishError):
    """The golden questions find too little in the candidate, or nobody asked them yet."""


class UnknownGenerationError(PublishError):
    """The generation asked for does not exist, or cannot be returned to."""
