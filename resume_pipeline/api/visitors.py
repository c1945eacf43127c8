"""Who is at the other end: the address of a visitor, also behind proxies that are trusted."""

import ipaddress
from collections.abc import Sequence

from fastapi import Request

from resume_pipeline.errors import ConfigurationError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(written: str | None) -> list[Network]:
    """Addresses and networks with commas between.

    Raises:
        ConfigurationError: one is none.
    """
    try:
        return [ipaddress.ip_network(part.strip(), strict=False) for part in (written or "").split(",") if part.strip()]
    except ValueError as error:
        raise ConfigurationError(
            f"RESUME_TRUSTED_PROXIES: {error}; expected: addresses or networks, as in 127.0.0.1,10.0.0.0/8."
        ) from None


def visitor_address(request: Request, trusted: Sequence[Network]) -> str:
    """The address that a request came from: the last in X-Forwarded-For that is no trusted proxy.

    Only trusted proxies are believed, so what a visitor writes into the header itself counts for nothing. Of an IPv6
    address the network of 64 bits is taken: one subscriber has all of it.
    """
    peer = request.client.host if request.client is not None else ""
    hops = [hop.strip() for header in request.headers.getlist("x-forwarded-for") for hop in header.split(",")]
    address = peer
    while _is_trusted(address, trusted) and hops:
        address = hops.pop()
    return _subscriber(address) or _subscriber(peer) or "unknown"


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    found = _parsed(address)
    return found is not None and any(found in network for network in trusted)


def _subscriber(address: str) -> str | None:
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found) if found is not None else None
