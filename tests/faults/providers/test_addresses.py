"""P8: pictures that come by an address: fetched again where that helps, never ordered again, never from inside."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account
from generation.work.process import draining
from tests.faults.processes import COUNT
from tests.faults.providers.vendor import Vendor, check, order, pictures, work_on
from tests.providers.vendors.contract import HTML, PAGE, picture
from tests.providers.vendors.server import Cut, Reply, Server

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = COUNT or 1
PNG = {"content-type": "image/png"}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "wait", lambda seconds: False)


@pytest.fixture
def shelf(vendor: Vendor) -> Iterator[Server]:
    """Where the vendor lays its pictures; its answers name an address there."""
    with Server(lambda asked: Reply(200, picture(), PNG)).running() as shelf:
        vendor.respond = lambda asked: pictures({"url": f"{shelf.url}/made.png"})
        yield shelf


def test_picture_is_fetched_without_the_key(
    dora: APIClient, vendor: Vendor, account: Account, shelf: Server
) -> None:
    task = order(dora)
    assert work_on() == ["completed"]
    check(vendor, task, state="completed", captured=task.price)
    assert [asked.path for asked in shelf.asked] == ["/made.png"]
    assert "authorization" not in shelf.asked[0].headers


PASSING = {"busy": Reply(503, b""), "cut": Cut(200, picture(), PNG)}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_fetched_again_and_not_ordered_again(
    dora: APIClient, vendor: Vendor, account: Account, shelf: Server, fault: Reply
) -> None:
    for _ in range(TIMES):
        shelf.faults = [fault]
        vendor.billed.clear()
        task = order(dora)
        assert work_on() == ["completed"]
        check(vendor, task, state="completed", captured=task.price)
    assert len(shelf.asked) >= 2 * TIMES


GONE = {
    "expired": Reply(403, b"<Error>expired</Error>", {"content-type": "application/xml"}),
    "gone": Reply(404, b""),
    "empty": Reply(200, b"", PNG),
    "html": Reply(200, HTML, PNG),
    "a page": Reply(200, HTML, PAGE),
    "for ever": Reply(302, b"", {"location": "/made.png"}),
}


@pytest.mark.parametrize("reply", GONE.values(), ids=GONE)
def test_what_cannot_be_had_is_the_operators_loss(
    dora: APIClient, vendor: Vendor, account: Account, shelf: Server, reply: Reply
) -> None:
    shelf.respond = lambda asked: reply
    for _ in range(TIMES):
        vendor.billed.clear()
        task = order(dora)
        assert work_on() == ["failed"]
        check(vendor, task, state="failed", captured=0)


@pytest.fixture
def _one_name_is_allowed(settings: Settings, account: Account) -> None:
    """The vendor lives at a private host that the operator allows by its name; the same machine has other names."""
    settings.PRIVATE_HOSTS = frozenset({"localhost"})
    Account.objects.update(base_url=by_name(account.base_url))


def by_name(url: str) -> str:
    return url.replace("127.0.0.1", "localhost")


@pytest.mark.usefixtures("_one_name_is_allowed")
@pytest.mark.parametrize("is_allowed", [True, False], ids=["allowed", "inside"])
def test_address_inside_is_asked_by_nobody(
    dora: APIClient, vendor: Vendor, is_allowed: bool
) -> None:
    with Server(lambda asked: Reply(200, picture(), PNG)).running() as inside:
        state = "completed" if is_allowed else "failed"
        url = by_name(inside.url) if is_allowed else inside.url
        vendor.respond = lambda asked: pictures({"url": f"{url}/made.png"})
        task = order(dora)
        assert work_on() == [state]
        assert len(inside.asked) == is_allowed
    check(vendor, task, state=state, captured=task.price if is_allowed else 0)


@pytest.mark.usefixtures("_one_name_is_allowed")
@pytest.mark.parametrize(
    "inward", ["{url}/", "http://169.254.169.254/latest", "file:///etc/passwd"]
)
def test_redirect_inside_is_not_followed(
    dora: APIClient, vendor: Vendor, shelf: Server, inward: str
) -> None:
    vendor.respond = lambda asked: pictures({"url": f"{by_name(shelf.url)}/made.png"})
    with Server(lambda asked: Reply(200, picture(), PNG)).running() as inside:
        location = inward.format(url=inside.url)
        shelf.respond = lambda asked: Reply(302, b"", {"location": location})
        task = order(dora)
        assert work_on() == ["failed"]
        check(vendor, task, state="failed", captured=0)
        assert shelf.asked
        assert inside.asked == []
