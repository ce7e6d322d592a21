"""P4 to P7: answers that came and are no good: paid for by the operator, never by the customer, never ordered again."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Attempt, Output
from generation.providers import http
from storage.models import Artifact
from tests.faults.processes import COUNT
from tests.faults.providers.vendor import (
    Refused,
    Vendor,
    check,
    encoded,
    order,
    pictures,
    png,
    work_on,
)
from tests.providers.vendors.contract import HTML, PAGE, b64, picture
from tests.providers.vendors.server import Reply

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = COUNT or 1
DEEP = b'{"data": ' + b"[" * 10_000
UNREADABLE = {
    "html": Reply(200, HTML, PAGE),
    "nothing": Reply(200, b""),
    "deep": Reply(200, DEEP),
    "deep and closed": Reply(200, DEEP + b"]" * 10_000 + b"}"),
    "truncated": Reply(200, json.dumps({"data": [{"b64_json": "x"}]}).encode()[:-4]),
    "not UTF-8": Reply(200, b'{"data": "\xff\xfe"}'),
    "another shape": Reply(200, {"data": {"images": []}}),
    "a list": Reply(200, b"[]"),
    "no pictures": pictures(),
    "null for pictures": Reply(200, {"data": None}),
    "a picture without contents": pictures({}),
}
NO_PICTURE = {
    "bad padding": pictures(b64()[:-3]),
    "no base64": pictures("*" * 400),
    "a truncated picture": pictures(encoded(picture()[:200])),
    "html as a picture": pictures(encoded(HTML)),
    "only its head": pictures(encoded(b"\x89PNG\r\n\x1a\n")),
    "a prefix and html": pictures(f"data:image/png;base64,{encoded(HTML)}"),
}


def order_badly(dora: APIClient, vendor: Vendor, reply: Reply) -> list[str]:
    """Order as often as the run asks for what is answered like this; prove that each was paid once, and not by the
    customer. Return the code of each failure."""
    codes = []
    for _ in range(TIMES):
        vendor.faults = [reply]
        task = order(dora)
        assert work_on() == ["failed"]
        check(vendor, task, state="failed", captured=0)
        vendor.billed.clear()
        codes.append(task.error_code)
    assert Artifact.objects.count() == 0
    return codes


@pytest.mark.parametrize("reply", UNREADABLE.values(), ids=UNREADABLE)
def test_answer_that_nobody_can_read_is_the_operators_loss(
    dora: APIClient, vendor: Vendor, account: Account, reply: Reply
) -> None:
    assert set(order_badly(dora, vendor, reply)) == {"provider_answer_unreadable"}


def test_endless_answer_fills_no_memory(
    dora: APIClient, vendor: Vendor, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MOST_ANSWER_BYTES", 2**20)
    reply = Reply(200, b'{"data": "' + b"x" * (4 * 2**20) + b'"}')
    assert set(order_badly(dora, vendor, reply)) == {"provider_answer_unreadable"}


@pytest.mark.parametrize("reply", NO_PICTURE.values(), ids=NO_PICTURE)
def test_what_is_no_picture_is_not_published(
    dora: APIClient, vendor: Vendor, account: Account, reply: Reply
) -> None:
    order_badly(dora, vendor, reply)


def test_picture_too_large_to_decode_is_not_published(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    order_badly(dora, vendor, pictures(encoded(png((20_000, 20_000), "1"))))


def test_prefix_of_a_data_uri_is_no_fault(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    vendor.faults = [pictures(f"data:image/png;base64,{b64()}")]
    task = order(dora)
    assert work_on() == ["completed"]
    check(vendor, task, state="completed", captured=task.price)


def test_success_with_an_error_in_it_is_none(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    reply = Reply(200, {"error": {"code": "server_error", "message": "sorry"}})
    assert set(order_badly(dora, vendor, reply)) == {"provider_refused"}


@pytest.mark.parametrize("code", ["moderation_blocked", "content_policy_violation"])
def test_refusal_has_its_own_code_and_costs_nothing(
    dora: APIClient, vendor: Vendor, account: Account, code: str
) -> None:
    vendor.faults = [Refused(400, {"error": {"code": code, "message": "no such pictures"}})]
    task = order(dora)
    assert work_on() == ["failed"]
    check(vendor, task, state="failed", captured=0, billed=0)
    body = dora.get(f"/api/v1/tasks/{task}").json()
    assert body["error"]["code"] == "content_refused"
    assert "no such pictures" not in str(body)
    assert "no such pictures" in Attempt.objects.get().error_detail


MISSING: dict[str, Any] = {
    "refused": {"error": {"code": "moderation_blocked", "message": "no"}},
    "empty": {},
    "broken": b64()[:-3],
    "html": encoded(HTML),
}


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_each_picture_that_came_is_paid_and_the_missing_one_is_not(
    dora: APIClient, vendor: Vendor, account: Account, missing: Any
) -> None:
    vendor.faults = [pictures(b64(), missing, b64("jpeg"))]
    task = order(dora, num_images=3)
    assert work_on() == ["completed"]
    check(vendor, task, state="completed", captured=2 * task.unit_price)
    assert list(Output.objects.filter(artifact=None).values_list("position", flat=True)) == [1]


def test_fewer_pictures_than_ordered(dora: APIClient, vendor: Vendor, account: Account) -> None:
    vendor.faults = [pictures(b64(), b64())]
    task = order(dora, num_images=3)
    assert work_on() == ["completed"]
    check(vendor, task, state="completed", captured=2 * task.unit_price)


def test_more_pictures_than_ordered(dora: APIClient, vendor: Vendor, account: Account) -> None:
    vendor.faults = [pictures(*[b64()] * 5)]
    task = order(dora, num_images=2)
    assert work_on() == ["completed"]
    check(vendor, task, state="completed", captured=2 * task.unit_price)
    assert Output.objects.count() == 2
