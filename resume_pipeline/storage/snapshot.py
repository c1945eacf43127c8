"""What a search begins with: what is live, its embedding model, and what was counted, from one snapshot."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from resume_pipeline.storage.embedding_models import StoredModel, find_model
from resume_pipeline.storage.lexicon import Statistics
from resume_pipeline.storage.statements import PREPARED_HERE, fetch, remember_prepared
from resume_pipeline.storage.visibility import SearchScope

ModelVersion = tuple[int, str]
"""A model's id and the version of its row: any change of the row gives another."""

# One snapshot: a lexical index that is made anew meanwhile would give its lexemes other ids. A generic plan is made
# once, and no statement that is prepared needs another for other values. Both settings end with the transaction.
_BEGIN = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL plan_cache_mode = 'force_generic_plan'; "
)
_COLUMNS = (
    "m.name, m.embedding_model_id, CAST(m.xmin AS text), s.recipe, s.chunks, s.average_length, "
    f"{PREPARED_HERE} FROM (SELECT) one LEFT JOIN lexical_statistics s ON true"
)
_LIVE = (
    f"SELECT g.generation, {_COLUMNS} JOIN generations g ON g.state = 'live' "
    "LEFT JOIN embedding_models m ON m.embedding_model_id = g.embedding_model_id"
)
_SCOPED = f"SELECT NULL, {_COLUMNS} LEFT JOIN embedding_models m ON m.name = :model"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The scope of a search, its model (None: it has no vectors), and the statistics (None: no lexical index)."""

    scope: SearchScope
    model: StoredModel | None
    statistics: Statistics | None


def take_snapshot(
    session: Session, scope: SearchScope | None, known_models: MutableMapping[ModelVersion, StoredModel]
) -> Snapshot | None:
    """Begin the session's transaction, which sees one state to its end and writes nothing; None: nothing is published.

    ``scope`` None is the live generation. ``known_models`` keeps models between searches; it may be shared by threads.
    """
    rows = fetch(session, _LIVE if scope is None else _SCOPED, {"model": scope and scope.model}, settings=_BEGIN)
    if not rows:
        return None
    generation, name, model_id, version, recipe, chunks, average_length, prepared = rows[0]
    remember_prepared(session, prepared)
    return Snapshot(
        scope=scope or SearchScope(name or "", generation),
        model=None if model_id is None else _model(session, name, (model_id, version), known_models),
        statistics=None if recipe is None else Statistics(recipe, chunks, average_length),
    )


def _model(
    session: Session, name: str, version: ModelVersion, known: MutableMapping[ModelVersion, Any]
) -> StoredModel | None:
    found = known.get(version)
    if found is None:
        found = find_model(session, name)
        if len(known) >= 16:
            known.clear()
        known[version] = found
    return found
