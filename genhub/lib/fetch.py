"""The only door for addresses that we did not choose: of a customer's picture, of a vendor's result.

https alone, unless an operator named the host; no passwords, no cookies; a few redirects, each of which is judged like
the first address; bounded in size and time; what it is, its first bytes decide. Nothing is held in memory: what comes
goes to the disk, a large file in several streams at once where its host allows it.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Final, Self

import httpx2

from genhub.lib.arrivals import Arrivals, NotWanted
from genhub.lib.dial import AddressRefused, is_named, make_client, within
from genhub.lib.media_types import HEAD_BYTES, find_media_type
from genhub.lib.ranges import Source, send_helpers

MOST_REDIRECTS: Final = 3
LONGEST_URL: Final = 8192
TIMEOUT: Final = httpx2.Timeout(10.0, connect=3.0)
PORTS: Final = {"http": 80, "https": 443}
NO_HOSTS: Final[frozenset[str]] = frozenset()
# What a link says that is not valid yet, or not any more, and hosts that are busy.
PASSING: Final = frozenset({403, 404, 408, 425, 429, 500, 502, 503, 504})


# Faults that an address shows by itself, of those that its author may be told by name.
NOT_HTTPS: Final = "it is not https"
OWN_PORT: Final = "it has a port of its own"


class Reason(StrEnum):
    """Why nothing was fetched."""

    BAD_ADDRESS = "bad_address"
    PRIVATE = "private"
    UNREACHABLE = "unreachable"
    REDIRECTED = "redirected"
    STATUS = "status"
    ENCODED = "encoded"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    BROKEN = "broken"
    EMPTY = "empty"
    WRONG_TYPE = "wrong_type"


class FetchRefused(Exception):
    """Nothing was fetched. The text is for staff: a stranger who reads it learns what our network looks like."""

    def __init__(
        self, code: Reason, detail: str, *, status: int | None = None, fault: str = ""
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.fault = fault

    @property
    def may_pass(self) -> bool:
        """Whether the same address may give its file a while later."""
        if self.code == Reason.STATUS:
            return self.status in PASSING
        return self.code in {Reason.UNREACHABLE, Reason.TOO_SLOW, Reason.BROKEN, Reason.EMPTY}


@dataclass
class Fetched:
    """A file that was fetched, read from its start; leaving the `with` closes it."""

    file: IO[bytes]
    size_bytes: int
    media_type: str
    # Where it lay at last.
    url: str

    def read(self, most: int = -1, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""
        return self.file.read(most)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()


def fetch(
    url: str,
    *,
    most_bytes: int,
    types: Collection[str],
    seconds: float = 30.0,
    private_hosts: Collection[str] = NO_HOSTS,
    into: IO[bytes] | Arrivals | None = None,
) -> Fetched:
    """Return a file of one of the media types, or raise FetchRefused.

    Hosts that are named (`host` or `host:port`) may be private, speak http, and have any port. `into` is an empty file
    on the disk, open for reading, too, or Arrivals, which are told what has come; without one it has no name and goes
    with the last who reads it.
    """
    arrivals = into if isinstance(into, Arrivals) else None
    # The caller closes it.
    place = into.file if isinstance(into, Arrivals) else into or TemporaryFile()  # noqa: SIM115
    try:
        with (
            within(seconds),
            told_apart(),
            following(url, frozenset(private_hosts)) as (client, response),
        ):
            check_answer(response, most_bytes)
            source = Source(client, response, place.fileno(), length_of(response), arrivals)
            if arrivals:
                arrivals.begin(source.length)
            size, media_type = download(source, most_bytes, types)
            place.seek(0)
            return Fetched(place, size, media_type, str(response.url))
    except BaseException:
        if into is None:
            place.close()
        raise


@contextmanager
def fetching(url: str, **limits: Any) -> Iterator[Arrivals]:
    """Have a file as soon as its host has answered, while a thread fetches it; `limits` are those of `fetch`.

    What goes wrong is raised as `fetch` does, later to whoever waits for bytes.
    """
    file = TemporaryFile()  # noqa: SIM115 (closed when nobody writes any more)
    arrivals = Arrivals(file)

    def run() -> None:
        try:
            fetch(url, into=arrivals, **limits)
        except BaseException as error:  # noqa: BLE001 (whoever waits gets it)
            arrivals.end(error)
        else:
            arrivals.end()

    thread = ThreadPoolExecutor(1, "fetch")
    # The deadline of the whole goes along.
    running = thread.submit(copy_context().run, run)
    thread.shutdown(wait=False)
    try:
        arrivals.wait_begun()
        yield arrivals
    finally:
        arrivals.end(NotWanted())
        running.add_done_callback(lambda _: file.close())


@contextmanager
def told_apart() -> Iterator[None]:
    """Raise what a connection may meet as FetchRefused."""
    try:
        yield
    except AddressRefused as error:
        raise FetchRefused(Reason.PRIVATE, str(error)) from error
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
        raise FetchRefused(Reason.UNREACHABLE, str(error)) from error
    except httpx2.TimeoutException as error:
        raise FetchRefused(Reason.TOO_SLOW, str(error)) from error
    except httpx2.HTTPError as error:
        raise FetchRefused(Reason.BROKEN, str(error)) from error


@contextmanager
def following(
    url: str, private_hosts: frozenset[str]
) -> Iterator[tuple[httpx2.Client, httpx2.Response]]:
    """Have the answer of the last address that redirects lead to, its body not read yet."""
    target = read_address(url, private_hosts)
    for _ in range(MOST_REDIRECTS + 1):
        client = client_for(private_hosts)
        with client.stream("GET", target, headers={"Accept-Encoding": "identity"}) as response:
            if not response.has_redirect_location:
                yield client, response
                return
        if not is_named(target.host, port_of(target), private_hosts):
            # What an operator trusts with private hosts is the first address, not whoever it leads through.
            private_hosts = NO_HOSTS
        target = redirect(target, response.headers["Location"], private_hosts)
    raise FetchRefused(Reason.REDIRECTED, f"more than {MOST_REDIRECTS} times")


@cache
def client_for(private_hosts: frozenset[str]) -> httpx2.Client:
    """Return this process's client: its connections are used again for the next file of the same host."""
    return make_client(
        private_hosts=private_hosts, timeout=TIMEOUT, limits=httpx2.Limits(max_connections=None)
    )


