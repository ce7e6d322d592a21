"""Whatever a stranger writes for an address, of a picture, of a webhook or of a vendor's result, nothing inside is
called, not even to see who is there."""

from collections.abc import Callable, Iterator

import pytest

from generation.providers.errors import ProviderError
from generation.providers.files import open_fetched
from genhub.lib.fetch import FetchRefused, Reason, fetch
from genhub.lib.posting import get, post
from tests.lib.conftest import Dialled, Resolve
from tests.lib.host import Asked, Host, Send, answer, hosting
from tests.lib.hostile import list_hostile

URLS = list_hostile()
TYPES = {"image/png"}
# What is refused for what it is, and never for what a host answered.
BEFORE = {Reason.BAD_ADDRESS, Reason.PRIVATE, Reason.UNREACHABLE, Reason.REDIRECTED}


def test_there_are_enough_of_them() -> None:
    assert len(URLS) >= 300


def open_result(url: str) -> None:
    """Take a vendor's result as who stores it does; why not is told by the cause."""
    opening = open_fetched(url, frozenset(), most_bytes=1000, types=TYPES)
    with pytest.raises(ProviderError) as failed, opening:
        pass
    cause = failed.value.__cause__
    assert cause
    raise cause


# Every way out to an address that somebody else wrote.
DOORS: dict[str, Callable[[str], object]] = {
    "input picture": lambda url: fetch(url, most_bytes=1000, types=TYPES),
    "result": open_result,
    "webhook": lambda url: post(url, b"{}", {"webhook-id": "msg_1"}, seconds=30, most_bytes=1000),
    "question": lambda url: get(url, seconds=30, most_bytes=1000),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_none_of_them_is_dialled(
    resolve: Resolve, dialled: Dialled, door: Callable[[str], object]
) -> None:
    """Their names, too, resolve to this machine."""
    resolve(["127.0.0.1"])
    reasons = {}
    for url in URLS:
        with pytest.raises(FetchRefused) as refused:
            door(url)
        reasons[url] = refused.value.code
    assert dialled == []
    assert {url: code for url, code in reasons.items() if code not in BEFORE} == {}


@pytest.fixture
def guide() -> Iterator[Host]:
    """Sends everybody where the address says."""

    def lead(asked: Asked, send: Send) -> None:
        number = int(asked.path.removeprefix("/"))
        send(answer(status="302 Found", Location=TARGETS[number]))

    with hosting(lead) as host:
        yield host


# A header has no line ends; without text there is no redirect; and a path leads to the host itself.
TARGETS = [
    url
    for url in URLS
    if url.strip() and url.isprintable() and (":" in url or url.startswith("//"))
    and not url.lower().startswith(("https:/127", "https:127", "http:///"))
]  # fmt: skip


def test_webhook_follows_no_redirect_at_all(
    resolve: Resolve, dialled: Dialled, guide: Host
) -> None:
    resolve(["127.0.0.1"])
    for number in range(len(TARGETS)):
        reply = post(
            guide.url(f"/{number}"),
            b"",
            {},
            seconds=30,
            most_bytes=1000,
            private_hosts={guide.name},
        )
        assert reply.status == 302
    assert len(guide.asked) == len(TARGETS)
    assert len(dialled) == len(guide.met)


def test_no_redirect_leads_to_one(resolve: Resolve, dialled: Dialled, guide: Host) -> None:
    resolve(["127.0.0.1"])
    reasons = {}
    for number, url in enumerate(TARGETS):
        with pytest.raises(FetchRefused) as refused:
            fetch(guide.url(f"/{number}"), most_bytes=1000, types=TYPES, private_hosts={guide.name})
        reasons[url] = refused.value.code
    assert {url: code for url, code in reasons.items() if code not in BEFORE} == {}
    assert len(guide.asked) == len(TARGETS) >= 300
    # Each connection is one that the guide accepted.
    assert len(dialled) == len(guide.met)
