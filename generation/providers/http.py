"""Speaking to vendors: one pooled client, every request sent once, answers bounded, failures sorted by what they mean.

A paid create and a harmless read fail alike here; who asks knows which it was. No redirect is followed, so that no key
goes where the account does not say.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from generation.providers import evidence
from generation.providers.base import AccountSettings
from generation.providers.errors import Fault, ProviderError, Sent
from generation.providers.sorting import FIRST_ERROR, Meaning, Said, error_of, sort_status
from genhub.lib.dial import make_client, within

Parsed = TypeVar("Parsed")
MOST_CONNECTIONS = 256
# Shorter than common servers keep an idle connection: who writes to one that was closed cannot know what arrived.
KEEP_ALIVE_SECONDS = 15.0
# Nine pictures of 20 MB in base64. What is longer was made, and cannot be had.
MOST_ANSWER_BYTES = 256 * 2**20
# A failure says what it has to in the first bytes.
MOST_ERROR_BYTES = 64 * 2**10
UNREADABLE = "provider_answer_unreadable"


@dataclass(frozen=True)
class Answer:
    """A success: its status, headers (lower-case names) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytearray
    # Tells what was asked, should it turn out that nobody can read what came.
    describe: Callable[[], Mapping[str, Any]] = dict

    def evidence(self) -> Mapping[str, Any]:
        """Return what is kept of it."""
        answer = evidence.describe_answer(self.body)
        return {**self.describe(), "status": self.status, "answer": answer}

    def parse(self, kind: type[Parsed]) -> Parsed:
        """Return the body as a msgspec type; raise ProviderError for what it is not. May be called once: the body,
        which can be large, is let go."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            failure = unreadable(f"HTTP {self.status}: {error}")
            failure.evidence = self.evidence()
            raise failure from error
        finally:
            self.body.clear()


@dataclass(frozen=True)
class Opened:
    """An answer whose body comes as it is read."""

    response: httpx2.Response
    describe: Callable[[], Mapping[str, Any]]
    secrets: Collection[str]
    most_bytes: int = MOST_ANSWER_BYTES

    def whole(self) -> Answer:
        """Return the answer with its body, of a failure the beginning.

        A vendor that repeats a key in what is no picture is not believed: it is gone before anybody reads it.
        """
        body = bytearray()
        for part in self.parts():
            body += part
        if len(body) <= MOST_ERROR_BYTES:
            body = evidence.hide_in(body, self.secrets)
        return Answer(self.response.status_code, self.response.headers, body, self.describe)

    def parts(self) -> Iterator[bytes]:
        """Yield the body; raise ProviderError when it is longer than the API's answers are (of a failure the rest is
        left)."""
        is_failure = self.response.status_code >= FIRST_ERROR
        most = MOST_ERROR_BYTES if is_failure else self.most_bytes
        came = 0
        for part in self.response.iter_raw():
            yield part
            came += len(part)
            if came > most:
                if is_failure:
                    break
                raise unreadable(f"an answer of more than {most} bytes")


def lost(why: str) -> ProviderError:
    """Return what it means that nobody knows whether the vendor has an order."""
    return error_of(Meaning.LOST, why)


def unreadable(why: str) -> ProviderError:
    """Return what it means that an answer came whole and cannot be read: the order was taken, what it made is lost."""
    return ProviderError(why, code=UNREADABLE, sent=Sent.YES, is_billed=True)


class VendorApi:
    """A vendor's API as one account reaches it.

    `explain` reads the vendor's own envelope of a failure; it returns None for what is not in its words.
    """

    def __init__(
        self,
        account: AccountSettings,
        base_url: str,
        headers: Mapping[str, str],
        explain: Callable[[int, Any], Said | None],
        *,
        most_bytes: int = MOST_ANSWER_BYTES,
    ) -> None:
        self.account = account
        self.most_bytes = most_bytes
        self.base_url = base_url.rstrip("/")
        self.headers = {"accept": "application/json", "accept-encoding": "identity", **headers}
        self.explain = explain
        self.secrets = evidence.list_secrets(account.key, headers)

    def get(self, path: str, **words: Any) -> Answer:
        """Read something; `path` may be a whole address of the vendor's own."""
        return self.call("GET", path, **words)

    def post(self, path: str, **words: Any) -> Answer:
        """Send something, once."""
        return self.call("POST", path, **words)

    def order(self, path: str, kind: type[Parsed], **words: Any) -> Parsed:
        """Hand over an order that the vendor works on; what it has taken it tells by an id, so that an answer which
        cannot be read leaves open what it has."""
        try:
            return self.post(path, **words).parse(kind)
        except ProviderError as error:
            if error.code != UNREADABLE:
                raise
            failure = lost(str(error))
            failure.evidence = error.evidence
            raise failure from error

    def ask(self, path: str, kind: type[Parsed], ends: frozenset[int] = frozenset()) -> Parsed:
        """Ask for an order that the vendor has. It is paid for: whatever else comes than its answer in full, even that
        it knows no such order, is not the end of it, and it is asked again; but for statuses that end it."""
        try:
            return self.get(path).parse(kind)
        except ProviderError as error:
            if error.status in ends:
                raise
            failure = ProviderError(
                f"asked: {error}",
                code="provider_unavailable",
                retryable=True,
                retry_after_seconds=error.retry_after_seconds,
                sent=Sent.MAYBE,
                fault=error.fault,
            )
            failure.evidence = error.evidence
            raise failure from error

    def call(self, method: str, path: str, **words: Any) -> Answer:
        """Send a request once and return the whole answer; raise ProviderError, which says what a failure means."""
        with self.open(method, path, **words) as opened:
            return opened.whole()

    @contextmanager
    def open(self, method: str, path: str, **words: Any) -> Iterator["Opened"]:
        """Send a request once and yield a success of which only the headers have come; raise ProviderError, also for
        what fails while it is read.

        `words` are httpx's: json, data, files, content, params, headers; json is written by msgspec.
        """
        began = time.monotonic()
        describe = partial(self.describe, method, path, dict(words))
        try:
            yield from self.exchange(method, path, describe, words)
        except ProviderError as error:
            error.args = (evidence.hide(str(error), self.secrets),)
            seconds = round(time.monotonic() - began, 1)
            error.evidence = {**(error.evidence or describe()), "seconds": seconds}
            raise

    def describe(self, method: str, path: str, words: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what was asked, without what nobody may read."""
        told = evidence.describe_request(method, self.address_of(path), words)
        return {name: evidence.hide(value, self.secrets) for name, value in told.items()}

    def exchange(
        self,
        method: str,
        path: str,
        describe: Callable[[], Mapping[str, Any]],
        words: dict[str, Any],
    ) -> Iterator["Opened"]:
        """Send a request once and yield a success."""
        headers = {**self.headers, **words.pop("headers", {})}
        if (body := words.pop("json", None)) is not None:
            words["content"] = msgspec.json.encode(body)
            headers["content-type"] = "application/json"
        client = client_of(
            self.account.connect_seconds, self.account.answer_seconds, self.account.private_hosts
        )
        try:
            with (
                within(self.account.answer_seconds),
                client.stream(method, self.url_of(path), headers=headers, **words) as response,
            ):
                opened = Opened(response, describe, self.secrets, self.most_bytes)
                if not 200 <= response.status_code < 300:  # noqa: PLR2004 (what HTTP calls a success)
                    raise self.sort(opened.whole())
                yield opened
        except httpx2.HTTPError as error:
            raise meaning_of(error) from error
        except httpx2.InvalidURL as error:
            raise ProviderError(f"no address: {error}", fault=Fault.ACCOUNT) from error

    def address_of(self, path: str) -> str:
        """Return the address of a path, whoever's it is."""
        return path if "://" in path else f"{self.base_url}/{path.lstrip('/')}"

    def url_of(self, path: str) -> str:
        """Return the address of a path; a whole address must be the vendor's own: the key goes nowhere else."""
        if "://" in path and not is_within(path, self.base_url):
            raise ProviderError(
                f"an address on a foreign host: {urlsplit(path).hostname}", sent=Sent.YES
            )
        return self.address_of(path)

    def id_of(self, url: str) -> str:
        """Return an address that the vendor gave for an order as the order's id, short where it lies below the base URL
        and without the comma that stands between ids; empty for one that is not the vendor's own."""
        if not is_within(url, self.base_url):
            return ""
        return url.removeprefix(f"{self.base_url}/").replace(",", "%2C")

    def sort(self, answer: Answer) -> ProviderError:
        """Return what a failure means, by the vendor's own words where they are there."""
        try:
            said = self.explain(answer.status, msgspec.json.decode(answer.body))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            said = None
        error = sort_status(answer.status, answer.headers, said)
        error.status = answer.status
        error.evidence = answer.evidence()
        return error


def is_within(url: str, base_url: str) -> bool:
    """Return whether an address is on the base URL's host or, by https, on one beside it in the same domain."""
    asked, own = urlsplit(url), urlsplit(base_url)
    if asked.username or asked.password or not asked.hostname or not own.hostname:
        return False
    if (asked.scheme, asked.netloc) == (own.scheme, own.netloc):
        return True
    domain = ".".join(own.hostname.split(".")[-2:])
    is_name = not own.hostname.replace(".", "").isdigit() and ":" not in own.hostname
    is_beside = asked.hostname == domain or asked.hostname.endswith(f".{domain}")
    return asked.scheme == "https" and asked.port in {None, 443} and is_name and is_beside


# Raised before the first byte of a request is written.
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)  # fmt: skip


def meaning_of(error: httpx2.HTTPError) -> ProviderError:
    """Return what it means that no answer came: what failed before a byte was written was surely not sent."""
    return ProviderError(
        f"{type(error).__name__}: {error}",
        code="provider_unavailable",
        retryable=True,
        sent=Sent.NO if isinstance(error, NOT_SENT) else Sent.MAYBE,
        fault=Fault.ACCOUNT,
    )


@cache
def client_of(
    connect_seconds: float, answer_seconds: float, private_hosts: frozenset[str]
) -> httpx2.Client:
    """Return this process's client for accounts with these limits; its connections are kept and shared by threads."""
    return make_client(
        private_hosts=private_hosts,
        timeout=httpx2.Timeout(answer_seconds, connect=connect_seconds, pool=connect_seconds),
        limits=httpx2.Limits(
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
        ),
    )
