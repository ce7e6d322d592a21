"""P1 to P3: what a vendor answers instead of a picture, or that it answers nothing: paid once, or not at all."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account, AccountKey, Attempt, Event, Task
from tests.faults.processes import COUNT
from tests.faults.providers.vendor import (
    Refused,
    Vendor,
    check,
    envelope,
    let_time_pass,
    make_healthy,
    open_account,
    order,
    pass_deadline,
    work,
    work_on,
)
from tests.patience import slowness
from tests.ports import free_port
from tests.providers.vendors.contract import HTML, PAGE
from tests.providers.vendors.server import Cut, Hang, Reply, Silence, Stall
from tests.steps import attempt_states

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = COUNT or 1
MINUTE_DATE = {
    "retry_after": "Sat, 28 Nov 2026 10:01:00 GMT",
    "date": "Sat, 28 Nov 2026 10:00:00 GMT",
}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, (2, 6)), ({"retry_after": "60"}, (60, 61)), (MINUTE_DATE, (60, 61))],
    ids=["untold", "seconds", "date"],
)
def test_busy_vendor_is_given_its_time(
    dora: APIClient, vendor: Vendor, account: Account, headers: dict[str, str], seconds: Any
) -> None:
    for _ in range(TIMES):
        vendor.faults = [envelope(429, "rate_limit_exceeded", **headers)]
        task = order(dora)
        assert work() == ["processing"]
        told = Event.objects.get(task=task, kind="retried").data["delay_seconds"]
        assert seconds[0] <= told <= seconds[1]
        # Its one key rests meanwhile, so that no other order runs into the same.
        assert AccountKey.objects.get().resting_why == "throttled"
        assert work() == []
        let_time_pass()
        assert work() == ["completed"]
        check(vendor, task, state="completed", captured=task.price)
        vendor.billed.clear()


def test_order_goes_on_at_once_with_another_key(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    second = AccountKey(account=account, name="second")
    second.keep("another-key-of-the-same-account")
    second.save()
    vendor.faults = [envelope(401, "invalid_api_key")]
    task = order(dora)
    assert work() == ["processing", "completed"]
    used = [asked.headers["authorization"] for asked in vendor.asked]
    assert len(set(used)) == 2
    assert AccountKey.objects.get(resting_why="refused").pk != Attempt.objects.latest("number").key_id  # fmt: skip
    check(vendor, task, state="completed", captured=task.price)


def test_vendor_that_stays_busy_costs_nothing(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    vendor.respond = lambda asked: envelope(429, "rate_limit_exceeded")
    task = order(dora)
    assert work_on() == ["processing"] * 3 + ["failed"]
    check(vendor, task, state="failed", captured=0, billed=0)
    assert task.error_code == "provider_unavailable"


@pytest.mark.parametrize("status", [500, 503])
def test_own_failure_is_tried_again_and_paid_once(
    dora: APIClient, vendor: Vendor, account: Account, status: int
) -> None:
    for _ in range(TIMES):
        vendor.faults = [envelope(status, "server_error")] * 2
        task = order(dora)
        assert work_on() == ["processing", "processing", "completed"]
        check(vendor, task, state="completed", captured=task.price)
        vendor.billed.clear()


def test_standby_makes_what_the_first_one_fails_at(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    with Vendor().running() as other:
        assert isinstance(other, Vendor)
        open_account(other, "standby", standby_rank=1)
        vendor.respond = lambda asked: envelope(500, "server_error")
        task = order(dora)
        assert work() == ["processing", "completed"]
        check(other, task, state="completed", captured=task.price)
        assert vendor.billed == []
        routed = Event.objects.filter(task=task, kind="routed").latest("id").data
        assert routed["provider"] == "standby"


LOST = {
    "502": Reply(502, HTML, PAGE),
    "504": Reply(504, HTML, PAGE),
    "520": Reply(520, HTML, PAGE),
    "a gateway's 500": Reply(500, HTML, PAGE),
    "a gateway's 503": Reply(503, b"upstream connect error", PAGE),
    "504 in JSON": Reply(504, {"error": {"message": "gateway timeout"}}),
    "408": Reply(408, {}),
    "silence": Silence(),
    "cut": Cut(body={"data": [{"b64_json": "x" * 5000}]}),
    "hang": Hang(),
    "stall": Stall(body={"data": [{"b64_json": "x" * 5000}]}),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_lost_answer_is_paid_once_and_waits_for_a_decision(
    dora: APIClient, vendor: Vendor, account: Account, fault: Reply
) -> None:
    Account.objects.update(answer_seconds=2 * slowness())
    with Vendor().running() as other:
        assert isinstance(other, Vendor)
        # Also where a standby is ready: it must not make what may be made already.
        open_account(other, "standby", standby_rank=1)
        vendor.faults = [fault]
        task = order(dora)
        assert work_on() == ["unknown"]
        assert attempt_states(task) == ["unknown"]
        check(vendor, task, state="processing", captured=0)
        assert other.asked == []
    pass_deadline(task)
    assert work_on() == []
    check(vendor, task, state="failed", captured=0)
    assert str(task.cost_usd) == "0.250000"


def test_what_was_never_sent_is_sent_again(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    Account.objects.update(base_url=f"http://127.0.0.1:{free_port()}")
    task = order(dora)
    assert work() == ["processing"]
    Account.objects.update(base_url=vendor.url)
    let_time_pass()
    assert work() == ["completed"]
    check(vendor, task, state="completed", captured=task.price)


def test_failing_account_rests_and_is_tried_by_one_order_after_that(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    vendor.respond = lambda asked: envelope(503, "server_error")
    tasks = [order(dora) for _ in range(6)]
    work()
    account.refresh_from_db()
    assert (account.failures, account.resting_why) == (5, "failing")
    asked = len(vendor.asked)
    assert work() == []
    let_time_pass()
    work()
    # One of those that wait went, failed, and the others stayed.
    assert len(vendor.asked) == asked + 1
    vendor.respond = make_healthy
    let_time_pass()
    work_on(30)
    for task in tasks:
        check(vendor, task, state="completed", captured=task.price, billed=len(tasks))


def test_key_is_neither_in_a_row_nor_in_an_answer_of_a_failed_order(
    dora: APIClient, vendor: Vendor, account: Account, settings: Settings
) -> None:
    """A vendor that repeats what it was told puts the key into its words."""

    def echo(asked: Any) -> Reply:
        said = f"wrong key {asked.headers['authorization']}"
        return Refused(400, {"error": {"message": said, "type": "any", "code": "any"}})

    vendor.respond = echo
    task = order(dora)
    assert work_on() == ["failed"]
    check(vendor, task, state="failed", captured=0, billed=0)
    rows = [list(model.objects.values()) for model in (Attempt, Event, Task, Account)]
    assert "sk-canary" not in str(rows)
    assert "sk-canary" not in str(dora.get(f"/api/v1/tasks/{task}").json())