def redirect(previous: httpx2.URL, location: str, private_hosts: frozenset[str]) -> httpx2.URL:
    """Return where a redirect leads; refuse one from https to http."""
    try:
        target = read_address(str(previous.join(location)), private_hosts)
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchRefused(Reason.REDIRECTED, f"to {location!r:.200}") from error
    if (previous.scheme, target.scheme) == ("https", "http"):
        raise FetchRefused(Reason.REDIRECTED, "from https to http")
    return target


def read_address(text: str, private_hosts: frozenset[str]) -> httpx2.URL:
    """Return an address, read once for all that follows; refuse what no picture's address needs."""
    try:
        url = httpx2.URL(text[: LONGEST_URL + 1])
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchRefused(Reason.BAD_ADDRESS, str(error)) from error
    named = is_named(url.host, port_of(url), private_hosts)
    faults = {
        "it is too long": len(text) > LONGEST_URL,
        # Readers differ in what it means; ours is not the only one that looks.
        "it has a backslash": "\\" in text,
        NOT_HTTPS: url.scheme != "https" and not (named and url.scheme == "http"),
        "it has no host": not url.host,
        "it has a name and password": bool(url.userinfo),
        OWN_PORT: url.port is not None and not named,
    }
    if fault := next((fault for fault, is_there in faults.items() if is_there), ""):
        detail = f"{fault}: {url.scheme}, {url.host:.100}"
        raise FetchRefused(Reason.BAD_ADDRESS, detail, fault=fault)
    return url


def port_of(url: httpx2.URL) -> int:
    """Return the port that an address is dialled at."""
    return url.port or PORTS.get(url.scheme, 0)


def check_answer(response: httpx2.Response, most_bytes: int) -> None:
    """Refuse an answer by its head."""
    if response.status_code != httpx2.codes.OK:
        status = response.status_code
        raise FetchRefused(Reason.STATUS, f"{response.url.host} answered {status}", status=status)
    encoding = response.headers.get("Content-Encoding", "identity")
    # It was asked for none, and what is packed has no size until it is unpacked.
    if encoding.strip().lower() not in {"", "identity"}:
        raise FetchRefused(Reason.ENCODED, f"{encoding:.50}")
    if (length := length_of(response)) is not None and length > most_bytes:
        raise FetchRefused(Reason.TOO_LARGE, f"{length} bytes")


def length_of(response: httpx2.Response) -> int | None:
    """Return how many bytes an answer says it has, if it does."""
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def download(source: Source, most_bytes: int, types: Collection[str]) -> tuple[int, str]:
    """Write an answer's body; return its size and media type."""
    size, head, media_type = 0, b"", ""
    with send_helpers(source) as helpers:
        for part in source.response.iter_raw():
            source.write(part, size)
            size += len(part)
            if size > most_bytes:
                raise FetchRefused(Reason.TOO_LARGE, f"more than {most_bytes} bytes")
            if not media_type:
                head += part[:HEAD_BYTES]
                if len(head) >= HEAD_BYTES:
                    media_type = check_type(head, types)
            if helpers and helpers.have_rest(size):
                size = source.length or size
                break
    if not size:
        raise FetchRefused(Reason.EMPTY, "no bytes")
    return size, media_type or check_type(head, types)


def check_type(head: bytes, types: Collection[str]) -> str:
    """Return the media type that the first bytes tell; refuse one that is not wanted."""
    found = find_media_type(head)
    if found not in types:
        raise FetchRefused(Reason.WRONG_TYPE, f"{found or 'unknown'}: {head[:HEAD_BYTES]!r}")
    return found
