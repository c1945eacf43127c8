"""Why no connection could be made, told apart by what libpq and the server say, and what to do about each.

Errors of connecting carry no SQLSTATE, so the message is all there is. The texts are those of PostgreSQL's libpq (15 to
18), of PgBouncer, and of Supabase's pooler; an unknown one is passed on as it is.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectProblem:
    """One kind of failure, in a word, and its remedy."""

    kind: str
    remedy: str


# The first that matches counts: the more exact come before the more general.
_PROBLEMS: tuple[tuple[str, ConnectProblem], ...] = (
    (
        r"tenant or user not found|project.*(paused|not found)",
        ConnectProblem(
            "paused",
            "The pooler does not know this project. Is it paused (restore it in the host's dashboard), and is the user "
            "postgres.PROJECT, as poolers want it?",
        ),
    ),
    (
        r"could not translate host name|name or service not known|temporary failure in name resolution|nodename nor",
        ConnectProblem(
            "dns",
            "The host's name is unknown. Check its spelling and this machine's DNS. A paused or deleted project loses "
            "its name. A direct host that has only an IPv6 address is not found from an IPv4 network: use the pooler's "
            "URL.",
        ),
    ),
    (
        r"network is unreachable|no route to host|cannot assign requested address|address family",
        ConnectProblem(
            "unreachable",
            "There is no route to that address. Direct hosts of managed Postgres often have only an IPv6 address, and "
            "this network has none: use the pooler's URL (its host has IPv4).",
        ),
    ),
    (
        r"connection refused|no such file or directory",
        ConnectProblem(
            "refused",
            "Nothing listens there. Start the server, and check host and port in DATABASE_URL (5432, pooler 6543).",
        ),
    ),
    (
        r"timeout expired|timed out",
        ConnectProblem(
            "timeout",
            "No answer. Check the host's address, a firewall or an allow-list at the host, and whether the project is "
            "paused.",
        ),
    ),
    (
        r"password authentication failed|no password supplied|SASL|wrong password|auth failed",
        ConnectProblem(
            "password",
            "User or password is wrong. Set the password in DATABASE_URL anew; characters like @ : / ? # in it must be "
            "percent-encoded (@ is %40).",
        ),
    ),
    (
        r"root certificate file|certificate verify failed|does not match host name|self-signed",
        ConnectProblem(
            "certificate",
            "The server's certificate cannot be verified. Download the host's root certificate, add "
            "sslrootcert=/path/to/it to DATABASE_URL, and use the host name that stands in the certificate.",
        ),
    ),
    (
        r"does not support SSL|SSL is not enabled",
        ConnectProblem(
            "no TLS", "The server has no TLS. Use sslmode=disable only on a machine or network of your own."
        ),
    ),
    (
        r"SSL.*required|no encryption|hostssl|SSL off|TLS required",
        ConnectProblem(
            "TLS required", "The server wants TLS. Add ?sslmode=require to DATABASE_URL (better: verify-full)."
        ),
    ),
    (
        r"no pg_hba\.conf entry",
        ConnectProblem(
            "not admitted", "The server admits no such user from this address (pg_hba.conf, or the host's allow-list)."
        ),
    ),
    (
        r'database ".*" does not exist|no such database',
        ConnectProblem("no database", "Create it (`createdb`), or correct the name at the end of DATABASE_URL."),
    ),
    (r'role ".*" does not exist|no such user', ConnectProblem("no role", "Create the role, or correct DATABASE_URL.")),
    (
        r"too many (clients|connections)|connection slots|max ?clients|max_client_conn",
        ConnectProblem(
            "too many connections",
            "Every connection is taken. Close other clients, raise the limit, or use a pooler in transaction mode.",
        ),
    ),
    (
        r"starting up|shutting down|recovery mode|not yet accepting",
        ConnectProblem("starting", "The server is starting or stopping; try again in a moment."),
    ),
)


def connect_problem(message: str) -> ConnectProblem | None:
    """What kind of failure a message of libpq tells of; None when it is none that is known."""
    for pattern, problem in _PROBLEMS:
        if re.search(pattern, message, re.IGNORECASE):
            return problem
    return None
