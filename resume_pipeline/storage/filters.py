"""Filters as SQL: conditions on a document ``d`` and the chunk that stands in it.

What a filter is, and how a person writes one, is ``domain.filters``. Values are always bound, keys too.
"""

import json
from collections.abc import Sequence
from typing import Any

from resume_pipeline.domain.filters import Filter

# Ranges over these compare as ISO text, which a B-tree holds in order; of any other key each document is looked at.
DATE_KEYS = ("date", "start_date", "end_date")


def filter_conditions(filters: Sequence[Filter], parameters: dict[str, Any]) -> str:
    """``AND …`` for each filter, on document ``d`` and occurrence ``o``; values are added to ``parameters``."""
    return "".join(
        f" AND {'NOT ' if filter_.operator == '!=' else ''}({_condition(filter_, f'filter_{number}', parameters)})"
        for number, filter_ in enumerate(filters)
    )


def _condition(filter_: Filter, name: str, parameters: dict[str, Any]) -> str:
    if filter_.key == "path":
        parameters[name] = _like(filter_.value)
        return f"d.source_path LIKE :{name}"
    if filter_.key == "kind":
        parameters[name] = filter_.value
        return f"EXISTS (SELECT FROM document_chunks k WHERE k.chunk_id = o.chunk_id AND k.kind = :{name})"
    if filter_.operator in {"=", "!="}:
        # The value as text, as the JSON it would be (2021, true), and as a member of a list (tags): all by the GIN
        # index on metadata.
        forms = [filter_.value, *_json_scalar(filter_.value)]
        nested = [_nested(filter_.key, form) for form in [*forms, *([form] for form in forms)]]
        parameters[name] = [json.dumps(form) for form in nested]
        return f"d.metadata @> ANY (CAST(:{name} AS jsonb[]))"
    return _range(filter_, name, parameters)


def _range(filter_: Filter, name: str, parameters: dict[str, Any]) -> str:
    if filter_.key in DATE_KEYS:
        parameters[name] = _bound(filter_)
        # Within the value's own precision: 2021-03-05 is <= 2021-03, and not > 2021.
        return f"(d.metadata ->> '{filter_.key}') COLLATE \"C\" {filter_.operator} :{name}"
    numbers = [form for form in _json_scalar(filter_.value) if not isinstance(form, bool)]
    parameters[f"{name}_key"] = filter_.key.split(".")
    parameters[name] = json.dumps({"text": filter_.value, "number": numbers[0] if numbers else None})
    compare = f"@ {filter_.operator} $text"
    if numbers:
        compare = f'(@.type() == "number" && @ {filter_.operator} $number) || ({compare})'
    path = f"CAST('$[*] ? ({compare})' AS jsonpath)"
    return f"jsonb_path_exists(d.metadata #> CAST(:{name}_key AS text[]), {path}, CAST(:{name} AS jsonb))"


def _bound(filter_: Filter) -> str:
    # U+FFFF sorts behind every digit and sign of a date: "2021-03\uffff" is the end of that month.
    return filter_.value + ("\uffff" if filter_.operator in {"<=", ">"} else "")


def _nested(key: str, value: Any) -> Any:
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def _like(glob: str) -> str:
    escaped = glob.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")


def _json_scalar(value: str) -> list[Any]:
    try:
        parsed = json.loads(value)
    except ValueError:
        return []
    # NaN and Infinity are no JSON, though Python reads them.
    return [parsed] if isinstance(parsed, bool | int | float) and abs(parsed) < 1e300 else []
