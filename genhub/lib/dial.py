"""The one way to somebody else's host: a name is resolved once, all of its answers are judged, and the very address
that was judged is dialled. TLS still asks for the name of the URL; each redirect and reconnect passes here again.

Knows neither Django nor who asks: what may be dialled comes as an argument.
"""

import math
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from queue import Empty, SimpleQueue
from typing import Any, Final

import httpcore2
import httpx2

from genhub.lib.public_addresses import is_public

USER_AGENT: Final = "GenHub"
# How long an address may be silent before its name's next one is tried: a network that swallows IPv6 costs no more.
PATIENCE_SECONDS: Final = 1.0

deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


class AddressRefused(httpx2.ConnectError):
    """The host is not on the public internet, and no operator allowed it. Nothing was dialled."""


def make_client(
    *,
    private_hosts: Collection[str] = frozenset(),
    timeout: httpx2.Timeout,
    limits: httpx2.Limits | None = None,
) -> httpx2.Client:
    """Return a client for hosts on the public internet, and for those that an operator named: `host` or `host:port`.

    It follows no redirects, keeps no cookies, and takes neither proxies nor passwords from the environment. Threads may
    share it; `within` bounds what each of them does.

    It speaks HTTP/1.1 alone: a picture of 2.4 MB took twice the CPU time over HTTP/2 (h2 4.4 over TLS, 10.8 against
    4.9 ms), where one lost connection would also leave every order on it in doubt, and one thread may read what belongs
    to another.
    """
    return httpx2.Client(
        transport=GuardedTransport(private_hosts, limits or httpx2.Limits()),
        headers={"User-Agent": USER_AGENT},
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
    )


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End whatever this thread dials, sends and receives within so long, however slowly the other side drips: the
    timeouts of a client begin anew with each byte. Then an httpx2.TimeoutException is raised.
    """
    token = deadline.set(min(deadline.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        deadline.reset(token)


def bound(timeout: float | None, error: type[httpcore2.TimeoutException]) -> float | None:
    """Return how many seconds one step may take; raise the error when there are none left."""
    left = deadline.get() - time.monotonic()
    if left <= 0:
        raise error("the whole took too long")
    return min(math.inf if timeout is None else timeout, left) if left < math.inf else timeout


def is_named(host: str, port: int, hosts: Collection[str]) -> bool:
    """Return whether a host, or this port of it, is among those that were named."""
    name = host.lower().rstrip(".")
    name = f"[{name}]" if ":" in name else name
    return name in hosts or f"{name}:{port}" in hosts


class GuardedTransport(httpx2.HTTPTransport):
    """Connections that the guard makes."""

    def __init__(self, private_hosts: Collection[str], limits: httpx2.Limits) -> None:
        context = make_context()
        super().__init__(verify=context, trust_env=False)
        # The library offers no other way to hand its pool a backend.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=Guard(private_hosts),
        )


@cache
def make_context() -> ssl.SSLContext:
    """Return what the machine trusts."""
    return httpcore2.default_ssl_context()


class Guard(httpcore2.NetworkBackend):
    """Dials addresses that it judged itself."""

    def __init__(self, private_hosts: Collection[str]) -> None:
        self._private_hosts = frozenset(host.lower() for host in private_hosts)
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Return a stream to a host; raise AddressRefused before anything is dialled when it is not public."""
        seconds = bound(timeout, httpcore2.ConnectTimeout)
        end = math.inf if seconds is None else time.monotonic() + seconds
        addresses = look_up(host, port, seconds)
        if not is_named(host, port, self._private_hosts):
            judge(host, addresses)
        for tried, address in enumerate(addresses):
            share = share_of(end - time.monotonic(), len(addresses) - tried)
            try:
                stream = self._plain.connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if tried == len(addresses) - 1:
                    raise
            else:
                return BoundedStream(stream)
        raise httpcore2.ConnectError(f"{host} has no address")


class BoundedStream(httpcore2.NetworkStream):
    """A stream whose every step ends by the deadline of who takes it."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what is there, at most so much."""
        return self._stream.read(max_bytes, bound(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        self._stream.write(buffer, bound(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """Return the stream encrypted; the certificate must be the URL's host's."""
        seconds = bound(timeout, httpcore2.ConnectTimeout)
        return BoundedStream(self._stream.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        """Return what the stream knows of itself."""
        return self._stream.get_extra_info(info)


def knock(
    host: str, port: int, *, is_encrypted: bool, seconds: float, private_hosts: Collection[str]
) -> None:
    """Connect as a client of `make_client` does, TLS too, and hang up without a word; raise an httpx2.ConnectError,
    AddressRefused among them, where that fails."""
    try:
        stream = Guard(private_hosts).connect_tcp(host, port, seconds)
        try:
            if is_encrypted:
                stream = stream.start_tls(make_context(), host, seconds)
        finally:
            stream.close()
    except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
        raise httpx2.ConnectError(str(error)) from error


def share_of(left: float, candidates: int) -> float | None:
    """Return how long the first of some addresses may be silent, for the others to have their turn within what is left;
    the last one has all of it."""
    if candidates > 1:
        return max(0.0, min(PATIENCE_SECONDS, left / candidates))
    return None if left == math.inf else max(0.0, left)


def look_up(host: str, port: int, seconds: float | None) -> list[str]:
    """Return every address of a name, asked for once. Resolvers know no timeout of their own, hence the thread."""
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()
    threading.Thread(target=ask_resolver, args=(host, port, answers), daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except Empty as error:
        raise httpcore2.ConnectTimeout(f"{host}: the resolver does not answer") from error
    if isinstance(found, Exception):
        raise httpcore2.ConnectError(f"{host}: {found}") from found
    return found


def lies_inside(host: str, port: int, seconds: float) -> bool:
    """Return whether a name stands for an address off the public internet. Of one that nobody knows now, nothing is
    said: it is asked for again, and judged, before it is dialled."""
    try:
        judge(host, look_up(host, port, seconds))
    except AddressRefused:
        return True
    except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
        return False
    return False


def ask_resolver(host: str, port: int, answers: "SimpleQueue[list[str] | Exception]") -> None:
    """Put a name's addresses into the queue, or why there are none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # Of a label that is too long, a UnicodeError, which is a ValueError.
    except (OSError, ValueError) as error:
        answers.put(error)
    else:
        answers.put([str(address[0]) for _, _, _, _, address in found])


def judge(host: str, addresses: Collection[str]) -> None:
    """Raise AddressRefused unless every address is public: of a mixed answer, who knows which one is dialled."""
    if refused := [address for address in addresses if not is_public(address)]:
        raise AddressRefused(f"{host} is {', '.join(refused)}, which is not public")
