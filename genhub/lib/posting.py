"""One request to an address that we did not choose: dialled as `fetch` dials, no redirect, a bounded answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from genhub.lib.dial import is_named, knock, within
from genhub.lib.fetch import (
    NO_HOSTS,
    TIMEOUT,
    FetchRefused,
    Reason,
    client_for,
    port_of,
    read_address,
    told_apart,
)
from genhub.lib.public_addresses import looks_private


@dataclass(frozen=True)
class Reply:
    """What came back: the status, Retry-After as it was said, and the first bytes of the body."""

    status: int
    retry_after: str
    body: bytes


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float,
    most_bytes: int,
    private_hosts: Collection[str] = NO_HOSTS,
) -> Reply:
    """Send a body and return the reply, whatever its status; raise FetchRefused when there is none.

    Of a longer answer the rest is not read.
    """
    return send("POST", url, seconds, most_bytes, private_hosts, headers=headers, content=body)


def get(
    url: str, *, seconds: float, most_bytes: int, private_hosts: Collection[str] = NO_HOSTS
) -> Reply:
    """Ask, and return the reply as `post` does."""
    return send("GET", url, seconds, most_bytes, private_hosts)


def send(
    method: str,
    url: str,
    seconds: float,
    most_bytes: int,
    private_hosts: Collection[str],
    **said: Any,
) -> Reply:
    """Make one request with what is said (headers, content), and return the reply as `post` does."""
    hosts = frozenset(private_hosts)
    with within(seconds), told_apart():
        target = read_address(url, hosts)
        said["headers"] = {"Accept-Encoding": "identity", **said.get("headers", {})}
        # How long a file's host may be silent is another matter.
        timeout = httpx2.Timeout(seconds, connect=TIMEOUT.connect)
        with client_for(hosts).stream(method, target, timeout=timeout, **said) as response:
            return Reply(
                response.status_code,
                response.headers.get("Retry-After", ""),
                read_first(response, most_bytes),
            )


def read_first(response: httpx2.Response, most_bytes: int) -> bytes:
    """Return the first bytes of an answer; what is packed is not unpacked."""
    found = b""
    for part in response.iter_raw():
        found += part[: most_bytes - len(found)]
        if len(found) >= most_bytes:
            break
    return found


def reach(url: str, *, seconds: float, private_hosts: Collection[str] = NO_HOSTS) -> None:
    """Connect as `post` does and send nothing; raise FetchRefused where that fails."""
    hosts = frozenset(private_hosts)
    target = read_address(url, hosts)
    is_encrypted = target.scheme == "https"
    with within(seconds), told_apart():
        knock(
            target.host,
            port_of(target),
            is_encrypted=is_encrypted,
            seconds=seconds,
            private_hosts=hosts,
        )


def check_target(url: str, private_hosts: Collection[str] = NO_HOSTS) -> None:
    """Raise FetchRefused for an address that is never dialled, as far as it says so itself: no name is looked up."""
    hosts = frozenset(private_hosts)
    target = read_address(url, hosts)
    if not is_named(target.host, port_of(target), hosts) and looks_private(target.host):
        raise FetchRefused(Reason.PRIVATE, f"{target.host} is not public")
