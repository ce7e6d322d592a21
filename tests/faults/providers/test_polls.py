"""P9 and P11: orders that a vendor works on for long: asked for as long as it takes, and sent once."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Attempt, Event, Share
from generation.providers import registry
from tests.faults.processes import COUNT, wait_until
from tests.faults.providers import slow_vendor
from tests.faults.providers.test_kills import START_SECONDS, kill, working
from tests.faults.providers.vendor import (
    Refused,
    Vendor,
    check,
    kinds,
    let_time_pass,
    order,
    pass_deadline,
    work,
    work_on,
)
from tests.providers.vendors.contract import HTML, PAGE, b64
from tests.providers.vendors.server import Reply, Silence
from tests.steps import attempt_states, die

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
RESTARTS = COUNT or 2
TAKEN = Reply(body={"id": "job-1", "status": "queued"})
RUNNING = Reply(body={"id": "job-1", "status": "running"})
DONE = Reply(body={"id": "job-1", "status": "done", "picture": b64()})
FAILED = Reply(body={"id": "job-1", "status": "failed"})


@pytest.fixture(autouse=True)
def _slow(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    monkeypatch.setitem(registry.ADAPTERS, slow_vendor.NAME, slow_vendor.PATH)
    Account.objects.update(adapter=slow_vendor.NAME)


def follow(dora: APIClient, vendor: Vendor, *answers: Reply) -> list[str]:
    """Have an order taken, then its polls answered like this; return how each turn ended."""
    vendor.faults = [TAKEN, *answers]
    vendor.respond = lambda asked: pytest.fail(f"asked for {asked.path} once more")
    order(dora)
    ended = []
    for _ in range(1 + len(answers)):
        ended += work()
        let_time_pass()
    assert vendor.faults == []
    assert work() == []
    return ended


STRANGE = {
    "unknown status": Reply(body={"id": "job-1", "status": "dreaming"}),
    "busy": Refused(429, {"error": "too many"}),
    "broken": Reply(502, HTML, PAGE),
    "silence": Silence(),
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_strange_answer_to_a_poll_is_no_end(
    dora: APIClient, vendor: Vendor, strange: Reply
) -> None:
    assert follow(dora, vendor, RUNNING, strange, RUNNING, DONE) == [*["waiting"] * 4, "completed"]
    task = Attempt.objects.get().task
    check(vendor, task, state="completed", captured=task.price)


def test_order_that_the_vendor_does_not_find_for_a_moment_is_not_given_up(
    dora: APIClient, vendor: Vendor
) -> None:
    """Vendors list what they have taken a moment later, on some of their servers."""
    not_found = Refused(404, {"error": "no such job"})
    assert follow(dora, vendor, RUNNING, not_found, DONE) == [*["waiting"] * 3, "completed"]
    task = Attempt.objects.get().task
    check(vendor, task, state="completed", captured=task.price)


def test_end_is_the_end_whatever_is_said_later(dora: APIClient, vendor: Vendor) -> None:
    assert follow(dora, vendor, RUNNING, FAILED) == ["waiting", "waiting", "failed"]
    task = Attempt.objects.get().task
    check(vendor, task, state="failed", captured=0)
    vendor.faults = [DONE]
    assert work_on() == []
    check(vendor, task, state="failed", captured=0)
    assert len(vendor.faults) == 1, "an ended order is asked for no more"


def test_workers_die_again_and_again_while_the_vendor_works(
    dora: APIClient, vendor: Vendor, tmp_path: Path
) -> None:
    vendor.respond = lambda asked: TAKEN if asked.method == "POST" else RUNNING
    task = order(dora)
    for number in range(RESTARTS):
        polls = vendor.count("GET")
        with working(tmp_path) as pid:
            wait_until(
                lambda: vendor.count("GET") >= polls + 1,  # noqa: B023
                START_SECONDS,
                "a poll of the next worker",
            )
            kill(pid)
        die()
        assert attempt_states(task) == ["waiting"], number
        # Nobody is at work for it, and nobody's lease runs.
        assert Attempt.objects.get().lease_expires_at is None
    vendor.respond = lambda asked: DONE
    let_time_pass()
    assert work_on()[-1] == "completed"
    check(vendor, task, state="completed", captured=task.price)
    assert vendor.count("POST") == 1
    assert Share.objects.get().running == 0
    assert kinds(task).count("abandoned") == 0


def test_vendor_that_is_done_after_the_deadline_is_paid_by_nobody(
    dora: APIClient, vendor: Vendor
) -> None:
    vendor.faults = [TAKEN, RUNNING]
    task = order(dora)
    work()
    pass_deadline(task)
    vendor.respond = lambda asked: DONE
    assert work_on() == []
    check(vendor, task, state="failed", captured=0)
    assert Event.objects.filter(task=task, kind="completed").count() == 0
