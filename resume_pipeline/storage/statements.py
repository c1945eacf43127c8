"""The statements that every search runs, sent as the driver takes them and planned once per connection.

Making and compiling a statement of SQLAlchemy's for each search, and planning it in Postgres, cost a quarter of a
search. Here are the form of such a statement and the way it is run; what it asks belongs to the module that asks.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

# As SQLAlchemy reads `text()`: a colon and a name; neither a cast (::) nor a colon within a word.
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)(?!:)")
_PREFIX = "resume_pipeline_"
_MOST = 24
"""Statements of ours that one connection keeps at most: each takes some 100 kB of the server's memory."""

_TYPES = {
    "configuration": "text",
    "question": "text",
    "lexemes": "text[]",
    "generation": "integer",
    "query": "text",
    "ids": "uuid[]",
    "count": "integer",
    "rare": "integer[]",
    "rare_idf": "float8[]",
    "often": "integer[]",
    "often_idf": "float8[]",
    "slack": "float8",
    "certain": "integer",
    "found": "integer",
}
"""Parameters of statements that are prepared. One with any other parameter (a filter's) is sent as it is."""

PREPARED_HERE = f"ARRAY(SELECT name FROM pg_prepared_statements WHERE starts_with(name, '{_PREFIX}'))"  # noqa: S608
"""SQL for the names of what this connection has prepared, for ``remember_prepared``."""


def remember_prepared(session: Session, names: Iterable[str]) -> None:
    """Prepare statements from here to the end of this transaction; ``names`` are those that the server has.

    Within a transaction a pooler keeps to one connection of the server, and what that has is asked of itself. So it
    does not matter which connection an earlier transaction had.
    """
    session.info["prepared"] = (session.get_transaction(), set(names))


def fetch(session: Session, sql: str, parameters: Mapping[str, Any], *, settings: str = "") -> list[Any]:
    """The rows of a statement with ``:name`` parameters, as plain tuples; ``settings`` are SET LOCALs to run before.

    Prepared, if this transaction may (``remember_prepared``) and every parameter is one of those known here.
    """
    connection = session.connection()
    transaction, names = session.info.get("prepared", (None, set()))
    form = _prepared_form(sql) if transaction is not None and transaction is session.get_transaction() else None
    if form is not None and (form[0] in names or len(names) < _MOST):
        name, prepare, execute = form
        if name not in names:
            connection.exec_driver_sql(prepare)
            names.add(name)
        sent = execute
    else:
        sent = _driver_form(sql)
    result = connection.exec_driver_sql(settings + sent, dict(parameters))
    rows = list(result.cursor.fetchall())
    result.close()
    return rows


@lru_cache(maxsize=128)
def _driver_form(sql: str) -> str:
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


@lru_cache(maxsize=128)
def _prepared_form(sql: str) -> tuple[str, str, str] | None:
    """(name, PREPARE, EXECUTE) of a statement; None when it has parameters of unknown type."""
    parameters = list(dict.fromkeys(_PARAMETER.findall(sql)))
    if not parameters or not set(parameters) <= set(_TYPES):
        return None
    # The name is made from the text, so that two connections never mean different statements by it.
    name = _PREFIX + hashlib.sha256(sql.encode()).hexdigest()[:16]
    body = _PARAMETER.sub(lambda match: f"${parameters.index(match[1]) + 1}", sql)
    types = ", ".join(_TYPES[parameter] for parameter in parameters)
    values = ", ".join(f"CAST(%({parameter})s AS {_TYPES[parameter]})" for parameter in parameters)
    return name, f"PREPARE {name} ({types}) AS {body}", f"EXECUTE {name} ({values})"
