"""A folder of markdown becomes a searchable, answerable index in Postgres, and stays true.

The layers, from the top: ``cli``, ``definitions``, ``defs`` and ``api``, ``bootstrap``, ``settings``, the use cases
(``ingestion``), ``retrieval``, the outside world (``storage``, ``embedding``, ``content``), ``domain``, ``errors``.
``docs/architecture.md`` walks through them.
"""

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]
"""The folder with ``alembic.ini``, ``migrations`` and ``content``; settings that are relative paths start here."""
