"""The pace of requests to one account, shared by every process of this machine: requests and tokens a minute.

The provider's ``x-ratelimit-*`` headers say how much there is; between two answers it is reckoned on from the requests
that were sent. It is kept in a small SQLite file, whose transactions hold across processes and survive a SIGKILL
(docs/decisions.md). A server that sends no such headers is not paced.
"""

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from resume_pipeline.errors import EmbeddingError

BUSY_TIMEOUT_SECONDS = 30.0
QUICK_SHARE = 0.002
"""Of a minute's tokens; what is on its way to and from the server makes up for so little."""

FLIGHT_SECONDS = 900.0
LATE_SECONDS = 30.0
"""A request that did not leave so long after its turn, or was not answered in so long, belonged to a killed process."""

VERSION = 1
"""Of the tables below; a file of another version is begun anew, since the next answer's headers fill it."""

SCHEMA = """
CREATE TABLE bucket (
    account TEXT, unit TEXT, capacity REAL, per_second REAL, level REAL, at REAL, PRIMARY KEY (account, unit));
CREATE TABLE account (account TEXT PRIMARY KEY, blocked_until REAL, told_by REAL);
CREATE TABLE flight (
    flight INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT, requests REAL, tokens REAL, due REAL, sent REAL);
"""
TABLES = ("bucket", "account", "flight")
UNITS = ("requests", "tokens")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one header pair says of requests or tokens: the limit, what remains, and how fast it comes back."""

    capacity: float
    remaining: float
    per_second: float


def read_allowances(headers: Mapping[str, str]) -> dict[str, Allowance]:
    """The allowances in an answer's headers; empty where a server sends none."""
    found: dict[str, Allowance] = {}
    for unit in UNITS:
        capacity = _number(headers.get(f"x-ratelimit-limit-{unit}"))
        remaining = _number(headers.get(f"x-ratelimit-remaining-{unit}"))
        if not capacity or capacity < 0 or remaining is None:
            continue
        per_second = capacity / 60
        # A limit of a day has the same name; how long it takes until all is back tells.
        reset = read_span(headers.get(f"x-ratelimit-reset-{unit}", ""))
        if reset >= 1 and capacity > remaining:
            per_second = min(per_second, (capacity - remaining) / reset)
        found[unit] = Allowance(capacity, min(remaining, capacity), per_second)
    return found


def read_span(text: str) -> float:
    """Seconds in a span as OpenAI writes it (``1h2m3.5s``, ``20ms``); 0 when it is none."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text))


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by ``retry-after-ms`` or ``retry-after`` (a number, or a date)."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and re.fullmatch(r"\d+(\.\d+)?", text.strip()) else None


class Pace:
    """The pace of one account and model. Every method is one short transaction; safe to use from many threads.

    Each request goes ``reserve`` → wait → ``depart`` → answer → ``arrived`` or ``lost``. A reservation takes its share
    at once, so waiting requests stand in line, whichever process they belong to.
    """

    def __init__(self, file: Path, account: str, *, clock: Callable[[], float] = time.time) -> None:
        """``clock`` is one that all processes share: seconds since 1970."""
        self._account = account
        self._clock = clock
        self._lock = threading.Lock()
        self._file = file
        self._connection = _open(file)

    def reserve(self, tokens: int) -> tuple[int, float]:
        """Stand in line with a request of so many tokens: its number, and the seconds until its turn.

        A visitor's question is too small to stand behind full requests: it only waits for the limit of requests.
        """
        now = self._clock()
        with self._transaction() as connection:
            connection.execute(
                "DELETE FROM flight WHERE sent < ? OR (sent IS NULL AND due < ?)",
                (now - FLIGHT_SECONDS, now - LATE_SECONDS),
            )
            waits = [self._blocked(connection, now)]
            for unit, amount in (("requests", 1.0), ("tokens", float(tokens))):
                bucket = self._bucket(connection, unit, now)
                if bucket is not None:
                    capacity, per_second, level = bucket
                    if unit != "tokens" or amount > capacity * QUICK_SHARE:
                        waits.append((min(amount, capacity) - level) / per_second)
                    self._set_level(connection, unit, level - amount, now)
            longest = max(0.0, *waits)
            cursor = connection.execute(
                "INSERT INTO flight (account, requests, tokens, due) VALUES (?, 1, ?, ?)",
                (self._account, tokens, now + longest),
            )
            return int(cursor.lastrowid or 0), longest

    def depart(self, flight: int) -> float:
        """Leave now: 0; or the seconds to wait still, because the server has asked everybody to wait meanwhile."""
        now = self._clock()
        with self._transaction() as connection:
            blocked = self._blocked(connection, now)
            if blocked <= 0:
                connection.execute("UPDATE flight SET sent = ? WHERE flight = ?", (now, flight))
            return max(0.0, blocked)

    def arrived(self, flight: int, headers: Mapping[str, str]) -> None:
        """An answer came: believe its headers, less what was sent after the request or still waits.

        An answer to an earlier request than the one believed last is not believed: it may not know of the later.
        """
        now = self._clock()
        allowances = read_allowances(headers)
        with self._transaction() as connection:
            row = connection.execute("DELETE FROM flight WHERE flight = ? RETURNING sent", (flight,)).fetchone()
            sent = float(row[0]) if row is not None and row[0] is not None else now
            told = connection.execute("SELECT told_by FROM account WHERE account = ?", (self._account,)).fetchone()
            if told is not None and told[0] is not None and sent < told[0] <= now:
                return
            for unit, allowance in allowances.items():
                (coming,) = connection.execute(
                    f"SELECT COALESCE(sum({unit}), 0) FROM flight "  # noqa: S608  (one of two names)
                    "WHERE account = ? AND (sent IS NULL OR sent >= ?)",
                    (self._account, sent),
                ).fetchone()
                connection.execute(
                    "INSERT OR REPLACE INTO bucket VALUES (?, ?, ?, ?, ?, ?)",
                    (self._account, unit, allowance.capacity, allowance.per_second, allowance.remaining - coming, now),
                )
            if allowances:
                self._tell(connection, "told_by", sent)

    def lost(self, flight: int) -> None:
        """No answer came, or the request was not sent after all; what it took may have been used."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM flight WHERE flight = ?", (flight,))

    def block(self, seconds: float) -> None:
        """Let nobody leave for so long: the server said so."""
        now = self._clock()
        with self._transaction() as connection:
            if self._blocked(connection, now) < seconds:
                self._tell(connection, "blocked_until", now + seconds)

    def capacity(self, unit: str) -> float | None:
        """The limit of ``requests`` or ``tokens`` that was last heard of; None before that."""
        with self._lock, self._translated():
            row = self._connection.execute(
                "SELECT capacity FROM bucket WHERE account = ? AND unit = ?", (self._account, unit)
            ).fetchone()
        return None if row is None else float(row[0])

    def _tell(self, connection: sqlite3.Connection, column: str, value: float) -> None:
        connection.execute(
            f"INSERT INTO account (account, {column}) VALUES (?, ?) "  # noqa: S608  (one of two names)
            f"ON CONFLICT (account) DO UPDATE SET {column} = excluded.{column}",
            (self._account, value),
        )

    def _blocked(self, connection: sqlite3.Connection, now: float) -> float:
        row = connection.execute("SELECT blocked_until FROM account WHERE account = ?", (self._account,)).fetchone()
        left = float(row[0]) - now if row is not None and row[0] is not None else 0.0
        # A clock that was set back must not block for ever.
        return left if left <= FLIGHT_SECONDS else 0.0

    def _bucket(self, connection: sqlite3.Connection, unit: str, now: float) -> tuple[float, float, float] | None:
        row = connection.execute(
            "SELECT capacity, per_second, level, at FROM bucket WHERE account = ? AND unit = ?", (self._account, unit)
        ).fetchone()
        if row is None:
            return None
        capacity, per_second, level, at = (float(value) for value in row)
        return capacity, per_second, min(capacity, level + max(0.0, now - at) * per_second)

    def _set_level(self, connection: sqlite3.Connection, unit: str, level: float, now: float) -> None:
        connection.execute(
            "UPDATE bucket SET level = ?, at = ? WHERE account = ? AND unit = ?", (level, now, self._account, unit)
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._translated(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise EmbeddingError(
                f"The file {self._file}, which holds the pace of requests, cannot be used: {error}. Remove it (nothing "
                "is lost), or make room on its disk."
            ) from error


def _open(file: Path) -> sqlite3.Connection:
    """The shared file; where it cannot be written, a pace of this process alone."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return _prepared(str(file))
    except (OSError, sqlite3.Error):
        return _prepared(":memory:")


def _prepared(target: str) -> sqlite3.Connection:
    connection = sqlite3.connect(target, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False)
    # Losing the last moments in a power cut costs nothing: the next answer's headers tell again.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone() != (VERSION,):
        for table in TABLES:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
    return connection
